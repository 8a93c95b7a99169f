"""Show addresses without what may be a secret in them: the user info, the query and the fragment are cut out."""

from __future__ import annotations

import re

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:/{0,2}")
_HELPER = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*::")
"""How the address of one of git's remote helpers starts; the rest is the helper's own, such as a command."""
_START = r"\b(?:[a-z][a-z0-9+.-]*://|(?:https?|wss?|ssh|git):/)"
"""How an address starts; a path that was made of one has lost a slash."""
_USER_INFO = re.compile(rf"""({_START})[^\s/?#"'<>]*@""", re.ASCII | re.IGNORECASE)
_QUERY = re.compile(rf"""({_START}[^\s?#"'<>]*)[?#][^\s"'<>]*""", re.ASCII | re.IGNORECASE)


def shown_address(address: str) -> str:
    """Return one address, as it was given, without user info, query and fragment; other text is returned as it is.

    The address need not be valid. A password with `/`, `?` or `#` in it is cut out too: where it can't be told which
    part is the host, nothing but the scheme is left.
    """
    address = address.strip()
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


def without_user_info(text: str) -> str:
    """Return a text in which each address lost its user info."""
    return _USER_INFO.sub(r"\1", text) if "@" in text else text


def without_secrets(text: str) -> str:
    """Return a text in which each address lost its user info, its query and its fragment."""
    return _QUERY.sub(r"\1", without_user_info(text))
