"""Tell where somebody cut lines out of a log: `...`, `[... 200 lines cut ...]`, `<snip>`."""

from __future__ import annotations

import re
from enum import Enum, auto

FRAMED_LINE = (
    rb"\n[ \t>]*(?:\d{1,7}[ \t]+)?([\[(<{*=#~\-./|_\\`&\xe2\x85][^\n]{0,110}"
    rb"|(?:[Ss]nip(?:ped)?|SNIP(?:PED)?)[ \t.!:]*)(?=\n|\Z)"
)
"""A short line that begins with no letter, as nearly all that people write in the place of others, or is that word."""

_DOTS = re.compile(rb"[ \t>]*(?:\.|\.{3,6}|\. \. \.|\xe2\x80\xa6|\xe2\x8b[\xae\xaf])[ \t]*")
_HAS_DOTS = re.compile(rb"(?<!\.)\.{3,4}(?!\.)|\xe2\x80\xa6|8<|>8")
_BRACKETED = re.compile(rb"[ \t>]*[-.]*(?:\[.*\]|<.*>|\(.*\)|\{.*\}|\.{3}.*\.{3})[-.]*[ \t]*")
_DOTS_AT_AN_END = re.compile(rb"[ \t>]*[\[(<{] ?(?:\.{3}|\xe2\x80\xa6)|(?:\.{3}|\xe2\x80\xa6) ?[\])>}][ \t]*\Z")
_WORD = re.compile(rb"[a-z0-9']+")
_MOST_WORDS = 8
# What Markdown and web pages write for the same characters, and the ellipsis of Windows' old character set.
_SPELLINGS = (
    (re.compile(rb"&lt;"), b"<"),
    (re.compile(rb"&gt;"), b">"),
    (re.compile(rb"&hellip;|(?<![\x80-\xff])\x85(?![\x80-\xbf])"), "…".encode()),
    (re.compile(rb"[\\`]"), b""),
)
_MUCH = frozenset(b"lots more many rest several long".split())
_OF_A_CUT = frozenset(
    b"snip snipped cut omitted truncated skipped skipping removed deleted hidden elided left out stripped trimmed "
    b"redacted lines".split()
)
_BESIDES = frozenset(
    b"some many more other few several the rest of a row rows log output text part kb mb bytes was were is are been "
    b"have has here for brevity lots long and so on middle etc 8".split()
)


class Cut(Enum):
    """What may stand in the place of other lines: only dots, which a program may print, too, or words about it."""

    DOTS = auto()
    WORDS = auto()


def cut_of(line: bytes) -> Cut | None:
    """Return what a framed line says about lines that were in its place, or None."""
    for spelling, character in _SPELLINGS:
        line = spelling.sub(character, line)
    if _DOTS.fullmatch(line):
        return Cut.DOTS
    words = {word for word in _WORD.findall(line.lower()) if not word.isdigit()}
    if words <= _OF_A_CUT | _BESIDES and (words & _OF_A_CUT or _HAS_DOTS.search(line)):
        return Cut.WORDS
    if not _BRACKETED.fullmatch(line) or len(words) > _MOST_WORDS:
        return None
    tells_how_much = len(words) > 1 and words & _MUCH and words <= _BESIDES
    return Cut.WORDS if words & _OF_A_CUT or tells_how_much or _DOTS_AT_AN_END.search(line) else None
