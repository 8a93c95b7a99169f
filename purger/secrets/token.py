"""Define the type of API tokens, which hides the token's text."""

from __future__ import annotations

import re

from purger.core.errors import AccessError, InputError
from purger.secrets import redaction

_ALONE = (
    "Set TRAVIS_TOKEN to the token alone: not to a file that holds it, and without quotes, a name or a word such as "
    "`token` before it."
)
_BY_ANOTHER = f"{_ALONE} What another tool replaces or decrypts needs that tool to start purger."
_NOT_THE_TOKEN = re.compile(r"[^\w+-]|[\w.+-]+[:\[({]|[A-Z][A-Z_]+=[^=]", re.ASCII)
"""How a text begins that leads to a token or holds one: `op://vault/travis`, `encrypted:…`, `$TOKEN`, a path."""


class Token:
    """An API token whose text does not appear when it is printed, logged or shown in an assertion.

    `renewal` says what to do where the site refuses it; by default that of `TRAVIS_TOKEN`. Raises AccessError for an
    empty token, InputError for one that cannot be sent in a header, and for what is no token; the errors call it by its
    `name`, say `where` it is from, and have the renewal as their remedy.
    """

    __slots__ = ("_text", "renewal")

    def __init__(
        self, text: str, *, name: str = "the token", where: str | None = None, renewal: str | None = None
    ) -> None:
        if not text.strip():
            remedy = renewal or "Set TRAVIS_TOKEN to an API token of Travis CI."
            raise AccessError(f"{name} is empty", where=where, remedy=remedy)
        if not text.isascii() or not text.isprintable() or " " in text:
            what = f"{name} contains white space, control characters or letters that are not ASCII"
            raise InputError(what, where=where, remedy=renewal or _ALONE)
        redaction.remember(text)
        if _NOT_THE_TOKEN.match(text):
            # Docker's --env-file takes quotes for a part of the value, a variable of GitLab's may hold the path of a
            # file, and a password manager or an encrypted `.env` leaves a reference where it did not start purger.
            what = f"{name} begins as a reference, a path or a quote does, and no token does so"
            raise InputError(what, where=where, remedy=renewal or _BY_ANOTHER)
        self._text = text
        # No token has other characters.
        is_alone = re.fullmatch(r"[\w-]+=*", text, re.ASCII)
        copy = "Copy a new one from the site's settings page into TRAVIS_TOKEN."
        self.renewal = renewal or (copy if is_alone else _ALONE)

    def reveal(self) -> str:
        """Return the token's text. Only code that sends or stores it may call this."""
        return self._text

    def __repr__(self) -> str:
        return "Token(***)"
