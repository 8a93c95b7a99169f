"""Take the text out of a mail, or out of a web page that a browser saved in the form of one, in constant memory."""

from __future__ import annotations

import binascii
import re

_FIRST_LINE = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:From |(?:X-[\w\-]+|ARC-[\w\-]+|Return-Path|Delivered-To|Received|From|To|Date|Subject|"
    rb"Message-ID|MIME-Version|DKIM-Signature|Content-[\w\-]+):)",
    re.IGNORECASE,
)
_LONGEST_FIRST = 64
_END_OF_HEADERS = re.compile(rb"\r?\n\r?\n")
_HEADERS = re.compile(rb"(?:\xef\xbb\xbf)?(?:From [^\n]*\n)?(?:[!-9;-~]+:[^\n]*(?:\n[ \t][^\n]*)*(?:\n|\Z))+")
_OF_PARTS = re.compile(rb"^(?:MIME-Version|Content-[\w\-]+):", re.IGNORECASE | re.MULTILINE)
_TYPE = re.compile(rb"^Content-Type:\s*([\w\-+.]+/[\w\-+.]+)", re.IGNORECASE | re.MULTILINE)
_ENCODING = re.compile(rb"^Content-Transfer-Encoding:\s*([\w\-]+)", re.IGNORECASE | re.MULTILINE)
_BOUNDARY = re.compile(rb"\bboundary=(?:\"([^\"\n]{1,100})\"|([^\s;\"]{1,100}))", re.IGNORECASE)
_FLOWED = re.compile(rb"^Content-Type:[^\n]*\bformat=\"?flowed\b", re.IGNORECASE | re.MULTILINE)
"""Of a line that ends with a blank, the next one is the rest (RFC 3676); the blank is its own, or is added."""
_FLOWS = re.compile(rb">*+ ?+[^\n]* ")
"""Such a line; of an empty one that is quoted, the blank belongs to the marks."""
_ADDS_BLANKS = re.compile(rb"^Content-Type:[^\n]*\bdelsp=\"?yes\b", re.IGNORECASE | re.MULTILINE)
_TEXT = frozenset({b"text/plain", b"application/octet-stream"})
"""What a log is sent as; a page only where it is not the same text once more."""
_LONGEST = 64 * 1024


class MailText:
    """Takes bytes, fed in pieces of any size, and returns the text in them, decoded; what is no mail as it is."""

    def __init__(self) -> None:
        self.held = b""
        self._is_mail: bool | None = None
        self._boundaries: set[bytes] = set()
        self._headers: list[bytes] | None = []
        self._encoding = b""
        self._is_wanted = self._has_text = self._is_flowed = self._adds_blanks = self._is_line_open = False

    def feed(self, data: bytes) -> bytes:
        """Read the next piece; return the text that is complete."""
        if self._is_mail is False:
            return data
        self.held += data
        if self._is_mail is None:
            self._is_mail = _is_mail(self.held)
        if not self._is_mail:
            return b"" if self._is_mail is None else self._rest()
        *lines, self.held = self.held.split(b"\n")
        if len(self.held) > _LONGEST:  # no line of a mail
            lines.append(self._rest())
        return b"".join(map(self._text_in, lines))

    def finish(self) -> bytes:
        """Return the rest of the text."""
        rest = self._rest()
        return self._text_in(rest).removesuffix(b"\n") if self._is_mail else rest

    def _rest(self) -> bytes:
        rest, self.held = self.held, b""
        return rest

    def _text_in(self, line: bytes) -> bytes:
        bare = line.rstrip(b"\r")
        if bare.startswith(b"--") and {bare[2:], bare[2:-2]} & self._boundaries:
            self._headers = []
        elif self._headers is not None:
            self._read_header(bare)
        elif self._is_wanted:
            return self._decoded(bare)
        return b""

    def _read_header(self, line: bytes) -> None:
        assert self._headers is not None  # noqa: S101 # for the type checker
        if line:
            self._headers.append(line[:_LONGEST])
            return
        headers, self._headers = re.sub(rb"\n[ \t]+", b" ", b"\n".join(self._headers)), None
        kind = found[1].lower() if (found := _TYPE.search(headers)) else b"text/plain"
        self._encoding = found[1].lower() if (found := _ENCODING.search(headers)) else b""
        self._is_flowed = _FLOWED.search(headers) is not None
        self._adds_blanks = _ADDS_BLANKS.search(headers) is not None
        self._boundaries |= {one[1] or one[2] for one in _BOUNDARY.finditer(headers)}
        self._is_wanted = kind in _TEXT or (kind == b"text/html" and not self._has_text)
        self._has_text |= self._is_wanted
        if kind == b"message/rfc822":  # a mail in the mail, with headers of its own
            self._headers = []

    def _decoded(self, line: bytes) -> bytes:
        end = b"\n"
        match self._encoding:
            case b"quoted-printable":
                line = line.rstrip(b" \t")
                end = b"" if line.endswith(b"=") else end
                line = binascii.a2b_qp(line)
            case b"base64":
                try:
                    return binascii.a2b_base64(line)
                except binascii.Error:
                    return b""
        goes_on, self._is_line_open = self._is_line_open, not end  # its beginning, with the marks, came before
        if end and self._is_flowed and (line.endswith(b" ") if goes_on else _FLOWS.fullmatch(line)):
            return line.removesuffix(b" ") if self._adds_blanks else line
        return line + end


def _is_mail(start: bytes) -> bool | None:
    """Return whether this is the beginning of a mail that has parts or an encoding; None where more is needed."""
    if len(start) < _LONGEST_FIRST:
        return None
    if _FIRST_LINE.match(start) is None:
        return False
    end = _END_OF_HEADERS.search(start)
    if end is None:
        return False if len(start) > _LONGEST else None
    headers = start[: end.start()]  # a line of a log among them shows that it is none
    return _HEADERS.fullmatch(headers) is not None and _OF_PARTS.search(headers) is not None
