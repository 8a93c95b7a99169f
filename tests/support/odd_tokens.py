"""Tokens of odd characters, which have many spellings."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st

from purger.secrets.spellings import MIN_SECRET_LENGTH, REDACTED

# No deadline: a pattern is compiled for each token.
settings.register_profile("patterns", max_examples=40, deadline=None)

odd_tokens = st.text(
    st.sampled_from("abzXYZ0189\"'\\+/=-_%&<>~. ;é€𝄞"), min_size=MIN_SECRET_LENGTH, max_size=30
).filter(lambda token: len(set(token)) > 3 and token not in REDACTED)

SENTINEL = 'Se+nti/nel?to&ken="42"~x'
