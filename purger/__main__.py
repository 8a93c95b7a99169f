"""The entry point: protect what is written, and run the command line."""

from __future__ import annotations

import gc
import os
import sys
from typing import NoReturn

from purger.secrets import child_environment, redaction, surroundings

OBJECTS_A_COLLECTION = 200_000
"""How many objects are made between two collections of garbage. Imports make many, and none of it is garbage: with
Python's own number a seventh of a short command's time goes into looking for some."""


def main() -> None:
    """Run the `purger` command with the process's arguments, and end the process with the exit code."""
    gc.set_threshold(OBJECTS_A_COLLECTION)
    redaction.guard_streams()
    surroundings.drop_variables_of_dependencies()
    if token := os.environ.get(child_environment.TOKEN_VARIABLE, "").strip():
        redaction.remember(token)  # before anything of the command line is shown
    for sentence in (child_environment.turn_off_debug_output(), child_environment.keep_certificates_checked()):
        if sentence:
            sys.stderr.write(f"{sentence}\n")
    try:
        from purger.cli.app import app

        app()
    except KeyboardInterrupt:
        sys.stderr.write("Stopped by SIGINT.\n")
        raise SystemExit(130) from None
    except Exception as fault:  # noqa: BLE001 - the last one to catch it: nothing ends in a traceback
        _show_unexpected(fault)


def _show_unexpected(fault: Exception) -> NoReturn:
    """Show what went wrong outside of any command's frame, and end with its exit code."""
    from datetime import UTC, datetime

    from purger.cli.console import show_error, stderr
    from purger.core.errors import UnexpectedError
    from purger.report.build import run_report
    from purger.report.model import to_json

    error = UnexpectedError.of(fault)
    report = run_report([], error, datetime.now(UTC))
    if report.error:
        show_error(stderr(), report.error)
    if "--json" in sys.argv:
        sys.stdout.write(to_json(report, ascii_only=True) + "\n")
    raise SystemExit(error.exit_code) from None


if __name__ == "__main__":
    main()
