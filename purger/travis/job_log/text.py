"""Convert every form of a job's log (text, JSON, escaped strings, UTF-16) to plain text, in constant memory."""

from __future__ import annotations

import codecs
import json
import re
from functools import partial
from typing import Protocol

from purger.travis.job_log.mail import MailText
from purger.travis.job_log.pieces import Converter, before
from purger.travis.job_log.web_page import PageText, TaggedText

HEAD_BYTES = 64 * 1024
"""How many bytes decide the form. It is decided once, so that chunk boundaries cannot change it."""

_MOST_LAYERS = 3
_LONGEST_CODE = 300
_LONGEST_ESCAPE = 12
_LONGEST_SPELLED = 24

# A code may contain carriage returns, as in terminals.
_CODE = re.compile(
    rb"\x1b\r{0,4}(?:\[[\r0-?]{0,64}[ -/]{0,4}[@-~]"  # colours, cursor, erasing
    rb"|[\]_P^][^\x07\x1b]{0,200}(?:\x07|\x1b\\)"  # window titles, and what other CI services put into their logs
    rb"|[()*+][\r0-9A-Za-z]|[=>78cDEHMNOZ])"  # character sets, keypad
)
# What is left of a code if its escape character was lost in copying, or was made visible, as a carriage return may be.
LOST_CODE = (
    rb"(?:\^M|(?:\^\[|\xe2\x90\x9b)\[[\d;?]*[A-Za-z]|(?<![\\]x1b)(?<![\\]033)(?<![\\]e)(?<!u001b)\[\d[\d;]*[mKGJ])"
)
QUOTING = rb"(?>(?:[ \t]*(?:>|&gt;))*)[ \t]*+"
"""What people put before all lines of a log alike: marks of quoting, the indentation of code."""
QUOTED = re.compile(QUOTING)
_SPELLED_CODE = rb"(?:\\e|\\033|\\x1[bB]|\\u001[bB]|<?ESC>?)\[[\d;?]*[A-Za-z]"
_SPELLED = re.compile(_SPELLED_CODE)
# Codes that somebody's tool spelled are before the log's own sentences; what a job prints holds others, further down.
_SPELLED_IN_LOG = re.compile(
    rb"[ \t]*+(?:travis_fold:start:[a-z_.]{1,40}(?:\^M)?)?(?:"
    + _SPELLED_CODE
    + rb")+(?:travis_(?:fold|time):|Worker information|Setting up build cache|attempting to download |fetching \S)"
)
_FIRST_LINES = 10
_CUT_CODE = re.compile(rb"(?:\\[^\n\\]{0,20}|<?E(?:S(?:C>?(?:\[[\d;?]*)?)?)?|<)\Z")
_MARK = re.compile(rb"\A(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)+")
"""Byte-order marks, as editors and shells write them."""
_MARKS_OF_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_WEB_PAGE = re.compile(rb"<(?:!doctype|html|head|\?xml)\b", re.IGNORECASE)
_JSON_OBJECT = re.compile(rb"[\[{][\[{\s]*\"")
_JSON_STRING = re.compile(rb"\[?\s*\"(?>(?:[^\"\\\n]++|\\.)*)(?:\"|\\?\Z)")
_JSON_KEYS = re.compile(rb"\"(?:content|body|log|log_parts|parts|@type)\"\s*:")
_TEXT_KEYS = (b"content", b"body", b"log")
_BREAK = re.compile(rb"<br ?/?>", re.IGNORECASE)
_ELEMENT = re.compile(
    rb"<(?:pre|code|div|span|p|ol|ul|li|table|tr|td|details|blockquote)\b[^<>]{0,300}>", re.IGNORECASE
)
# A web page's source without its tags, or behind a person's words.
_ENTITY_IN_LOG = re.compile(rb"The command &(?:quot|#34);|Cloning into &#(?:39|x27);")
_STRUCTURE = re.compile(rb"[\"{}\[\]:,]")
_UNICODE_ESCAPES = re.compile(rb"(?:\\u[0-9a-fA-F]{4})+")
_DEEPEST_NESTING = 64


class _Form(Protocol):
    """Takes a log of one form, in pieces, and returns the text in it."""

    held: bytes

    def feed(self, data: bytes) -> bytes: ...

    def finish(self) -> bytes: ...


class _Plain:
    """The form of plain text."""

    def __init__(self) -> None:
        self.held = b""

    def feed(self, data: bytes) -> bytes:
        return data

    def finish(self) -> bytes:
        return b""


