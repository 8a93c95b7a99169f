"""Undo what other tools did to a log: prefixes of its lines, wrapped lines, characters that look like others."""

from __future__ import annotations

import re
from collections import Counter

from purger.travis.job_log.pieces import Converter, before
from purger.travis.job_log.text import QUOTING
from purger.travis.job_log.wrapped_lines import WrappedLines, one_line, wrapped_width

HEAD_BYTES = 64 * 1024
"""How many bytes decide what stands before each line. It is decided once, so that chunk boundaries can't change it."""

_MOST_PREFIXES = 4
_MOST_LINES = 2000
_SHARE = 0.9
"""The share of lines that has to begin with a prefix. The others may be what people wrote around the log."""
_FIRST_LINES = 10
_LONGEST_PREFIX = 512

_TIME = rb"\d{1,2}:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?: ?[AP]M)?"
_ZONE = rb"(?: ?(?:Z|UTC|GMT|[+\-]\d\d:?\d\d))?"
_MOMENT = (
    rb"(?:(?:\d{4}[\-/])?\d\d[\-/]\d\d[T ,]{1,3}|\d{1,2}[/.]\d{1,2}[/.]\d{4}[ ,]{1,3}"
    rb"|(?:[A-Z][a-z]{2} )?[A-Z][a-z]{2} +\d{1,2} |\d{1,2} [A-Z][a-z]{2} (?:\d{4} )?)?"
    + _TIME + _ZONE + rb"|\d{10}(?:\.\d{1,9})?|\d{1,8}\.\d{3,9}"
)  # fmt: skip
_END_OF_PREFIX = rb"(?:[ \t]*[|:]|[ \t]+-(?=[ \t]))?[ \t]?"
_STAMP = QUOTING + rb"(?:[\[(<] {0,8}(?:" + _MOMENT + rb")[\])>]|(?:" + _MOMENT + rb")(?![\w.]))" + _END_OF_PREFIX
# Of one kind on all lines: of a bare number, a hyphen behind the blank begins what a terminal wrapped.
_NUMBERS = tuple(
    QUOTING + rb"(?:[Ll](?:ine )?)?\d{1,7}(?:" + sign + rb"|(?=\n|\Z))[ \t]?"
    for sign in (rb"[ \t]*(?:[:|)\]\-]|\xe2\x94\x82|\xe2\x86\x92)", rb"\.?[ \t]")
)
_OTHERS = (
    rb"\[[ \w./:\-]{1,100}\][ \t]?",
    rb"<[\w.\-]{1,40}>[ \t]",
    rb"[\w.\-]{1,60}[ \t]*\|[ \t]?",
    rb"[^\s:|]{1,200}[:\-]\d{1,7}[:\-]",  # grep with context
    rb"[^\t\n]{1,100}\t",
)
_QUOTED_OTHERS = tuple(QUOTING + rb"(?!travis_)" + one for one in _OTHERS)
_LEVELS = rb"(?:TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|FATAL)\b"
_LEVEL = QUOTING + _LEVELS + rb"(?: (?!travis_)[\w.\-]{1,40}(?=:))?:?[ \t]*"
# What was put before the lines of a log is known by what only Travis CI writes behind it, or by two of the cache tool's
# sentences: one alone may be another program's.
_OF_TRAVIS = re.compile(
    rb"travis_(?:fold|time):|Worker information|Using worker:|Build system information|Setting up build cache|"
    rb"The command \"|Done\. Your build "
)
_OF_THE_TOOL = tuple(
    map(
        re.compile,
        (
            rb"attempting to download (?:cache|workspace)",
            rb"fetching [^\n]{1,600}\.t[gb]z",
            rb"(?:found|could not download) (?:cache|workspace)",
            rb"store build cache",
            rb"changes detected, packing",
        ),
    )
)

_OF_A_LOG = re.compile(b"|".join(one.pattern for one in (_OF_TRAVIS, *_OF_THE_TOOL)))
_VARYING = {
    re.compile(rb"(?:\\[ \t])+"): rb"[ \t]*",
    re.compile(rb"(?::|\\-)\d+(?::|\\-)"): rb"[:\-]\d+[:\-]",  # grep with context
    # The text may be glued to a decimal number.
    re.compile(rb"\b(?:0x)?[\da-f]*\d[\da-f]*\b|\d+"): rb"(?:\b(?:0x)?[\da-f]+\b|\d+)",
    re.compile(_LEVELS): _LEVELS,
}
"""What differs from line to line in an escaped prefix, and its pattern."""
_LONGEST_LEARNED = 120
_MOST_LEARNED = 3

# Line ends, blanks, what a word processor makes of quotation marks and hyphens, and what is invisible: soft hyphens,
# joiners, marks of direction. Without groups it is fast.
_LOOKALIKE = re.compile(
    rb"\xc2[\x85\xa0\xad]|\xe2\x80[\x80-\x91\x9c\x9d\xa8-\xaf]|\xe2\x81[\x9f-\xa9]|\xe3\x80\x80|\xef\xbb\xbf|\xef\xb8[\x80-\x8f]"
)
_LINE_ENDS = frozenset("\x85\u2028\u2029")
_BLANKS = frozenset("\xa0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000")
_TYPOGRAPHIC = {"\u2010": b"-", "\u2011": b"-", "\u201c": b'"', "\u201d": b'"'}
_CUT_CHARACTER = re.compile(rb"(?:[\xc2\xe3\xef]|[\xe2\xe3\xef][\x80-\xbf]?)\Z")


