"""Define the type of API tokens, which hides the token's text."""

from __future__ import annotations

from purger.core.errors import AccessError, InputError
from purger.secrets import redaction


class Token:
    """An API token whose text does not appear when it is printed, logged or shown in an assertion.

    `renewal` says what to do where the site refuses it. Raises AccessError for an empty token, InputError for one that
    cannot be sent in a header.
    """

    __slots__ = ("_text", "renewal")

    def __init__(
        self, text: str, *, renewal: str = "Copy a new one from the site's settings page into TRAVIS_TOKEN."
    ) -> None:
        if not text.strip():
            raise AccessError("the token is empty", remedy="Set TRAVIS_TOKEN to an API token of Travis CI.")
        if not text.isascii() or not text.isprintable() or " " in text:
            raise InputError(
                "the token contains white space, control characters or letters that are not ASCII",
                remedy="Copy it again, without a line end: TRAVIS_TOKEN=$(travis token --pro).",
            )
        redaction.remember(text)
        self._text = text
        self.renewal = renewal

    def reveal(self) -> str:
        """Return the token's text. Only code that sends or stores it may call this."""
        return self._text

    def __repr__(self) -> str:
        return "Token(***)"
