"""Remove known secrets, in all their usual spellings, from everything that the process writes."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, cast

from purger.core.shown_address import without_user_info
from purger.core.text import hide_with
from purger.secrets.patient_stream import let_be_first, patient

if TYPE_CHECKING:
    from purger.secrets.spellings import SecretBlanker

_BLOCK = 2**16
"""How many characters are redacted and written together, at least."""
_MOST_WRAPPED = 4
"""Over how many lines of a terminal a secret may be wrapped."""
_blankers: dict[str, SecretBlanker] = {}


def remember(secret: str) -> None:
    """Register a secret for `redact`. Secrets under six bytes are ignored: they also occur in ordinary text."""
    from purger.secrets.spellings import MIN_SECRET_LENGTH, SecretBlanker

    if secret not in _blankers and len(secret.encode("utf-8", "surrogatepass")) >= MIN_SECRET_LENGTH:
        _blankers[secret] = SecretBlanker([secret])


def remembered() -> tuple[str, ...]:
    """Return the registered secrets, for what is written past the streams."""
    return tuple(_blankers)


def redact(text: str) -> str:
    """Return the text with all registered secrets replaced: raw, URL-encoded, base64, escaped for JSON or HTML.

    Addresses lose their user info, which is nearly always a password or a token.
    """
    return without_user_info(_blank(text))  # behind an `@` in a secret its rest would be left


def _blank(text: str) -> str:
    for blanker in _blankers.values():
        text = blanker.blank_text(text)
    return text


def with_whole_secrets(lines: Sequence[str]) -> list[str]:
    """Return the lines; those over which a terminal wrapped a secret are joined, so that `redact` finds it."""
    rest, shown = list(lines), list[str]()
    while rest:
        first, *others = rest
        counts = range(1, min(len(others), _MOST_WRAPPED - 1) + 1)
        count = next((count for count in counts if _is_in_both(first, "".join(others[:count]))), 0)
        if count:  # the joined line may go on with another secret
            rest = ["".join(rest[: count + 1]), *others[count:]]
        else:
            shown.append(first)
            rest = others
    return shown


def _is_in_both(line: str, after: str) -> bool:
    """Whether a secret begins in the line and ends in what comes after it."""
    return redact(line + after) != redact(line) + redact(after)


def whole_lines(chunks: Iterable[str]) -> Iterator[str]:
    """Join the chunks of a text into blocks that end where a line ends, so that none cuts a secret or an address.

    A block is no longer than it has to be: a long text needs little memory.
    """
    parts: list[str] = []
    length = 0
    for chunk in chunks:
        parts.append(chunk)
        length += len(chunk)
        if length >= _BLOCK and "\n" in chunk:
            lines, end, rest = "".join(parts).rpartition("\n")
            yield lines + end
            parts, length = [rest], len(rest)
    yield "".join(parts)


def redacted(chunks: Iterable[str]) -> Iterator[str]:
    """Yield the text that the chunks make up, redacted. A secret that two of them share is found as well."""
    return map(redact, whole_lines(chunks))


class RedactingStream:
    """A text stream that redacts everything before it writes it to another one, including tracebacks.

    A write error does not raise: a closed pipe or a full disk must not change what a purge does or how it ends.
    The first error is kept in `fault`, and later output is dropped. `is_noted` says whether the user knows of it.
    `before` is called before each write.
    """

    def __init__(self, stream: TextIO, before: Callable[[], object] = lambda: None) -> None:
        self._stream = stream
        self._before = before
        self.fault: OSError | None = None
        self.is_noted = False
        _block(stream)

    def write(self, text: str) -> int:
        """Redact the text and write it; return its original length."""
        self._keep_fault(lambda: self._stream.write(redact(text)))
        return len(text)

    def flush(self) -> None:
        """Flush the underlying stream."""
        self._keep_fault(self._stream.flush)

    def _keep_fault(self, act: Callable[[], object]) -> None:
        if self.fault is not None:
            return
        self._before()
        _block(self._stream)  # each time: a child that has the stream, too, may have changed it
        try:
            act()
        except OSError as fault:
            self.fault = fault
            # The stream's buffer is flushed once more at exit; that must not fail and print an error.
            with contextlib.suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())

    def writelines(self, lines: Any) -> None:
        """Redact the lines and write them."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _block(stream: TextIO) -> None:
    """Let a write wait until the reader has room. A parent such as Node may leave a pipe that refuses it instead."""
    with contextlib.suppress(OSError, ValueError, AttributeError):  # it has no descriptor, or is closed; Windows
        os.set_blocking(stream.fileno(), True)


def _closed_stream(name: str) -> TextIO:
    """Return a stream for one that is closed: what is written to stdout fails, so that its loss is noticed."""
    flags = os.O_RDONLY if name == "stdout" else os.O_WRONLY
    return os.fdopen(os.open(os.devnull, flags), "w", encoding="utf-8")


def _whole_writes(stream: TextIO) -> TextIO:
    """Return a stream that writes all of a text: with PYTHONUNBUFFERED the rest is lost where the system takes a part.

    It does that as a disk fills, and where a signal interrupts it.
    """
    if not isinstance(getattr(stream, "buffer", None), io.FileIO):
        return stream
    stream.flush()
    return open(stream.fileno(), "w", buffering=1, encoding=stream.encoding, closefd=False)


def _guarded(name: str) -> TextIO:
    stream: TextIO | None = getattr(sys, name)
    stream = _whole_writes(_closed_stream(name) if stream is None else stream)
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="backslashreplace")
    return stream


def guard_streams() -> None:
    """Wrap stdout and stderr in a RedactingStream, for the rest of the process.

    Closed streams are opened on the null device. Characters that the encoding lacks are written as escapes. Whoever
    does not read stderr holds up nothing else.
    """
    if sys.stdin is None:
        sys.stdin = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115 - for the rest of the process
    hide_with(redact, _blank)
    if isinstance(sys.stdout, RedactingStream):
        return
    out, err = _guarded("stdout"), patient(_guarded("stderr"))
    sys.stdout = cast("TextIO", RedactingStream(out, before=lambda: let_be_first(err, out)))
    sys.stderr = cast("TextIO", RedactingStream(err))
