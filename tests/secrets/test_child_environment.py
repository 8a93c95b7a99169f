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
    monkeypatch.setenv("GITHUB_TOKEN", SECRET)
    monkeypatch.setenv("PURGER_CONNECT", "wss://grid.example.org?token=x")
    kept = environment.for_children()
    assert not {"TRAVIS_TOKEN", "GITHUB_TOKEN", "PURGER_CONNECT"} & set(kept)
    assert "PATH" in kept
    environment.forget_secrets()
    assert not {"TRAVIS_TOKEN", "GITHUB_TOKEN", "PURGER_CONNECT"} & set(os.environ)


@pytest.mark.parametrize(
    "name",
    [
        "PURGER_PROXY",
        "HTTPS_PROXY",
        "https_proxy",
        "HTTP_PROXY",
        "http_proxy",
        "ALL_PROXY",
        "all_proxy",
        "NO_PROXY",
        "no_proxy",
        "WSS_PROXY",
        "auto_proxy",
        "ftp_proxy",
        "SOCKS_SERVER",
        "SOCKS_VERSION",
        "npm_config_https_proxy",
        "npm_config_proxy",
        "npm_config_noproxy",
        "NODE_USE_ENV_PROXY",
    ],
)
def test_children_choose_no_proxy_by_themselves(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "http://alice:geheim@proxy.corp.test:3128")
    assert name not in environment.for_children()
    environment.forget_secrets()
    assert name not in os.environ


@pytest.mark.parametrize("name", ["PROXY_HOST", "PROXYCHAINS", "SOCKS", "SSL_CERT_FILE"])
def test_children_keep_other_variables(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "x")
    environment.forget_secrets()
    assert environment.for_children()[name] == "x"


@pytest.mark.parametrize(
    ("variables", "left", "named"),
    [
        ({}, {}, None),
        ({"NODE_TLS_REJECT_UNAUTHORIZED": "0"}, {}, "NODE_TLS_REJECT_UNAUTHORIZED=0"),
        ({"NODE_TLS_REJECT_UNAUTHORIZED": "1"}, {"NODE_TLS_REJECT_UNAUTHORIZED": "1"}, None),
        ({"SSLKEYLOGFILE": "/tmp/keys"}, {}, "SSLKEYLOGFILE"),
        ({"SSLKEYLOGFILE": ""}, {}, None),
        ({"SELENIUM_REMOTE_URL": "http://grid.example.org"}, {}, "SELENIUM_REMOTE_URL would expose"),
        ({"SELENIUM_REMOTE_CAPABILITIES": "{}", "SELENIUM_REMOTE_HEADERS": "{}"}, {}, "SELENIUM_REMOTE_HEADERS"),
        ({"SELENIUM_REMOTE_URL": ""}, {}, None),
        ({"NODE_OPTIONS": "--max-old-space-size=99"}, {"NODE_OPTIONS": "--max-old-space-size=99"}, None),
        ({"NODE_OPTIONS": "--tls-keylog=x --use-system-ca"}, {"NODE_OPTIONS": "--use-system-ca"}, "--tls-keylog in"),
        ({"NODE_OPTIONS": "--tls_keylog x --use-system-ca"}, {"NODE_OPTIONS": "--use-system-ca"}, "--tls-keylog in"),
        ({"NODE_OPTIONS": "--inspect --use-system-ca"}, {"NODE_OPTIONS": "--use-system-ca"}, "--inspect in"),
    ],
)
def test_what_weakens_the_connection_is_dropped_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], left: dict[str, str], named: str | None
) -> None:
    names = {"NODE_TLS_REJECT_UNAUTHORIZED", "SSLKEYLOGFILE", "NODE_OPTIONS", *variables}
    for name in names:
        monkeypatch.delenv(name, raising=False)
    for name, text in variables.items():
        monkeypatch.setenv(name, text)
    sentence = environment.drop_what_exposes_the_token()
    assert {name: os.environ[name] for name in names if name in os.environ} == left
    assert (sentence is None) if named is None else (named in (sentence or ""))