class _Layer:
    """Converts one form to text, and what that holds again: a copied string may hold another."""

    def __init__(self, deepest: int) -> None:
        self._deepest = deepest
        self._head = bytearray()
        self._form: _Form | None = None
        self._next: _Layer | None = None

    def feed(self, data: bytes) -> bytes:
        """Read the next chunk; return the text that is complete."""
        if self._form is None:
            self._head += data
            return b"" if len(self._head) < HEAD_BYTES else self._begun()
        text = self._form.feed(data)
        return self._next.feed(text) if self._next else text

    def finish(self) -> bytes:
        """Return the rest of the text."""
        begun = b"" if self._form else self._begun()
        assert self._form is not None  # noqa: S101 # for the type checker: _begun has set it
        rest = self._form.finish()
        return begun + (self._next.feed(rest) + self._next.finish() if self._next else rest)

    @property
    def kept_bytes(self) -> int:
        """The number of bytes that wait for the next chunk."""
        kept = len(self._head) + (len(self._form.held) if self._form else 0)
        return kept + (self._next.kept_bytes if self._next else 0)

    def _begun(self) -> bytes:
        head, self._head = bytes(self._head), bytearray()
        self._form = _form_of(head[:HEAD_BYTES])
        if self._deepest and type(self._form) is not _Plain:
            self._next = _Layer(self._deepest - 1)
        return self.feed(_MARK.sub(b"", head))


class _Utf16:
    """Decodes bytes that begin with the byte-order mark of UTF-16, and returns all others as they are."""

    def __init__(self) -> None:
        self.held = b""
        self._is_decided = False
        self._decoder: codecs.IncrementalDecoder | None = None

    def feed(self, data: bytes, *, final: bool = False) -> bytes:
        """Read the next chunk; return the text that is complete."""
        if not self._is_decided:
            data, self.held = self.held + data, b""
            if len(data) < len(_MARKS_OF_UTF16[0]) and not final:
                self.held = data
                return b""
            self._is_decided = True
            if data.startswith(_MARKS_OF_UTF16):
                self._decoder = codecs.getincrementaldecoder("utf-16")("replace")
        return self._decoder.decode(data, final).encode("utf-8", "replace") if self._decoder else data


class LogText:
    """Converts raw bytes, fed in chunks of any size, to text without escape codes.

    Carriage returns are kept, because the reader decides what they overwrite.
    """

    def __init__(self) -> None:
        self._utf16 = _Utf16()
        self._mail = MailText()
        self._layer = _Layer(_MOST_LAYERS)
        self._codes = Converter(_without_codes, _end_of_codes)

    def feed(self, data: bytes) -> bytes:
        """Read the next chunk; return the text that is complete."""
        # Zero bytes are garbage, or half of each character in a log saved as UTF-16 without a mark.
        text = self._mail.feed(self._utf16.feed(data).replace(b"\0", b""))
        return self._codes.feed(self._layer.feed(text))

    def finish(self) -> bytes:
        """Return the rest of the text."""
        last = self._mail.feed(self._utf16.feed(b"", final=True).replace(b"\0", b"")) + self._mail.finish()
        return self._codes.feed(self._layer.feed(last) + self._layer.finish()) + self._codes.finish()

    @property
    def kept_bytes(self) -> int:
        """The number of bytes that wait for the next chunk."""
        return len(self._utf16.held) + len(self._mail.held) + self._layer.kept_bytes + len(self._codes.held)


def _end_of_codes(data: bytes) -> int:
    """Return where the first escape code starts that is not complete, or the length of the data."""
    at = data.find(b"\x1b", max(0, len(data) - _LONGEST_CODE))
    while at >= 0:
        code = _CODE.match(data, at)
        if code is None and not data.startswith(b"\x1b\\", at):  # the end of a code that begins further up
            return at
        at = data.find(b"\x1b", code.end() if code else at + 1)
    return len(data)


def _without_codes(data: bytes) -> bytes:
    return _CODE.sub(b"", data) if b"\x1b" in data else data


def _form_of(head: bytes) -> _Form:
    start = head.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n>")
    if _WEB_PAGE.match(start):
        return PageText()
    if _JSON_OBJECT.match(start) and _JSON_KEYS.search(start):
        return _JsonForm()
    if _JSON_STRING.match(start) and b"\\" in start:
        return _JsonForm()
    # Logs can contain a few escaped line ends; only the inside of a copied string has hardly any others.
    if start.count(b"\\n") > 4 * max(start.count(b"\n"), len(_BREAK.findall(start))):
        return Converter(_unescaped, _unfinished_escape)
    if any(map(_SPELLED_IN_LOG.match, start.split(b"\n", _FIRST_LINES)[:_FIRST_LINES])):
        return Converter(partial(_SPELLED.sub, b""), before(_CUT_CODE, _LONGEST_SPELLED))
    if _ELEMENT.match(start) or _ENTITY_IN_LOG.search(start):
        return TaggedText()
    # In what a job prints there may be a few.
    if 2 * sum(len(line) for line in start.split(b"\n") if _BREAK.search(line)) > len(start):
        return TaggedText()
    return _Plain()


