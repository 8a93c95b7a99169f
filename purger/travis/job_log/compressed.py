"""Decompress a log that was kept as a gzip file, in constant memory."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

_MARK = b"\x1f\x8b"
_GZIP = 16 + zlib.MAX_WBITS


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
