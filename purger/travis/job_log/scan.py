"""Finds the statements in a log's text: where each stands, and what stands between them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from purger.travis.job_log.text import LOST_CODE

LONGEST_STATEMENT = 4 * 1024
HISTORY_BYTES = 40 * 1024
"""How far back a statement may look, for the lines before it."""

_LONGEST_GAP = 2 * 1024
_MOST_KEPT = 64 * 1024  # more than that is carriage returns in a row, and one does as well

_DURATION = rb"(?:\d+m ?)?\d+(?:\.\d+)?s"
FOLD = rb"travis_fold:(?:start|end):(?:cache\.\d+|(?:(?!travis_)[\w.\-])+)"
_MARKER = (
    FOLD + rb"|travis_time:start:(?:[0-9a-f]{8}|(?:(?!travis_)[\w.\-])+)"
    rb"|travis_time:end:[\w.\-]+:start=\d+,finish=\d+,duration=-?\d+|,event=(?:(?!travis_)[a-z_])+"
)
_CLOCK = rb"\[\d\d:\d\d:\d\d\]|\d{4}-\d\d-\d\dT[\d:.]+Z"
# What may stand before a statement, or between two, without coming between them: markers, durations, quoting,
# bullets, line numbers of the page, the dots of a slow upload.
NOISE = (
    rb"(?:[\s>|`.]|[*\-](?=\s)|&gt;|\xc2\xa0|\xe2\x80\x8b|"
    + rb"|".join((_MARKER, LOST_CODE, _CLOCK, _DURATION))
    + rb"|\d{1,7}(?=\s|\Z))*+"
)
_ONLY_NOISE = re.compile(NOISE)
_REST_OF_HEADING = re.compile(rb"[ \"')\]:=*#<\-]{0,80}" + NOISE)

_QUOTING = re.compile(rb"[ \t]*(?:>|&gt;)")
_LINE_START = re.compile(rb"(?:[ \t]*(?:>|&gt;))*[ \t]*")
_LEADING_MARKS = re.compile(rb"(?:\r|" + _MARKER + rb"|" + LOST_CODE + rb"|\d+\.\d\ds(?=[^\s/,.)]))+")
_MARKS = re.compile(_MARKER + rb"|" + LOST_CODE)
_RETURNS = re.compile(rb"\r\r+")
# Control characters, and those that turn the direction of writing: neither may reach a terminal.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_LONGEST_LINE = 500


@dataclass(slots=True)
class Statement:
    """One statement of the log.

    Attributes:
        match: the match of its pattern; positions are relative to `text`.
        text: the text around it.
        base: where `text` begins in the whole log, in bytes.
        previous_end: where the statement before it ended in the whole log, in bytes.
    """

    match: re.Match[bytes]
    text: bytes
    base: int
    previous_end: int

    @property
    def start(self) -> int:
        """Where it begins in the whole log, in bytes."""
        return self.base + self.match.start()

    @property
    def end(self) -> int:
        """Where it ends in the whole log, in bytes."""
        return self.base + self.match.end()

    def group(self, number: int) -> str:
        """A group of the match as printable text; empty if it took no part."""
        return _UNPRINTABLE.sub("", (self.match[number] or b"").decode("utf-8", "replace"))

    def begins(self) -> bool:
        """Whether it stands at the start of a line, or glued to the statement before it."""
        at = self.match.start()
        earliest = max(0, at - _LONGEST_GAP)
        line = self.text.rfind(b"\n", earliest, at) + 1
        is_start_seen = line > 0 or self.base + earliest == 0
        return self.directly_after(self.previous_end) or (is_start_seen and self.directly_after(self.base + line))

    def directly_after(self, end: int, *, heading: bool = False) -> bool:
        """Whether only noise stands between a place in the log and this; `heading` allows a title's ornaments."""
        gap = self.start - end
        if not 0 <= gap <= _LONGEST_GAP:
            return False
        pattern = _REST_OF_HEADING if heading else _ONLY_NOISE
        return pattern.fullmatch(self.text, self.match.start() - gap, self.match.start()) is not None

    def line(self) -> str:
        """The line that it stands on, cleaned; of an endless one the part around it."""
        at = self.match.start()
        start = max(self.text.rfind(b"\n", 0, at) + 1, at - _LONGEST_LINE // 2)
        end = self.text.find(b"\n", at, at + _LONGEST_LINE)
        return "".join(clean_lines(self.text[start : end if end >= 0 else at + _LONGEST_LINE]))


class Rule(NamedTuple):
    """What to look for: a keyword, the pattern that begins with it, and whom to tell."""

    keyword: bytes
    pattern: bytes
    handler: Callable[[Statement], None]


# What several keywords have in common, so that a log need not be searched once for each of them.
_SHARED = (b"travis_", b"d cache", b"d workspace", b"e uploaded", b" has been ")


class _Sought(NamedTuple):
    """A rule as it is searched for: the keyword's shared part was found, the keyword begins `lead` bytes before."""

    lead: int
    keyword: bytes
    pattern: re.Pattern[bytes]
    handler: Callable[[Statement], None]


class Scanner:
    """Feed it text in chunks: it tells the handler of each statement, in the order of the log.

    Only keywords are searched for, and only their surroundings looked at closely; little text is kept.
    """

    def __init__(self, rules: Iterable[Rule]) -> None:
        """Take a rule for each kind of statement."""
        self._sought: dict[bytes, list[_Sought]] = {}
        for keyword, pattern, handler in rules:
            part = next((part for part in _SHARED if part in keyword), keyword)
            sought = _Sought(keyword.index(part), keyword, re.compile(pattern), handler)
            self._sought.setdefault(part, []).append(sought)
        self._raw = b""
        self._base = 0
        self._read_until = 0
        self._previous_end = 0

    def feed(self, text: bytes, *, final: bool) -> None:
        """Read on; a statement that may go on in the next chunk waits for it."""
        self._raw += text
        # A carriage return may stand anywhere, so statements are sought in the text without them.
        text = self._raw.replace(b"\r", b"")
        start = self._read_until - self._base
        limit = len(text) if final else max(start, len(text) - LONGEST_STATEMENT)
        for match, handler in self._found(text, start, limit):
            handler(Statement(match, text, self._base, self._previous_end))
            if match[0] != b"$ ":
                self._previous_end = self._base + match.end()
        self._read_until = self._base + limit

    def forget(self) -> None:
        """Let go of the text that no statement to come can need; to be called after each `feed`."""
        keep = max(0, self._read_until - self._base - HISTORY_BYTES)
        self._raw = self._raw[self._in_raw(keep) :]
        self._base += keep
        if len(self._raw) > _MOST_KEPT:
            self._raw = _RETURNS.sub(b"\r", self._raw)

    @property
    def kept_bytes(self) -> int:
        """How much text is kept."""
        return len(self._raw)

    def lines_between(self, start: int, end: int) -> list[str]:
        """The cleaned lines between two places in the log, as far back as text is kept."""
        first, last = self._in_raw(max(0, start - self._base)), self._in_raw(end - self._base)
        line, last_line = (self._raw.rfind(b"\n", 0, at) + 1 for at in (first, last))
        # Quoting and indentation show only where lines are whole.
        if _ONLY_NOISE.fullmatch(self._raw, line, first):
            first = line
        if _ONLY_NOISE.fullmatch(self._raw, last_line, last):
            last = max(first, last_line)
        return clean_lines(self._raw[first:last])

    def _found(self, text: bytes, start: int, limit: int) -> list[tuple[re.Match[bytes], Callable[[Statement], None]]]:
        found: list[tuple[re.Match[bytes], Callable[[Statement], None]]] = []
        for part, rules in self._sought.items():
            furthest = limit + max(rule.lead for rule in rules)
            at = text.find(part, start, furthest + len(part))
            while at >= 0:
                for lead, keyword, pattern, handler in rules:
                    begin = at - lead
                    if start <= begin < limit and text.startswith(keyword, begin):
                        match = pattern.match(text, begin)
                        if match:
                            found.append((match, handler))
                at = text.find(part, at + len(part), furthest + len(part))
        found.sort(key=lambda pair: pair[0].start())
        return found

    def _in_raw(self, position: int) -> int:
        """Where a place of the text without carriage returns is in the text with them."""
        at = position
        while (moved := position + self._raw.count(b"\r", 0, at)) != at:
            at = moved
        return at


def clean_lines(raw: bytes) -> list[str]:
    """The lines that are not blank, as a terminal would show them, without quoting and common indentation."""
    shown = [_shown(line) for line in raw.split(b"\n") if not _LINE_START.fullmatch(line.rstrip())]
    # The first line may have lost its quoting, and output may hold a few lines that only look quoted.
    while shown and all(map(_QUOTING.match, shown[1:] or shown)):
        shown = [_QUOTING.sub(b"", line, count=1) for line in shown]
    texts = [_UNPRINTABLE.sub("", line.decode("utf-8", "replace")).rstrip() for line in shown]
    texts = [text[:_LONGEST_LINE] for text in texts if text]
    indent = min((len(text) - len(text.lstrip()) for text in texts), default=0)
    return [text[indent:] for text in texts]


def _shown(line: bytes) -> bytes:
    """A line without its marks; of an overwritten progress bar a terminal shows the last part in the end."""
    start = _LINE_START.match(line)
    head = start[0] if start else b""
    rest = _LEADING_MARKS.sub(b"", line[len(head) :].rstrip(b"\r \t"), count=1)
    overwritten, _, part = rest.rpartition(b"\r")
    if overwritten:
        part = part.lstrip()
    return head + _MARKS.sub(b"", part[-2 * _LONGEST_LINE :])