class _JsonForm:
    """A JSON document with the log as a whole, in parts, or as a single string.

    An API response contains the log twice, as a whole and in parts. The first one counts.
    """

    def __init__(self) -> None:
        self.held = b""
        self._nesting: list[bytes] = []
        self._in_string = False
        self._is_text = False
        self._last_string = b""
        self._key: bytes | None = None
        self._text_depth: int | None = None
        self._string = Converter(_unescaped, _unfinished_escape)

    def feed(self, data: bytes) -> bytes:
        data = self.held + data
        self.held = b""
        texts: list[bytes] = []
        at = 0
        while at < len(data):
            if self._in_string:
                at = self._read_string(data, at, texts)
            else:
                sign = _STRUCTURE.search(data, at)
                if sign is None:
                    break
                at = sign.end()
                self._read_sign(sign[0])
        return b"".join(texts)

    def finish(self) -> bytes:
        return self._string.finish()

    def _read_string(self, data: bytes, at: int, texts: list[bytes]) -> int:
        end = data.find(b'"', at)
        while end >= 0 and _backslashes_before(data, end, at) % 2:
            end = data.find(b'"', end + 1)
        is_open = end < 0
        if is_open:
            # A backslash at the end belongs to the first character of the next chunk.
            end = len(data) - _backslashes_before(data, len(data), at) % 2
        if self._is_text and end > at:
            self._text_depth = len(self._nesting)
            texts.append(self._string.feed(data[at:end]))
        else:
            self._last_string = (self._last_string + data[at:end])[:_DEEPEST_NESTING]
        if is_open:
            self.held = data[end:]
            return len(data)
        self._in_string = False
        if self._is_text:
            texts.append(self._string.finish())
            if self._nesting == [b"["]:
                texts.append(b"\n")
        return end + 1

    def _read_sign(self, sign: bytes) -> None:
        if sign == b'"':
            self._in_string = True
            self._last_string = b""
            named = self._key in _TEXT_KEYS if self._key is not None else self._nesting in ([], [b"["])
            self._is_text = named and self._text_depth in (None, len(self._nesting))
        elif sign == b":":
            self._key = self._last_string
        else:
            self._key = None
            if sign in b"{[" and len(self._nesting) < _DEEPEST_NESTING:
                self._nesting.append(sign)
            elif sign in b"}]" and self._nesting:
                self._nesting.pop()


def _backslashes_before(data: bytes, end: int, start: int) -> int:
    """Count the backslashes directly before `end`, not before `start`."""
    near = data[max(start, end - _LONGEST_ESCAPE) : end]
    count = len(near) - len(near.rstrip(b"\\"))
    if count < _LONGEST_ESCAPE:
        return count
    return end - start - len(data[start:end].rstrip(b"\\"))


def _unfinished_escape(data: bytes) -> int:
    """Return the start of an escape that the next chunk may continue, or the length of the data."""
    at = data.rfind(b"\\", max(0, len(data) - _LONGEST_ESCAPE))
    if at < 0:
        return len(data)
    if _backslashes_before(data, at + 1, 0) % 2 == 0:
        return len(data)
    return at - 6 if re.fullmatch(rb"\\u[dD][89abAB][0-9a-fA-F]{2}", data[max(0, at - 6) : at]) else at


def _unescaped(data: bytes) -> bytes:
    # Plain replacements: a function call for each escape would be five times slower.
    if b"\\" not in data:
        return data
    data = data.replace(b"\\\\", b"\0")  # zero bytes were removed before
    for escape, character in (
        (b"\\r\\n", b"\r\n"),
        (b"\\n", b"\n"),
        (b"\\r", b"\r"),
        (b"\\t", b"\t"),
        (b'\\"', b'"'),
        (b"\\/", b"/"),
        (b"\\u001b", b"\x1b"),
        (b"\\x1b", b"\x1b"),
        (b"\\033", b"\x1b"),
        (b"\\e[", b"\x1b["),
    ):
        data = data.replace(escape, character)
    if b"\\u" in data:
        data = _UNICODE_ESCAPES.sub(_characters, data)
    return data.replace(b"\0", b"\\")


def _characters(escapes: re.Match[bytes]) -> bytes:
    return str(json.loads(b'"' + escapes[0] + b'"')).replace("\0", "").encode("utf-8", "replace")
