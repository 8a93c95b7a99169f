"""Decompress a log that was kept as a gzip file, in constant memory, and name files of other kinds that are no text."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

_MARK = b"\x1f\x8b"
_GZIP = 16 + zlib.MAX_WBITS
_OTHERS = {
    b"PK\x03\x04": "a ZIP archive or a document of an office program",
    b"BZh": "a bzip2 file",
    b"\xfd7zXZ\0": "an xz file",
    b"\x28\xb5\x2f\xfd": "a Zstandard file",
    b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive",
    b"%PDF-": "a PDF document",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
}


def kind_of(first: bytes) -> str | None:
    """Return what a file is that begins with this, where it is no text and not read; None for any other."""
    return next((kind for mark, kind in _OTHERS.items() if first.startswith(mark)), None)


def decompressed(chunks: Iterable[bytes], most_bytes: int) -> Iterator[bytes]:
    """Yield what the chunks hold, in chunks of at most `most_bytes` where it was compressed.

    The first chunk decides. A file that is cut, or broken, ends there.
    """
    decoder = None
    for number, chunk in enumerate(chunks):
        if number == 0 and chunk.startswith(_MARK):
            decoder = zlib.decompressobj(_GZIP)
        if decoder is None:
            yield chunk
            continue
        data, piece = chunk, b""
        while data or len(piece) == most_bytes:
            try:
                piece = decoder.decompress(data, most_bytes)
            except zlib.error:
                return
            yield piece
            data = decoder.unconsumed_tail
            if decoder.eof:  # another file may follow, as where several were joined
                data = decoder.unused_data
                decoder = zlib.decompressobj(_GZIP)
