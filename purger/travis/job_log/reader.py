"""Read a job's log in one pass: the cache tool's statements, the commands' exit codes, and the job's end."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from purger.travis.job_log.cache_tool import CacheTool
from purger.travis.job_log.compressed import decompressed
from purger.travis.job_log.model import JobLog
from purger.travis.job_log.pasted_text import PastedText
from purger.travis.job_log.scan import FOLD_START, NOISE, Rule, Scanner, Statement
from purger.travis.job_log.symptoms import Symptoms
from purger.travis.job_log.text import LogText

CHUNK_BYTES = 256 * 1024
MAX_LINES = 20

# The sentences before " has been terminated". For a stalled job an earlier sentence has already ended the output.
_TERMINATED = re.compile(
    rb"(?:(?P<stalled>The build)|The job exceeded the maximum time limit for jobs, and"
    rb"|(?P<over_limit>The log length has exceeded [^\n]*" + NOISE + rb"The job))\Z"
)
_DONE, _COMMAND, _STOPPING = b"Done. Your build ", b'The command "', b'" failed and '
# What tests and documentation print is often the beginning of such a sentence; then it goes on as none of Travis does.
_END_OF_SENTENCE = rb"(?![ \t]*(?!travis_|[\"')\]]+\s*\Z)[a-z,;:\"')\]])"
_STALLED = (
    rb"No output has been received in the last \w[\w. ]{0,30}?"
    rb"(?:, this |\.?(?=[ \t]*(?:\n|\Z|travis_|The build )))"
)
_ENDS = re.compile(_END_OF_SENTENCE)
# The address and the folder. What follows the keyword is only looked at, so that it may hold other statements.
_GAP = rb"(?: |[ \t]*\n[ \t>]*)"
"""The blank between two words, or the end of a line where somebody's mail was wrapped at it."""
_OPTION = rb"(?:-|\xe2\x80[\x93\x94])\S{1,300}" + _GAP
"""An option; of its two hyphens a word processor makes a dash."""
_ADDRESS = rb"[<\[*]{0,2}+([^\s<>|()]{0,299}[^\s<>|*()\]])(?:(?:[>\]|*]|(?:" + _GAP + rb")?<)\S{0,400})?"
"""The address, which mails, chats and trackers make a link of: `<URL>`, `URL <URL>`, `[URL](URL)`, `[URL|URL]`."""
_CLONE = rb"\$ git clone(?=" + _GAP + rb"(?:" + _OPTION + rb"){0,9}" + _ADDRESS + _GAP + rb"([\w.\-/]{1,200}))"
# The second group names a stage of the job's own commands. Without it a command that "failed and exited" may be one of
# the set-up: newer logs do not name its stage, and the name may be cut off.
_EXIT = rb"exited with (\d{1,3})(?: during (?:((?:before_)?(?:install|script))|[\w ]{0,40})\.|\.)?"
_REMOVED = re.compile(rb"\s*Log removed by [^\n]{1,200} at \d{4}-[\d\-]{5}[^\n]{0,40}\s*")
AFTER_REMOVAL = "Restart the job, or look at another one of its branch: a log that was removed can't be had again."
_LONGEST_SENTENCE = 600
_LONGEST_COMMAND = 8 * 1024
_MOST_NESTED = 4
_LONGEST_OUTPUT = 32 * 1024
_BLANK = re.compile(rb"[ \t\n]")
_EARLIEST_NS = 10**18  # clocks without nanoseconds print something much smaller
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class LogReader:
    """Reads a log that is fed in chunks. `read_log` feeds a whole source."""

    def __init__(self) -> None:
        self._text = LogText()
        self._pasted = PastedText()
        self._tool = CacheTool()
        self._symptoms = Symptoms()
        self._scanner = Scanner(self._tool.rules() + self._symptoms.rules() + self._rules())
        self._clones: list[str] = []
        self._is_log = False
        self._over_limit = False
        self._was_stopped = False
        self._block_began = 0
        self._command_end = 0
        self._failing: tuple[int, int] | None = None
        self._failing_lines: tuple[str, ...] = ()

    def feed(self, data: bytes) -> None:
        """Read the next chunk."""
        self._read(self._pasted.feed(self._text.feed(data)), final=False)

    def finish(self) -> JobLog:
        """Read the rest and return the contents of the log."""
        self._read(self._pasted.feed(self._text.finish()) + self._pasted.finish(), final=True)
        found = self._tool.finish()
        is_log = self._is_log or self._tool.was_called
        return JobLog(
            is_log=is_log,
            clone=self._clones[0] if len(self._clones) == 1 else None,
            asked=found.asked,
            fetched=tuple(fetch for fetch in found.asked if fetch.found),
            stored=found.stored,
            nothing_changed=found.nothing_changed,
            started_clean=found.started_clean,
            symptoms=self._symptoms.found,
            last_failing_lines=self._failing_lines,
            truncated=is_log and (self._over_limit or not self._tool.is_job_over),
            fetched_unnamed=found.fetched_unnamed,
            unknown=found.unknown if is_log else None,
            unpacking_cut_off=found.unpacking_cut_off,
            stopped=self._was_stopped,
            stopped_storing=found.stopped_storing,
            several_jobs=self._tool.is_of_several_jobs,
        )

    @property
    def kept_bytes(self) -> int:
        """The number of bytes of the log in memory. It does not grow with the log."""
        return self._text.kept_bytes + self._pasted.kept_bytes + self._scanner.kept_bytes

    def _read(self, text: bytes, *, final: bool) -> None:
        self._scanner.feed(text, final=final)
        if self._failing:
            # Only the last failing command of a chunk counts, and the scanner still has its lines.
            self._failing_lines = tuple(self._scanner.lines_between(*self._failing)[-MAX_LINES:])
            self._failing = None
        self._scanner.forget()

    def _rules(self) -> list[Rule]:
        return [
            Rule(b"travis_fold:", FOLD_START, self._on_fold),
            Rule(b"travis_time:start:", rb"travis_time:start:([0-9a-f]{8}|[\w.\-]+)", self._on_block_start),
            Rule(
                b"travis_time:end:",
                rb"travis_time:end:([\w.\-]+):start=(\d{1,20}),finish=(\d{1,20}),duration=-?\d+",
                self._on_block_end,
            ),
            Rule(b"$", rb"\$ ", self._on_command),
            Rule(b"$ git clone", _CLONE, self._on_clone),
            Rule(b"exited with ", _EXIT, self._on_exit),
            Rule(b"No output has been ", _STALLED, self._on_stalled),
            Rule(b" has been terminated", rb" has been terminated", self._on_terminated),
            Rule(b"Done: Job Cancelled", rb"Done: Job Cancelled" + _END_OF_SENTENCE, self._on_canceled),
            Rule(b"Your build has been ", rb"Your build has been stopped\.?+" + _END_OF_SENTENCE, self._on_stopped),
        ]

    def _on_fold(self, statement: Statement) -> None:
        self._is_log = True
        if statement.group(1):
            self._tool.beginning.fold(statement.group(1))

    def _on_command(self, statement: Statement) -> None:
        self._symptoms.command_began(statement)
        self._tool.command_began(statement)

    def _on_clone(self, statement: Statement) -> None:
        address, folder = statement.group(1), statement.group(2)
        # The job's own clone goes to a folder that is called like the repository, others hardly ever.
        is_own = address.removesuffix(".git").endswith((f"/{folder}", f":{folder}")) and "/" in folder
        # It comes before the cache part, and before the job's own commands.
        is_own = is_own and self._tool.beginning.is_early
        if is_own and statement.begins() and address not in self._clones and len(self._clones) < 2:
            self._clones.append(address)

    def _on_block_start(self, statement: Statement) -> None:
        self._is_log = True
        self._block_began = statement.end
        self._tool.times.block_started(statement.group(1))
        self._symptoms.command_began(statement)

    def _on_block_end(self, statement: Statement) -> None:
        self._is_log = True
        start, finish = _moment(statement.group(2)), _moment(statement.group(3))
        self._tool.times.block_ended(statement.group(1), start, finish)
        self._symptoms.block_ended()

    def _on_exit(self, statement: Statement) -> None:
        at = statement.match.start()
        failed = int(statement.group(1)) != 0
        if statement.text.endswith(_DONE, max(0, at - len(_DONE)), at):
            if _ENDS.match(statement.text, statement.match.end()) and statement.begins(at - len(_DONE)):
                self._tool.beginning.another_ended()
                # Of a job before it, whose end was cut off, nobody knows whether it passed.
                self._end(ran=True, failed=failed, passed=not failed and not self._tool.is_of_several_jobs)
            return
        sentence = _sentence_about_a_command(statement, self._command_end)
        if sentence is None:
            return
        self._is_log = True
        self._tool.command_ended(is_own=statement.match[2] is not None or not statement.text.endswith(_STOPPING, 0, at))
        command = statement.text[sentence + len(_COMMAND) : at].rpartition(b'"')[0]
        if failed:
            self._symptoms.command_ended(failed=True)
            self._was_stopped = False
            self._keep_failing_lines(statement, statement.base + sentence, command)
        else:
            self._symptoms.command_passed(command)
        self._command_end = statement.end

    def _on_stalled(self, statement: Statement) -> None:
        if statement.begins():
            self._stop()
            self._keep_failing_lines(statement, statement.start, None)
            self._end(failed=True)

    def _on_terminated(self, statement: Statement) -> None:
        at = statement.match.start()
        sentence = _TERMINATED.search(statement.text, max(0, at - _LONGEST_SENTENCE), at)
        if sentence is None or not statement.begins(sentence.start()):
            return
        self._over_limit |= sentence["over_limit"] is not None
        self._stop()
        if sentence["stalled"] is None:
            self._keep_failing_lines(statement, statement.base + sentence.start(), None)
        self._end(failed=True)

    def _on_stopped(self, statement: Statement) -> None:
        if statement.begins():
            self._tool.job_stopped()
            self._end(failed=True)

    def _on_canceled(self, statement: Statement) -> None:
        if statement.begins():
            self._tool.job_stopped()
            self._end(failed=False)

    def _stop(self) -> None:
        """Handle a job that is stopped while something runs: what it printed last is no failed command's."""
        self._was_stopped = True
        self._tool.job_stopped()

    def _end(self, *, failed: bool, passed: bool = False, ran: bool = False) -> None:
        self._is_log = True
        self._tool.job_ended(ran=ran)
        self._symptoms.job_ended(failed=failed, passed=passed)

    def _keep_failing_lines(self, statement: Statement, end: int, command: bytes | None) -> None:
        start = self._command_end
        if start < end - _LONGEST_OUTPUT:
            # A part of a word may be a part of a secret.
            blank = _BLANK.search(statement.text, end - _LONGEST_OUTPUT - statement.base)
            start = min(statement.base + blank.start(), end) if blank else end
        echo = -1
        if command is not None:
            first_line = command.partition(b"\n")[0]
            echo = statement.text.rfind(b"$ " + first_line, start - statement.base, end - statement.base)
        # The command's echo is the best start: its output may contain markers of other blocks.
        start = statement.base + echo if echo >= 0 else max(start, min(self._block_began, end))
        self._failing = (start, end)


