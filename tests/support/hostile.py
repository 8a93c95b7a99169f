"""Names of branches and caches that try to be more than text."""

from __future__ import annotations

from hypothesis import strategies as st

HOSTILE = [
    "%0A::error::x",
    "\n::error::x",
    "\r\n::set-output name=a::b",
    "<img src=x onerror=alert(1)>",
    "a|b",
    "`a` | ``b``",
    "</code><script>alert(1)</script>",
    "[x](javascript:alert(1)) ![y](http://z)",
    "*a* _b_ ~~c~~ # d",
    "- a",
    "1. a",
    "    a",
    "a\\|b\\",
    "&lt;b&gt; &#60;",
    "##[error]x",
    "ghadelimiter\npurger_x",
    "\ud800\u202e\x00\x1b[31m",
    "www.example.com https://example.com",
]


names = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(min_size=1, max_size=40),
    st.text(alphabet="%0AD25:,|`<>&\\#[]()!*_-~\n\r =", min_size=1, max_size=40),
)
