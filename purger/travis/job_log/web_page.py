"""Take the text out of a web page's source: a whole page that somebody saved, or a piece of one."""

from __future__ import annotations

import html
import re

from purger.travis.job_log.pieces import Converter, before

_LINE_TAG = re.compile(rb"<(?:br|/?(?:div|p|tr|li|pre|details|summary|blockquote))\b[^<>\n]{0,300}>\n?", re.IGNORECASE)
_OTHER_TAG = re.compile(rb"</?(?:span|a|code|b|i|em|strong|td|font|wbr)\b[^<>\n]{0,300}>", re.IGNORECASE)
_ANY_TAG = re.compile(rb"<[/!?]?[a-z][^<>]{0,4000}>", re.IGNORECASE)
_LONGEST_TAG = 320
# A line end directly behind a tag belongs to it, too.
_CUT_TAG = re.compile(rb"(?:<[^<>\n]*>?|&[^;&\s]{0,8})\Z")
_ENTITY = re.compile(rb"&(?:#\d{1,7}|#[xX][\da-fA-F]{1,6}|[a-zA-Z]{2,7});")
# What a browser does not show as a part of the page.
_HIDDEN = re.compile(rb"<(head|script|style)(?=[\s>])", re.IGNORECASE)
_LONGEST_END = 16


class TaggedText(Converter):
    """Takes a piece of a web page's source, whose lines end in tags, in pieces of any size; returns its text."""

    def __init__(self) -> None:
        super().__init__(self._untagged, before(_CUT_TAG, _LONGEST_TAG))

    def _untagged(self, data: bytes) -> bytes:
        data = _OTHER_TAG.sub(b"", _LINE_TAG.sub(b"\n", data))
        return _ENTITY.sub(_character, data)


class PageText(TaggedText):
    """Takes the source of a whole page: any tag ends a line, and what a browser does not show is left out."""

    def __init__(self) -> None:
        super().__init__()
        self._cut = b""
        self._end_of_hidden: re.Pattern[bytes] | None = None

    def feed(self, data: bytes) -> bytes:
        """Read the next piece; return the text that is complete."""
        data, shown = self._cut + data, b""
        while found := (self._end_of_hidden or _HIDDEN).search(data):
            if self._end_of_hidden is None:
                shown += data[: found.start()]
                self._end_of_hidden = re.compile(rb"</" + found[1] + rb"\s{0,4}>", re.IGNORECASE)
            else:
                self._end_of_hidden = None
            data = data[found.end() :]
        begun = data.rfind(b"<", max(0, len(data) - _LONGEST_END))
        cut = begun if begun >= 0 else len(data)
        self._cut = data[cut:]
        return super().feed(shown if self._end_of_hidden else shown + data[:cut])

    def finish(self) -> bytes:
        """Return the rest of the text."""
        rest = b"" if self._end_of_hidden else self._cut
        return super().feed(rest) + super().finish()

    def _untagged(self, data: bytes) -> bytes:
        return super()._untagged(_ANY_TAG.sub(b"\n", _OTHER_TAG.sub(b"", data)))


def _character(entity: re.Match[bytes]) -> bytes:
    return html.unescape(entity[0].decode()).replace("\xa0", " ").encode("utf-8", "replace")
