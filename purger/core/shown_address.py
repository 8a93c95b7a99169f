"""Show addresses without what may be a secret in them: the user info, the query and the fragment are cut out."""

from __future__ import annotations

import re

from purger.core.text import blanked, visible

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:/{0,2}")
_HELPER = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*::")
"""How the address of one of git's remote helpers starts; the rest is the helper's own, such as a command."""
_START = r"\b(?:[a-z][a-z0-9+.-]*://|(?:https?|wss?|ssh|git):/)"
"""How an address starts; a path that was made of one has lost a slash."""
_SLASHED = r"""[^\s/?#:@\["'<>]{0,200}:(?!\d*[/?#])[^\s"'<>]{1,200}@"""
"""User info with `/`, `?` or `#` in its password: what is behind the colon is no port."""
_USER_INFO = re.compile(rf"""({_START})(?:[^\s/?#"'<>]*@|{_SLASHED})""", re.ASCII | re.IGNORECASE)
_QUERY = re.compile(rf"""({_START}[^\s?#"'<>]*)[?#][^\s"'<>]*""", re.ASCII | re.IGNORECASE)
_QUOTED = re.compile(r"""(?<![^\s(\[])(?:'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)")""")
"""A value that a message quotes as `repr` does; an apostrophe in a word is none."""
_LIKE_AN_ADDRESS = re.compile(r"(?![A-Za-z]:[\\/])(?:[A-Za-z][A-Za-z0-9+.-]*:/|(?![/.~])[^@]*:.*@)", re.DOTALL)
"""Values that are addresses, or seem to be meant for some; a path from the root, or from a drive's, is none."""
_LONGEST_VALUE = 40


def shown_address(address: str) -> str:
    """Return one address, as it was given, without user info, query and fragment; other text is returned as it is.

    The address need not be valid. A password with `/`, `?` or `#` in it is cut out too: where it can't be told which
    part is the host, nothing but the scheme is left.
    """
    address = blanked(address.strip())
    if helper := _HELPER.match(address):
        return f"{helper[0]}…"
    found = _SCHEME.match(address)
    if "@" not in address and not (found and found[0].endswith("/")):
        return address
    scheme = found[0] if found and found[0].endswith("/") else ""
    rest = address[len(scheme) :]
    if scheme or not re.match(r"git@[^/:@]+:", rest):
        before, *query = re.split(r"[?#]", rest, maxsplit=1)
        if query and "@" in query[0]:
            return f"{scheme}…"
        user_info, at, rest = before.rpartition("@")
        rest = f"…{at}{rest}" if user_info and not scheme else rest
    return f"{scheme}{rest}"


def shown_value(value: str) -> str:
    """Return what was given as a path, or as something else that is no address, without what may be a secret in it.

    A proxy's address, say, is easily given to the wrong option. A path with an `@` in it stays as it is.
    """
    return shown_address(value) if _LIKE_AN_ADDRESS.match(value.strip()) else value


def quoted(value: str) -> str:
    """Return a value in quotes for the middle of a message: in one short line, without what may be a secret in it."""
    return repr(visible(shown_address(value), _LONGEST_VALUE))


def without_user_info(text: str) -> str:
    """Return a text in which each address lost its user info."""
    return _USER_INFO.sub(r"\1", text) if "@" in text else text


def without_secrets(text: str) -> str:
    """Return a text in which each address lost its user info, its query and its fragment, also one without a scheme
    among the values that the text quotes.
    """
    return _QUERY.sub(r"\1", without_user_info(_QUOTED.sub(_shown_quoted, blanked(text))))


def _shown_quoted(found: re.Match[str]) -> str:
    value = found[0][1:-1]
    return f"{found[0][0]}{shown_value(value)}{found[0][0]}"
