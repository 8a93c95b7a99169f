"""Secrets are found and blanked in every spelling, also inside longer base64 and in mixtures."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from purger.secrets.spellings import SecretBlanker, ShortSecretError
from tests.support.odd_tokens import SENTINEL, odd_tokens
from tests.support.secret_forms import find_secret, secret_forms

_WHOLLY: dict[str, Callable[[str], str]] = {
    "URL": lambda c: "".join(f"%{byte:02x}" for byte in c.encode()),
    "URL, twice": lambda c: "".join(f"%25{byte:02X}" for byte in c.encode()),
    "JSON": lambda c: "".join(f"\\u{unit}" for unit in re.findall("....", c.encode("utf-16-be").hex())),
    "HTML": lambda c: f"&#{ord(c)};",
}
"""How a character is escaped where all are, also letters and digits."""


@settings(settings.get_profile("patterns"))
@given(token=odd_tokens)
def test_finds_every_spelling(token: str) -> None:
    for form in secret_forms(token):
        assert find_secret(b"<<" + form + b">>", [token]), form
    assert find_secret(b"nothing of that kind", [token]) is None


@settings(settings.get_profile("patterns"))
@given(token=odd_tokens, before=st.binary(max_size=7), after=st.binary(max_size=7))
def test_finds_a_secret_inside_longer_base64(token: str, before: bytes, after: bytes) -> None:
    data = before + token.encode() + after
    for encoded in (base64.b64encode(data), base64.urlsafe_b64encode(data)):
        assert find_secret(encoded, [token])
        assert find_secret(quote(encoded).encode(), [token])
        assert any(form in encoded for form in secret_forms(token))


@settings(settings.get_profile("patterns"))
@given(token=odd_tokens, choices=st.lists(st.integers(0, 7), min_size=30, max_size=30))
def test_finds_mixtures_of_escapes(token: str, choices: list[int]) -> None:
    ways: tuple[Callable[[str], str], ...] = (
        str,
        lambda c: quote(c, safe=""),
        lambda c: quote(quote(c, safe="")),
        lambda c: json.dumps(c)[1:-1],
        *_WHOLLY.values(),
    )
    mixed = "".join(ways[choice](char) for char, choice in zip(token, choices, strict=False))
    assert find_secret(f"x{mixed}y".encode(), [token])


@pytest.mark.parametrize("way", _WHOLLY.values(), ids=_WHOLLY)
def test_blanks_a_secret_of_which_every_character_is_escaped(way: Callable[[str], str]) -> None:
    text = "".join(map(way, "Abc-012xyz"))
    assert SecretBlanker(["Abc-012xyz"]).blank_text(f"<{text}>") == "<REDACTED>"


def test_finds_a_secret_that_is_not_utf_8() -> None:
    given = b"tok\xe4en-of-\xff"
    secret = given.decode("utf-8", "surrogateescape")
    basic = base64.b64encode(b"u:" + given)
    for form in (secret.encode("utf-8", "surrogatepass"), quote(given).encode(), json.dumps(secret).encode(), basic):
        assert find_secret(b"<<" + form + b">>", [secret]), form
    assert SecretBlanker([secret]).blank_text(f"<{secret}>") == "<REDACTED>"


def test_long_runs_of_backslashes_do_not_stall_the_search() -> None:
    assert find_secret(b"\\" * 200_000, ['\\\\\\"token']) is None


def test_find_secret_finds_every_spelling() -> None:
    for form in secret_forms(SENTINEL):
        assert find_secret(b"x" + form + b"x", [SENTINEL])


@pytest.mark.parametrize("secret", ["", "short", "é€"])
def test_a_secret_that_is_too_short_is_an_error(secret: str) -> None:
    with pytest.raises(ShortSecretError, match="under 6 bytes"):
        SecretBlanker([secret])


def test_all_strings_keys_and_numbers_of_a_tree_are_blanked() -> None:
    tree: dict[str, Any] = {"a": ["x-12345678-y", {"12345678": 12345678}], "n": 1, "none": None}
    SecretBlanker(["12345678"]).blank_tree(tree)
    assert tree == {"a": ["x-REDACTED-y", {"REDACTED": 0}], "n": 1, "none": None}


def test_the_longer_of_two_secrets_is_blanked_first() -> None:
    assert SecretBlanker(["secret", "secret-longer"]).blank_text("secret-longer secret") == "REDACTED REDACTED"
