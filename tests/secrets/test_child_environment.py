"""What child processes get to know: no secrets, and no debug output that would show them."""

from __future__ import annotations

import os

import pytest

from purger.secrets import child_environment as environment

SECRET = 'Se+nti/nel?to&ken=42~"x'


@pytest.mark.parametrize(
    ("variables", "is_warned"),
    [
        ({}, False),
        ({"DEBUG": "pw:*"}, True),
        ({"DEBUG": "app,pw:api"}, True),
        ({"DEBUG": "*", "DEBUG_FILE": "x"}, True),
        ({"NODE_DEBUG": "http"}, True),
        ({"DEBUG": "1"}, False),
        ({"DEBUG": "true"}, False),
    ],
)
def test_debug_output_is_turned_off(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], is_warned: bool
) -> None:
    for name in ("DEBUG", "DEBUG_FILE", "NODE_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    for name, text in variables.items():
        monkeypatch.setenv(name, text)
    sentence = environment.turn_off_debug_output()
    assert not set(variables) & set(os.environ)
    assert bool(sentence) == is_warned
    assert sentence is None or all(name in sentence for name in variables)


def test_children_get_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAVIS_TOKEN", SECRET)
    monkeypatch.setenv("PURGER_CONNECT", "wss://grid.example.org?token=x")
    kept = environment.for_children()
    assert not {"TRAVIS_TOKEN", "PURGER_CONNECT"} & set(kept)
    assert "PATH" in kept
    environment.forget_secrets()
    assert not {"TRAVIS_TOKEN", "PURGER_CONNECT"} & set(os.environ)
