"""The log: one line each on stderr, without secrets, and what dependencies log for those who ask."""

from __future__ import annotations

import io
import logging
from typing import TextIO, cast

import pytest
from loguru import logger
from rich.console import Console

from purger.cli.log import held_back, set_up_logging
from purger.secrets.redaction import RedactingStream
from purger.secrets.token import Token


def log_to(stream: io.StringIO, verbosity: int) -> None:
    """Log to a stream that is guarded, as stderr is."""
    set_up_logging(Console(file=cast(TextIO, RedactingStream(stream)), width=200), verbosity)
    Token("s3cret-token")


def test_no_log_line_shows_the_token() -> None:
    written = io.StringIO()
    log_to(written, 0)
    logger.warning("authorization: token s3cret-token \x1b[31m")
    logger.debug("too fine for this level")
    line = written.getvalue()
    assert line.rstrip().endswith("warning: authorization: token REDACTED \ufffd[31m")
    assert "too fine" not in line


@pytest.mark.parametrize("verbosity", [0, 1])
def test_what_python_logs_is_shown_for_those_who_ask(capfd: pytest.CaptureFixture[str], verbosity: int) -> None:
    written = io.StringIO()
    log_to(written, verbosity)
    logging.getLogger("asyncio").warning("eof of %s has no effect", "s3cret-token")
    logging.getLogger("asyncio").error("a task failed", exc_info=ValueError("odd"))
    shown = [line.partition(" ")[2] for line in written.getvalue().splitlines()]
    said = ["asyncio: eof of REDACTED has no effect", "asyncio: a task failed: ValueError('odd')"]
    assert shown == said[: 2 * verbosity]
    assert capfd.readouterr() == ("", "")


def test_what_is_logged_behind_a_question_is_shown_after_the_answer() -> None:
    written = io.StringIO()
    log_to(written, 0)
    with held_back():
        logger.warning("one")
        logger.warning("two")
        assert written.getvalue() == ""
    logger.warning("three")
    assert [line.rpartition(" ")[2] for line in written.getvalue().splitlines()] == ["one", "two", "three"]
