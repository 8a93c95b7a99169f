"""Cuts every known secret, in each of its usual spellings, out of what the process writes."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, cast

if TYPE_CHECKING:
    from purger.secrets.spellings import SecretBlanker

_blankers: dict[str, SecretBlanker] = {}


def remember(secret: str) -> None:
    """From now on `redact` cuts this secret out; one of under six bytes can't be told from ordinary text."""
    from purger.secrets.spellings import MIN_SECRET_LENGTH, SecretBlanker

    if secret not in _blankers and len(secret.encode()) >= MIN_SECRET_LENGTH:
        _blankers[secret] = SecretBlanker([secret])


def redact(text: str) -> str:
    """The text with each remembered secret replaced: raw, URL-encoded, base64, escaped for JSON or HTML."""
    for blanker in _blankers.values():
        text = blanker.blank_text(text)
    return text


class RedactingStream:
    """A text stream that writes to another one, without the secrets: tracebacks and other people's logs included."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.fault: OSError | None = None

    def write(self, text: str) -> int:
        """Write the text, redacted. What can't be written is dropped and the first fault kept: a reader that went
        away, or a full disk, must not change what a purge does or how it ends."""
        self._try(lambda: self._stream.write(redact(text)))
        return len(text)

    def flush(self) -> None:
        """Flush the stream beneath."""
        self._try(self._stream.flush)

    def _try(self, act: Callable[[], object]) -> None:
        if self.fault is not None:
            return
        try:
            act()
        except OSError as fault:
            self.fault = fault
            # What is still in the stream's buffer goes nowhere either, without a word at the end of the process.
            with contextlib.suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())

    def writelines(self, lines: Any) -> None:
        """Write all the texts, redacted."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def guard_streams() -> None:
    """Put a RedactingStream around stdout and stderr, for the rest of the process.

    One that is closed is opened to nowhere; one that lacks a letter writes its escape.
    """
    if sys.stdin is None:
        sys.stdin = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115 - for the rest of the process
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            stream = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - the same
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
        if not isinstance(stream, RedactingStream):
            setattr(sys, name, cast("TextIO", RedactingStream(stream)))