class PastedText:
    """Takes a log's text, fed in chunks of any size, and returns it as the job's own tools wrote its lines."""

    def __init__(self) -> None:
        self._characters = Converter(_readable, before(_CUT_CHARACTER, 2))
        self._held = b""
        self._is_decided = False
        self._is_in_line = False
        self._has_returns_alone = False
        self._prefix: re.Pattern[bytes] | None = None
        self._wrapped: WrappedLines | None = None

    def feed(self, text: bytes) -> bytes:
        """Read the next chunk; return the text that is complete."""
        self._held += self._with_line_ends(self._characters.feed(text))
        if not self._is_decided and len(self._held) < HEAD_BYTES:
            return b""
        self._decide()
        # A prefix may be cut off, too. A longer beginning of a line holds all of it.
        earliest = max(0, len(self._held) - _LONGEST_PREFIX)
        end = self._held.rfind(b"\n", earliest) + 1 or (len(self._held) if earliest else 0)
        text, self._held = self._held[:end], self._held[end:]
        text = self._without_prefixes(text)
        return self._wrapped.feed(text) if self._wrapped else text

    def finish(self) -> bytes:
        """Return the rest of the text."""
        self._held += self._characters.finish()
        self._decide()
        text, self._held = self._held, b""
        text = self._without_prefixes(text)
        return self._wrapped.feed(text) + self._wrapped.finish() if self._wrapped else text

    @property
    def kept_bytes(self) -> int:
        """The number of bytes that wait for the next chunk."""
        return len(self._held) + len(self._characters.held) + (self._wrapped.kept_bytes if self._wrapped else 0)

    def _decide(self) -> None:
        if not self._is_decided:
            head = self._held[:HEAD_BYTES]
            # Old editors end lines with carriage returns alone; in other logs these only overwrite lines.
            self._has_returns_alone = b"\n" not in head and head.count(b"\r") > 1
            self._held = self._with_line_ends(self._held)
            head = self._held[:HEAD_BYTES]
            self._prefix, self._is_decided = _prefix_of(head), True
            lines = (self._prefix.sub(b"", head) if self._prefix else head).split(b"\n")
            width = wrapped_width(lines)
            self._wrapped = one_line(lines) or (WrappedLines(width) if width else None)

    def _with_line_ends(self, text: bytes) -> bytes:
        return text.replace(b"\r", b"\n") if self._has_returns_alone else text

    def _without_prefixes(self, text: bytes) -> bytes:
        if self._prefix is None or not text:
            return text
        start = (text.find(b"\n") + 1 or len(text)) if self._is_in_line else 0
        self._is_in_line = not text.endswith(b"\n")
        return text[:start] + self._prefix.sub(b"", text[start:])


def _readable(text: bytes) -> bytes:
    """Return the text with plain line ends and blanks, and without invisible characters."""
    return text if text.isascii() else _LOOKALIKE.sub(_plain, text)


def _plain(lookalike: re.Match[bytes]) -> bytes:
    character = lookalike[0].decode()
    if character in _TYPOGRAPHIC:
        return _TYPOGRAPHIC[character]
    return b"\n" if character in _LINE_ENDS else b" " if character in _BLANKS else b""


def _prefix_of(head: bytes) -> re.Pattern[bytes] | None:
    """Return the pattern of what stands before nearly every line, or None."""
    lines, found = [line for line in head.split(b"\n") if line.strip()][:_MOST_LINES], list[bytes]()
    if _is_of_a_log(lines):
        return None
    while len(lines) > 1 and len(found) < _MOST_PREFIXES:
        patterns = (_STAMP, *_NUMBERS, *_QUOTED_OTHERS, *_learned(lines), _LEVEL)
        pattern = next((one for one in patterns if _begins_most(one, lines)), None)
        if pattern is None:
            break
        found.append(pattern)
        shorter = (re.sub(rb"\A" + pattern, b"", line, count=1) for line in lines)
        lines = [line for line in shorter if line.strip()]
    prefix = re.compile(rb"^" + b"".join(rb"(?:%b)?" % pattern for pattern in found), re.MULTILINE)
    return prefix if found and _is_of_a_log(lines) else None


def _begins_most(pattern: bytes, lines: list[bytes]) -> bool:
    """Return whether nearly all lines begin with the pattern, and not only those after a log's own beginning."""
    begins = re.compile(pattern).match
    first = [begins(line) is not None for line in lines[:_FIRST_LINES]]
    if 2 * sum(first) < len(first):
        return False
    has = sum(begins(line) is not None for line in lines)
    return has >= _SHARE * len(lines) - (len(lines) > 2)  # a person may have written one of them


def _learned(lines: list[bytes]) -> list[bytes]:
    """Return patterns of what stands most often before what only a log of Travis CI holds, without marks of quoting."""
    found = ((line, _OF_A_LOG.search(line)) for line in lines)
    starts = (line[: match.start()] for line, match in found if match and match.start() <= _LONGEST_LEARNED)
    shapes = Counter(map(_shape_of, filter(None, (start.rstrip(b" \t>") for start in starts))))
    return [shape + rb"[ \t]?" for shape, _ in shapes.most_common(_MOST_LEARNED)]


def _shape_of(prefix: bytes) -> bytes:
    """Return the pattern of a prefix, in which numbers, levels and the width of blanks vary."""
    shape = re.escape(prefix)
    for varying, pattern in _VARYING.items():
        shape = varying.sub(pattern.replace(b"\\", rb"\\"), shape)
    return shape


def _is_of_a_log(lines: list[bytes]) -> bool:
    bare = [line.lstrip(b" \t>") for line in lines]
    if any(map(_OF_TRAVIS.match, bare)):
        return True
    return sum(any(map(one.match, bare)) for one in _OF_THE_TOOL) > 1
