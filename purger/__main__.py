"""The entry point: read `.env`, run the command line, and turn errors into sentences and exit codes."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from purger.secrets import child_environment, redaction


def main() -> None:
    """Run the `purger` command with the process's arguments, and end the process with the exit code."""
    redaction.guard_streams()
    if Path(".env").is_file():
        _read_env_file()
    if token := os.environ.get(child_environment.TOKEN_VARIABLE, "").strip():
        redaction.remember(token)  # before anything of the command line is shown
    if sentence := child_environment.turn_off_debug_output():
        sys.stderr.write(f"{sentence}\n")
    try:
        from purger.cli.app import app

        app()
    except KeyboardInterrupt:
        sys.stderr.write("Stopped by SIGINT.\n")
        raise SystemExit(130) from None


def _read_env_file() -> None:
    import io

    from dotenv import load_dotenv
    from dotenv.parser import parse_stream

    try:
        text = Path(".env").read_text("utf-8")
        lines = parse_stream(io.StringIO(text))
        broken = next((line.original.line for line in lines if line.error or _sets_nothing(line.key, line.value)), None)
        why = None if broken is None else f"line {broken} is not NAME=VALUE"
    except (OSError, UnicodeDecodeError) as error:
        why = "it is not text" if isinstance(error, UnicodeDecodeError) else str(error)
    if why is None:
        load_dotenv(stream=io.StringIO(text), override=False)
    else:
        from purger.cli.console import show_error, stderr
        from purger.core.errors import InputError
        from purger.report.build import error_report

        unreadable = InputError(f".env can't be read: {why}", remedy="Fix the file, or run purger in another folder.")
        if report := error_report(unreadable):
            show_error(stderr(), report)
        raise SystemExit(unreadable.exit_code) from None


def _sets_nothing(name: str | None, value: str | None) -> bool:
    """Whether a line of `.env` names something without setting it, or what no environment can hold."""
    return name is not None and (value is None or "=" in name or "\0" in f"{name}{value}")


if __name__ == "__main__":
    main()