def _sentence_about_a_command(statement: Statement, previous_end: int) -> int | None:
    """Return where the sentence about a command's exit code starts, or None where it is a part of some output.

    It begins a line. Where line ends were lost, the command's echo is before it in the same line. It is not before
    `previous_end`, where the one about the command before ended.
    """
    text, at = statement.text, statement.match.start()
    if not text.endswith((b'" ', _STOPPING), max(0, at - 20), at):
        return None
    earliest = max(0, at - _LONGEST_COMMAND, previous_end - statement.base)
    sentence = at
    for _ in range(_MOST_NESTED):  # the command may hold the words, too
        sentence = text.rfind(_COMMAND, earliest, sentence)
        if sentence < 0:
            break
        command = text[sentence + len(_COMMAND) : at].rpartition(b'"')[0]
        line = max(text.rfind(b"\n", 0, sentence) + 1, sentence - _LONGEST_OUTPUT)
        if statement.begins(sentence) or text.find(b"$ " + command.partition(b"\n")[0], line, sentence) >= 0:
            return sentence
    return None


class LogSink:
    """Reads a log that arrives in pieces of any size, up to `largest_bytes`."""

    def __init__(self, largest_bytes: int) -> None:
        self.is_blank = True
        self._largest_bytes = largest_bytes
        self._reader = LogReader()
        self._gathered = bytearray()
        self._fed_bytes = 0

    def feed(self, data: bytes) -> bool:
        """Take the next piece; return whether more is wanted."""
        self.is_blank = self.is_blank and not data.strip()
        self._fed_bytes += len(data)
        self._gathered += data
        if len(self._gathered) >= CHUNK_BYTES:
            self._reader.feed(bytes(self._gathered))
            self._gathered.clear()
        return self._fed_bytes <= self._largest_bytes

    @property
    def was_removed(self) -> bool:
        """Whether all that came says that somebody removed the log."""
        return len(self._gathered) == self._fed_bytes and says_removed(bytes(self._gathered))

    def finish(self) -> JobLog:
        """Return the contents of the log; one that is too long counts as truncated."""
        self._reader.feed(bytes(self._gathered))
        log = self._reader.finish()
        is_cut = self._fed_bytes > self._largest_bytes
        return replace(log, truncated=log.is_log, too_long=True) if is_cut else log


def says_removed(text: bytes) -> bool:
    """Return whether a text is what the site puts in the place of a log that somebody removed."""
    return _REMOVED.fullmatch(text) is not None


def read_log(source: Iterable[bytes]) -> JobLog:
    """Read a job's log of any form and size, in pieces of any size, in constant memory; it may be a gzip file."""
    reader = LogReader()
    for chunk in decompressed(_chunks(source), CHUNK_BYTES):
        reader.feed(chunk)
    return reader.finish()


def _chunks(source: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the source in chunks of about `CHUNK_BYTES`, whatever the size of its own pieces."""
    gathered = bytearray()
    for piece in source:
        for at in range(0, len(piece), CHUNK_BYTES):
            gathered += piece[at : at + CHUNK_BYTES]
            if len(gathered) >= CHUNK_BYTES:
                yield bytes(gathered)
                gathered.clear()
    yield bytes(gathered)


def _moment(nanoseconds: str) -> datetime | None:
    value = int(nanoseconds)
    return _EPOCH + timedelta(microseconds=value // 1000) if value >= _EARLIEST_NS else None
