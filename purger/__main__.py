"""The entry point: hear signals, protect what is written, and run the command line."""

from __future__ import annotations

import os
import sys

if (
    __name__ == "__main__"
    and not sys.flags.safe_path
    and os.path.isdir(sys.path[0])  # noqa: PTH112
    and __file__ != os.path.join(sys.path[0], "purger", "__main__.py")  # noqa: PTH118
):
    # `python -m purger` put the current folder there, which is not trusted: a `json.py` in it would be imported. Where
    # purger itself is in it, so may be what it is built on (pip install --target).
    del sys.path[0]

from purger.cli import early_signals

OBJECTS_A_COLLECTION = 50_000
"""How many objects are made between two collections of garbage. Imports make many, and none of it is garbage: with
Python's own number a seventh of a short command's time goes into looking for some. What Playwright makes is mostly
garbage, and the event loop stands still while it is collected: 80 ms for 200,000 objects."""


def main() -> None:
    """Run the `purger` command with the process's arguments, and end the process with the exit code."""
    try:
        early_signals.catch()  # before anything else is imported: that takes a while
        _protect()
        _run()
    except (Exception, KeyboardInterrupt, early_signals.Terminated) as fault:  # noqa: BLE001 - nothing ends in a traceback
        _end(fault)


def _run() -> None:
    from purger.cli.app import app
    from purger.cli.output import code_of_a_text

    try:
        app(prog_name="purger")
    except SystemExit as ended:
        early_signals.keep_waiting()
        raise SystemExit(code_of_a_text(ended.code if isinstance(ended.code, int) else 0)) from None


def _protect() -> None:
    """Keep secrets out of what is written, and drop variables that break or steer what purger is built on."""
    import atexit
    import gc

    from purger.secrets import child_environment, redaction, surroundings

    gc.set_threshold(OBJECTS_A_COLLECTION)
    atexit.register(early_signals.ignore)  # first, so that it comes last: a stream may wait for its reader before
    redaction.guard_streams()
    surroundings.drop_variables_of_dependencies()
    surroundings.drop_relative_folders_of_path()
    zone = surroundings.drop_impossible_time_zone()
    for variable in (child_environment.TOKEN_VARIABLE, child_environment.HOST_TOKEN_VARIABLE):
        redaction.remember(os.environ.get(variable, "").strip())  # before anything of the command line is shown
    for sentence in (child_environment.turn_off_debug_output(), child_environment.drop_what_exposes_the_token(), zone):
        if sentence:
            sys.stderr.write(f"{sentence}\n")


def _end(fault: BaseException) -> None:
    """Show what ended the command outside of its frame, and end the process with its exit code."""
    early_signals.keep_waiting()
    from purger.cli.faults import known

    error = known(fault)
    try:
        from purger.cli.console import show_error, stderr
        from purger.cli.output import asks_for_json, print_error_document
        from purger.report.build import error_report

        if shown := error_report(error):
            show_error(stderr(), shown)
        if asks_for_json(sys.argv):
            print_error_document(error)
    except Exception:  # noqa: BLE001 - what writes it can't be imported either
        sys.stderr.write(f"error: {error}.\n{error.remedy}\n")
    raise SystemExit(error.exit_code) from None


if __name__ == "__main__":
    main()
