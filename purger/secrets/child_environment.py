"""Remove secrets from the environment of child processes, switches that would show or risk them, and proxies."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

TOKEN_VARIABLE = "TRAVIS_TOKEN"  # noqa: S105 - the variable's name
HOST_TOKEN_VARIABLE = "GITHUB_TOKEN"  # noqa: S105 - the variable's name
SECRETS = (TOKEN_VARIABLE, HOST_TOKEN_VARIABLE, "PURGER_CONNECT")
_PROXIES = re.compile(r".*proxy|socks_(server|version)", re.IGNORECASE)
"""Names of variables by which Playwright's driver or a browser would choose a proxy by themselves, also past purger's
own choice. They often hold a password."""
_NO_HOME = "/nonexistent"
"""The home of users that have none, as Debian writes it."""
_DEBUG_OUTPUT = ("DEBUG", "DEBUG_FILE", "NODE_DEBUG")
_SELENIUM = ("SELENIUM_REMOTE_URL", "SELENIUM_REMOTE_CAPABILITIES", "SELENIUM_REMOTE_HEADERS")
"""Playwright's driver would start the browser at this Selenium hub; `--connect` is purger's way to a remote browser."""
_TLS_SWITCH, _KEY_LOG, _NODE_OPTIONS = "NODE_TLS_REJECT_UNAUTHORIZED", "SSLKEYLOGFILE", "NODE_OPTIONS"
_RISKY_NODE_OPTIONS = ("--tls-keylog", "--tls-min-v1.0", "--tls-min-v1.1", "--trace-tls", "--inspect", "--debug-port")


def for_children() -> dict[str, str]:
    """Return a copy of the environment without the secrets, and with a home."""
    return _home() | {name: text for name, text in os.environ.items() if not _is_kept_from_children(name)}


@contextmanager
def with_a_home() -> Iterator[None]:
    """Give this process a HOME for a `with` block, where it has none and the user no entry in passwd.

    Node does not start without (`docker run --user 12345`).
    """
    added = _home()
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)


def _home() -> dict[str, str]:
    has_one = bool(os.environ.get("HOME")) or os.path.expanduser("~") != "~"  # noqa: PTH111 - the other one raises
    return {} if has_one else {"HOME": _NO_HOME}


def forget_secrets() -> None:
    """Remove the secrets from this process's environment. Call it after they have been read."""
    for name in filter(_is_kept_from_children, tuple(os.environ)):
        del os.environ[name]


def _is_kept_from_children(name: str) -> bool:
    return name in SECRETS or _PROXIES.fullmatch(name) is not None


def turn_off_debug_output() -> str | None:
    """Turn off Playwright's debug output; return a sentence for the user if it was on, else None.

    The output contains headers and init scripts. Two processes write it: this one, which reads the variable when it
    imports Playwright, and the driver, whose output does not pass through the redacting streams.
    """
    os.environ.pop("PWDEBUG", None)  # it would pause at every step; purger has --pause instead
    removed = {name: os.environ.pop(name) for name in _DEBUG_OUTPUT if name in os.environ}
    if "pw" not in (names := removed.get("DEBUG", "")) and "*" not in names and "NODE_DEBUG" not in removed:
        return None
    return f"Playwright's debug output would show the token, so it stays off: {', '.join(removed)} is ignored."


def drop_what_exposes_the_token() -> str | None:
    """Remove what turns off the check of certificates, writes TLS keys or starts the browser elsewhere.

    Return a sentence for the user if something was removed, else None.

    This process, Playwright's driver (Node) and the browser would obey these variables. The harmless part of
    `NODE_OPTIONS` stays.
    """
    removed = []
    if os.environ.get(_TLS_SWITCH, "1").strip() == "0":
        removed.append(f"{_TLS_SWITCH}={os.environ.pop(_TLS_SWITCH).strip()}")
    if os.environ.pop(_KEY_LOG, ""):
        removed.append(_KEY_LOG)
    removed += [name for name in _SELENIUM if os.environ.pop(name, "")]
    kept, risky = _split_node_options(os.environ.get(_NODE_OPTIONS, ""))
    if risky:
        os.environ[_NODE_OPTIONS] = " ".join(kept)
        removed.append(f"{', '.join(risky)} in {_NODE_OPTIONS}")
    if not removed:
        return None
    return f"The connection to the site stays protected: {', '.join(removed)} would expose the token and is ignored."


def _split_node_options(text: str) -> tuple[list[str], list[str]]:
    """Return the words of `NODE_OPTIONS` that may stay, and the names of those that may not."""
    kept: list[str] = []
    risky: list[str] = []
    is_value = False
    for word in text.split():
        name, equals, _ = word.replace("_", "-").partition("=")
        if name.startswith(_RISKY_NODE_OPTIONS):
            risky.append(name)
            is_value = not equals
        else:
            if not is_value or word.startswith("-"):
                kept.append(word)
            is_value = False
    return kept, risky
