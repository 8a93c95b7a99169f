"""What the processes that we start may know of our environment."""

from __future__ import annotations

import os

TOKEN_VARIABLE = "TRAVIS_TOKEN"  # noqa: S105 - the variable's name
SECRETS = (TOKEN_VARIABLE, "PURGER_CONNECT")
_DEBUG_OUTPUT = ("DEBUG", "DEBUG_FILE", "NODE_DEBUG")


def for_children() -> dict[str, str]:
    """The environment without its secrets."""
    return {name: text for name, text in os.environ.items() if name not in SECRETS}


def forget_secrets() -> None:
    """Take the secrets out of the environment for good, once everything that needs them has read them."""
    for name in SECRETS:
        os.environ.pop(name, None)


def turn_off_debug_output() -> str | None:
    """Turn Playwright's own debug output off; gives a sentence that says so, where it was on.

    It shows headers and init scripts in clear, from two processes: ours, which looks at the variable when Playwright
    is imported, and the driver's, which writes past our streams.
    """
    os.environ.pop("PWDEBUG", None)  # it stops at every step; --pause is ours
    asked = {name: os.environ.pop(name) for name in _DEBUG_OUTPUT if name in os.environ}
    if "pw" not in (names := asked.get("DEBUG", "")) and "*" not in names and "NODE_DEBUG" not in asked:
        return None
    return f"Playwright's debug output would show the token, so it stays off: {', '.join(asked)} is not obeyed."
