"""Find and blank secrets in data, in all standard spellings."""

from __future__ import annotations

import base64
import functools
import html
import itertools
import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

REDACTED = "REDACTED"  # letters only, so that it is valid inside a URL's host, base64, HTML and JSON
MIN_SECRET_LENGTH = 6  # bytes; shorter secrets also occur in ordinary text

_SLASHES = rb"\\{1,16}"  # what up to four layers of JSON put before a character; bounded to keep matching linear
_PERCENT = rb"%(?:25){0,3}"
_ESCAPE = re.compile(rb"[%&\\]")
"""How an escaped character starts."""
_SHORT_ESCAPES = {"\b": b"b", "\f": b"f", "\n": b"n", "\r": b"r", "\t": b"t"}
_BASE64_CHARACTER = rb"[A-Za-z0-9+/_-]?"


class ShortSecretError(ValueError):
    """A secret is too short to be found reliably."""


class SecretBlanker:
    """Finds and blanks secrets in bytes and text, also in mixed spellings. Raises ShortSecretError."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._secrets = sorted(set(secrets), key=len, reverse=True)
        if any(len(_utf8(secret)) < MIN_SECRET_LENGTH for secret in self._secrets):
            raise ShortSecretError(f"a secret of under {MIN_SECRET_LENGTH} bytes cannot be found reliably")
        self._plain = [re.compile(_any_spelling(secret, _spelling)) for secret in self._secrets]
        self._base64: list[tuple[re.Pattern[bytes], re.Pattern[bytes]]] = []
        for secret in self._secrets:
            inside = {secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
            cores = {core for text in inside for data in _bytes_of(text) for core in _base64_cores(data)}
            for core in sorted(cores):  # in the same order each time: where two overlap, the first one is blanked
                encoded = b"".join(rb"(?:%b|[-_])" % _spelling(c) if c in "+/" else _utf8(c) for c in core)
                # The characters on either side hold bits of the secret's first and last character.
                whole = re.compile(_BASE64_CHARACTER + encoded + _BASE64_CHARACTER)
                self._base64.append((re.compile(encoded), whole))

    @functools.cached_property
    def _escaped(self) -> list[re.Pattern[bytes]]:
        """Patterns in which letters and digits may be escaped, too; slower, also to make."""
        return [re.compile(_any_spelling(secret, _escaped_spelling)) for secret in self._secrets]

    def _patterns_for(self, data: bytes) -> list[re.Pattern[bytes]]:
        return self._escaped if _ESCAPE.search(data) else self._plain

    def find(self, data: bytes) -> bytes | None:
        """Return the first spelling of a secret in the data, or None."""
        searches = (*self._patterns_for(data), *(search for search, _ in self._base64))
        found = next((hit for search in searches if (hit := search.search(data))), None)
        return found[0] if found else None

    def blank(self, data: bytes) -> bytes:
        """Return the data with the secrets replaced."""
        for pattern in self._patterns_for(data):
            data = pattern.sub(REDACTED.encode(), data)
        for search, whole in self._base64:
            if search.search(data):  # they match the same texts, and this one is found many times faster
                data = whole.sub(_same_length, data)
        return data

    def blank_text(self, text: str) -> str:
        """Return the text with the secrets replaced."""
        return self.blank(_utf8(text)).decode("utf-8", "surrogatepass")

    def blank_tree(self, tree: Any) -> None:
        """Replace the secrets in all strings, keys and numbers of the list or dict `tree`, in place."""
        for node in nodes(tree):
            if isinstance(node, dict):
                blanked = {self.blank_text(key): value for key, value in node.items()}
                node.clear()
                node.update(blanked)
            for key, value in items(node):
                if isinstance(value, str):
                    node[key] = self.blank_text(value)
                elif isinstance(value, (int, float)) and self.find(repr(value).encode()):
                    node[key] = 0


def nodes(tree: Any) -> Iterator[Any]:
    """Yield each list and dict in `tree`. The caller may change a node before the next one is yielded."""
    stack = [tree] if isinstance(tree, (list, dict)) else []
    while stack:
        node = stack.pop()
        yield node
        stack.extend(value for _, value in items(node) if isinstance(value, (list, dict)))


def items(node: Any) -> list[tuple[Any, Any]]:
    """Return a copy of the keys or indices of a dict or list, with their values."""
    return list(node.items() if isinstance(node, dict) else enumerate(node))


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _bytes_of(text: str) -> set[bytes]:
    """Return the text as bytes: as UTF-8 alone can write it, and as it was given where that was not UTF-8."""
    return {_utf8(text), *([text.encode("utf-8", "surrogateescape")] if re.search("[\udc80-\udcff]", text) else [])}


def _same_length(hit: re.Match[bytes]) -> bytes:
    return (REDACTED.encode() * len(hit[0]))[: len(hit[0])]  # keeps the alignment of the base64 around it


def _base64_cores(data: bytes) -> Iterator[str]:
    for before, skipped in enumerate((0, 2, 3)):
        text = base64.b64encode(bytes(before) + data).decode()
        yield text[skipped : (before + len(data)) * 8 // 6]


def _any_spelling(text: str, spelling: Callable[[str], bytes]) -> bytes:
    """Return a pattern for `text` in which each character is spelled in any of its ways, in any mixture."""
    pattern = b""
    for is_backslash, run in itertools.groupby(text, "\\".__eq__):
        characters = "".join(run)
        if is_backslash:  # as one run; matching them one by one would backtrack exponentially
            one = rb"(?:\\u005[cC]|%b5[cC]|&#0{0,6}92;|&#[xX]0{0,6}5[cC];|\\)" % _PERCENT
            pattern += one + b"{%d,%d}" % (len(characters), 16 * len(characters))
        else:
            pattern += b"".join(map(spelling, characters))
    return pattern


@functools.cache
def _spelling(char: str) -> bytes:
    if char.isascii() and char.isalnum():
        return char.encode()  # hardly anything escapes it, and a pattern of literals is much faster
    return _escaped_spelling(char)


@functools.cache
def _escaped_spelling(char: str) -> bytes:
    raw, units = _utf8(char), char.encode("utf-16-be", "surrogatepass")
    ways = [b"".join(_PERCENT + _hex(f"{byte:02x}") for byte in raw)]
    if "\udc80" <= char <= "\udcff":  # a byte that is not UTF-8
        ways.append(_PERCENT + _hex(f"{ord(char) & 0xFF:02x}"))
    ways += [b"".join(_SLASHES + b"u" + _hex(units[i : i + 2].hex()) for i in range(0, len(units), 2))]
    ways += [b"&#0{0,6}%d;" % ord(char), b"&#[xX]0{0,6}" + _hex(f"{ord(char):x}") + b";"]
    ways += [re.escape(_utf8(html.escape(char))), re.escape(raw)]
    ways += [_SLASHES + re.escape(raw)] if char.isascii() and not char.isalnum() else []
    ways += [_SLASHES + _SHORT_ESCAPES[char]] if char in _SHORT_ESCAPES else []
    ways += [rb"\+", _PERCENT + b"2[bB]"] if char == " " else []
    return b"(?:" + b"|".join(dict.fromkeys(ways)) + b")"


def _hex(digits: str) -> bytes:
    return b"".join(b"[%c%c]" % (ord(d), ord(d.upper())) if d.isalpha() else d.encode() for d in digits)
