"""Find statements in a log's text, their positions, and whether only noise separates them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from purger.travis.job_log.text import LOST_CODE, QUOTED, QUOTING
from purger.travis.job_log.whole_words import first_words, window

LONGEST_STATEMENT = 4 * 1024
HISTORY_BYTES = 40 * 1024
"""How many bytes before a statement are kept, for the lines before it."""

_LONGEST_GAP = 2 * 1024
_MAX_KEPT = 64 * 1024  # only runs of carriage returns exceed it, and one of each run is enough

_DURATION = rb"(?:\d+m ?)?\d+(?:\.\d+)?s"
_FOLD_NAME = rb"(?:cache\.\d+|(?:(?!travis_)[\w.\-])+)"
FOLD_START = rb"travis_fold:(?:end:" + _FOLD_NAME + rb"|start:(" + _FOLD_NAME + rb"))"
"""Either marker of a fold; the group is the name of one that starts."""
_STAGES = (
    rb"before_(?:install|script|cache|deploy)|after_(?:success|failure|script|deploy)|setup_(?:casher|cache)|setup|"
    rb"checkout|prepare|export|announce|install|script|cache|deploy"
)
# A name may be glued to a word after it, so that a known one counts before a longer word.
_ATTRIBUTE = (
    rb",(?:event|stage)=(?:(?:(?!travis_)[a-z_])*(?=\s|\x1b|travis_|,|\Z)|(?:" + _STAGES + rb")"
    rb"|(?:(?!travis_)[a-z_])*)"
)
_MARKER = (
    rb"travis_fold:(?:start|end):" + _FOLD_NAME + rb"|travis_time:start:(?:[0-9a-f]{8}|(?:(?!travis_)[\w.\-])+)"
    rb"|travis_time:end:[\w.\-]+:start=\d+,finish=\d+,duration=-?\d+(?:" + _ATTRIBUTE + rb")*"
    rb"|(?:(?:[:\w]{0,40}start=)?\d{0,20},?finish=)?\d{0,20},?duration=-?\d{3,}(?:" + _ATTRIBUTE + rb")*|" + _ATTRIBUTE
)
# The rest of a marker that the log's end, or the beginning of what was copied, cuts off.
_CUT_MARKER = rb"travis_(?:time|fold):[\w.\-:=,]*(?=\s|\Z)"
_CLOCK = rb"\[\d\d:\d\d:\d\d\]|\d{4}-\d\d-\d\dT[\d:.]+Z"
# What people put before or around a line to point at it, or around the whole log: bold letters, colours and blocks of
# code as Markdown, HTML, Jira and forums write them, arrows.
_MARKUP = (
    rb"\*{1,3}|_{2,3}|~~|[\-=]{1,3}>|\xe2\x86\x92|\xe2\x9e\xa1|\xf0\x9f\x91\x89"
    rb"|</?(?:b|i|em|strong|mark|u)>|\{(?:color|code|noformat)\b[^}\n]{0,80}\}|\[/?code\b[^\]\n]{0,40}\]|\{\{\{"
)
# What is ignored before a statement or between two: markers, durations, quoting, bullets, the page's line numbers,
# and the dots of a slow upload.
NOISE = (
    rb"(?>(?:[\s>|`.]++|-(?=\s)|&gt;|\d{1,7}(?=\s|\Z)|"
    + rb"|".join((_MARKER, LOST_CODE, _CLOCK, _DURATION, _MARKUP))
    + rb")*)"
)
_ONLY_NOISE = re.compile(NOISE)
_REST_OF_HEADING = re.compile(rb"[ \"')\]:=*#<\-]{0,80}" + NOISE)

_QUOTING = re.compile(rb"[ \t]*(?:>|&gt;)")
_LEADING_MARKS = re.compile(rb"(?:\r|" + _MARKER + rb"|" + LOST_CODE + rb"|\d+\.\d\ds(?=[^\s/,.)]))+")
_MARKS = re.compile(_MARKER + rb"|" + LOST_CODE + rb"|" + _CUT_MARKER)
# What people put around a pasted log.
_FRAME = re.compile(QUOTING + rb"(?:`{3,}[\w-]*|~{3,}[\w-]*|[\"'])[ \t\r]*")
_ECHO = re.compile(NOISE + rb"\$ ")
_RETURNS = re.compile(rb"\r\r+")
# Control characters, and characters that change the text's direction. They must not reach a terminal.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_LONGEST_LINE = 500


@dataclass(slots=True)
class Statement:
    """One statement of the log.

    Attributes:
        match: the match of its pattern; positions are relative to `text`.
        text: the text around it.
        base: the offset of `text` in the whole log, in bytes.
        previous_end: the offset of the previous statement's end in the whole log, in bytes.
    """

    match: re.Match[bytes]
    text: bytes
    base: int
    previous_end: int

    @property
    def start(self) -> int:
        """The offset of its start in the whole log, in bytes."""
        return self.base + self.match.start()

    @property
    def end(self) -> int:
        """The offset of its end in the whole log, in bytes."""
        return self.base + self.match.end()

    def group(self, number: int) -> str:
        """Return a group of the match as printable text, or an empty string if it did not match."""
        return _UNPRINTABLE.sub("", (self.match[number] or b"").decode("utf-8", "replace"))

    def begins(self, sentence: int | None = None) -> bool:
        """Return whether the statement is at the start of a line, or directly after the previous statement.

        `sentence` is the position in `text` where its sentence starts, if that is before the match.
        """
        at = self.match.start() if sentence is None else sentence
        earliest = max(0, at - _LONGEST_GAP)
        line = self.text.rfind(b"\n", earliest, at) + 1
        is_start_seen = line > 0 or self.base + earliest == 0
        return self._is_noise(self.previous_end, at) or (is_start_seen and self._is_noise(self.base + line, at))

    def directly_after(self, end: int, *, heading: bool = False) -> bool:
        """Return whether only noise separates the statement from the offset `end`.

        `heading` also allows the punctuation around a title.
        """
        return self._is_noise(end, self.match.start(), _REST_OF_HEADING if heading else _ONLY_NOISE)

    def _is_noise(self, start: int, at: int, pattern: re.Pattern[bytes] = _ONLY_NOISE) -> bool:
        gap = self.base + at - start
        return 0 <= gap <= _LONGEST_GAP and pattern.fullmatch(self.text, at - gap, at) is not None

    def line(self) -> str:
        """Return the statement's line, cleaned. A very long line is cut around the statement."""
        at = self.match.start()
        # One byte more than is shown on each side tells whether the window ends between two words.
        earliest, latest = max(0, at - _LONGEST_LINE), at + 2 * _LONGEST_LINE
        start = max(self.text.rfind(b"\n", earliest, at) + 1, earliest)
        end = self.text.find(b"\n", at, latest)
        line = self.text[start : end if end >= 0 else latest]
        at -= start
        return "".join(clean_lines(window(line, at - _LONGEST_LINE // 2, at + _LONGEST_LINE)))


class Rule(NamedTuple):
    """What to search for: a keyword, the pattern that starts with it, and the handler of a statement."""

    keyword: bytes
    pattern: bytes
    handler: Callable[[Statement], None]


# Parts that several keywords share, so that one search finds all of them.
_SHARED = (b"travis_", b"d cache", b"d workspace", b"e uploaded", b" has been ")


class _Search(NamedTuple):
    """A rule as it is searched for. The keyword starts `lead` bytes before the part that is searched."""

    lead: int
    keyword: bytes
    pattern: re.Pattern[bytes]
    handler: Callable[[Statement], None]


class Scanner:
    """Calls the rules' handlers for the statements in a text that is fed in chunks, in the order of the log.

    Only keywords are searched, and patterns are matched only at keywords. Little text is kept.
    """

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._searches: dict[bytes, list[_Search]] = {}
        for keyword, pattern, handler in rules:
            part = next((part for part in _SHARED if part in keyword), keyword)
            search = _Search(keyword.index(part), keyword, re.compile(pattern), handler)
            self._searches.setdefault(part, []).append(search)
        self._raw = b""
        self._base = 0
        self._read_until = 0
        self._previous_end = 0

    def feed(self, text: bytes, *, final: bool) -> None:
        """Read the next chunk. A statement that may continue in a later chunk is handled then."""
        self._raw += text
        # A carriage return may be anywhere, so the text is searched without them.
        text = self._raw.replace(b"\r", b"")
        start = self._read_until - self._base
        limit = len(text) if final else max(start, len(text) - LONGEST_STATEMENT)
        for match, handler in self._found(text, start, limit):
            handler(Statement(match, text, self._base, self._previous_end))
            if match[0] != b"$ ":
                self._previous_end = self._base + match.end()
        self._read_until = self._base + limit

    def forget(self) -> None:
        """Drop the text that no later statement can need. Call it after each `feed`."""
        keep = max(0, self._read_until - self._base - HISTORY_BYTES)
        self._raw = self._raw[self._in_raw(keep) :]
        self._base += keep
        if len(self._raw) > _MAX_KEPT:
            self._raw = _RETURNS.sub(b"\r", self._raw)

    @property
    def kept_bytes(self) -> int:
        """The number of bytes of text in memory."""
        return len(self._raw)

    def lines_between(self, start: int, end: int) -> list[str]:
        """Return the cleaned lines between two offsets in the log, as far as the text is kept."""
        first, last = self._in_raw(max(0, start - self._base)), self._in_raw(end - self._base)
        line, last_line = (self._raw.rfind(b"\n", 0, at) + 1 for at in (first, last))
        # Quoting and indentation can only be removed from whole lines.
        if _ONLY_NOISE.fullmatch(self._raw, line, first):
            first = line
        if _ONLY_NOISE.fullmatch(self._raw, last_line, last):
            last = max(first, last_line)
        return clean_lines(self._raw[first:last])

    def _found(self, text: bytes, start: int, limit: int) -> list[tuple[re.Match[bytes], Callable[[Statement], None]]]:
        found: list[tuple[re.Match[bytes], Callable[[Statement], None]]] = []
        for part, rules in self._searches.items():
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
        """Convert an offset in the text without carriage returns to one in the raw text."""
        at = position
        while (moved := position + self._raw.count(b"\r", 0, at)) != at:
            at = moved
        return at


def clean_lines(raw: bytes) -> list[str]:
    """Return the lines that are not blank as a terminal shows them, without quoting and common indentation."""
    shown = [_shown(line) for line in _pasted(raw.split(b"\n")) if not QUOTED.fullmatch(line.rstrip())]
    # The first line may have lost its quoting. Output may contain single lines that only look quoted.
    while shown and all(map(_QUOTING.match, shown[1:] or shown)):
        shown = [_QUOTING.sub(b"", line, count=1) for line in shown]
    texts = [_UNPRINTABLE.sub("", line.decode("utf-8", "replace")).rstrip() for line in shown]
    texts = [first_words(text, _LONGEST_LINE) for text in texts if text]
    indent = min((len(text) - len(text.lstrip()) for text in texts), default=0)
    return [text[indent:] for text in texts]


def _pasted(lines: list[bytes]) -> list[bytes]:
    """Return the lines without what people put around a pasted log: code fences or quote marks, and prose before them.

    Behind the echo of a command, such a line may be its output.
    """
    frames = [number for number, line in enumerate(lines) if _FRAME.fullmatch(line)]
    if not frames or any(_ECHO.match(line) for line in lines[: frames[0]]):
        last = len(lines) - 1
        return lines[:last] if frames and frames[-1] == last else lines
    is_open = any(line.strip() for line in lines[frames[0] + 1 :])
    return lines[frames[0] + 1 : frames[1] if len(frames) > 1 else None] if is_open else lines[: frames[0]]


def _shown(line: bytes) -> bytes:
    """Return the line without markers. Of an overwritten progress bar only the last state is kept."""
    start = QUOTED.match(line)
    head = start[0] if start else b""
    rest = _LEADING_MARKS.sub(b"", line[len(head) :].rstrip(b"\r \t"), count=1)
    overwritten, _, part = rest.rpartition(b"\r")
    if overwritten:
        part = part.lstrip()
    return head + _MARKS.sub(b"", window(part, len(part) - 2 * _LONGEST_LINE, len(part)))
