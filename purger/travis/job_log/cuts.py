"""Tell where somebody cut lines out of a log: `...`, `[... 200 lines cut ...]`, `<snip>`."""

from __future__ import annotations

import re

FRAMED_LINE = rb"\n([ \t>]*[\[(<{*=#~\-./|_\xe2][^\n]{1,110})(?=\n|\Z)"
"""A short line that begins with no letter, as nearly all that people write in the place of others."""

_DOTS = re.compile(rb"(?<!\.)\.{3,4}(?!\.)|\A[ >]*\. \. \.\Z|\xe2\x80\xa6|\xe2\x8b\xae|8<|>8")
_WORD = re.compile(rb"[a-z0-9']+")
_OF_A_CUT = frozenset(
    b"snip snipped cut omitted truncated skipped removed deleted hidden elided left out stripped trimmed lines".split()
)
_BESIDES = frozenset(
    b"some many more other few several the rest of a row rows log output text part kb mb bytes was were is are been "
    b"have has here for brevity lots long and so on middle etc 8".split()
)


def is_a_cut(line: bytes) -> bool:
    """Return whether a framed line stands in the place of other lines."""
    words = {word for word in _WORD.findall(line.lower()) if not word.isdigit()}
    return words <= _OF_A_CUT | _BESIDES and bool(words & _OF_A_CUT or _DOTS.search(line))
