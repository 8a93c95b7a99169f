"""Remove secrets from the environment of child processes."""

from __future__ import annotations

import os

TOKEN_VARIABLE = "TRAVIS_TOKEN"  # noqa: S105 - the variable's name
SECRETS = (TOKEN_VARIABLE, "PURGER_CONNECT")
_DEBUG_OUTPUT = ("DEBUG", "DEBUG_FILE", "NODE_DEBUG")


def for_children() -> dict[str, str]:
    """Return a copy of the environment without the secrets."""
    return {name: text for name, text in os.environ.items() if name not in SECRETS}


def forget_secrets() -> None:
    """Remove the secrets from this process's environment. Call it after they have been read."""
    for name in SECRETS:
        os.environ.pop(name, None)


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
