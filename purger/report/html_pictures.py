"""The pictures of a page in its HTML report: read when they are shown, long ones cut off, within the page's size."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

MOST_HEIGHT = 3000
"""So many pixels, about fifty rows, are shown of a long page; the file beside the report has more of it."""
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of the page: its caption, and its data as an address, or words about why it is missing.

    `cut` is what is not shown of it.
    """

    caption: str
    data: str | None = None
    missing: str = ""
    cut: str = ""


class Pictures:
    """The pictures by `NAME before` and `NAME after`; those that are shown take `room_bytes` of the page at most."""

    def __init__(self, paths: Mapping[str, Path], room_bytes: int) -> None:
        self._paths = paths
        self._room_bytes = room_bytes

    def of(self, repository: str) -> list[Picture]:
        """Return the pictures of a repository; none where no file is known of it."""
        paths = {when: self._paths.get(f"{repository} {when.lower()}") for when in ("Before", "After")}
        return [self._picture(when, path) for when, path in paths.items()] if any(paths.values()) else []

    def _picture(self, caption: str, path: Path | None) -> Picture:
        if path is None:
            return Picture(caption, missing="There is no picture: the run ended before it was taken.")
        try:
            content, cut = top_of(path.read_bytes())
        except OSError as error:
            return Picture(caption, missing=f"The picture could not be read: {error.strerror or error}.")
        data = f"data:image/png;base64,{base64.b64encode(content).decode()}"
        if len(data) > self._room_bytes:
            return Picture(caption, missing=f"The picture is too large for this page: see {path.name} beside it.")
        self._room_bytes -= len(data)
        return Picture(caption, data, cut=f"{path.name} shows {cut:,} pixels more." if cut else "")


def top_of(png: bytes) -> tuple[bytes, int]:
    """Return the top of a PNG that is taller than MOST_HEIGHT, and how many pixels were cut off.

    Anything that this does not understand is returned as it is.
    """
    try:
        return _top_of(png)
    except (struct.error, zlib.error, LookupError):
        return png, 0


def _top_of(png: bytes) -> tuple[bytes, int]:
    header = png[16:29]
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", header)
    if not png.startswith(_SIGNATURE) or height <= MOST_HEIGHT or interlaced:
        return png, 0
    # Each line depends on the one above alone, so the first lines are a picture of their own.
    left_bytes = MOST_HEIGHT * (1 + (width * _CHANNELS[colour] * depth + 7) // 8)
    inflate, deflate = zlib.decompressobj(), zlib.compressobj(9)
    others, top = [], []
    for kind, data in _parts(png):
        if kind == b"IDAT" and left_bytes:
            lines = inflate.decompress(data, left_bytes)
            left_bytes -= len(lines)
            top.append(deflate.compress(lines))
        elif kind not in {b"IHDR", b"IDAT", b"IEND"}:
            others.append(_part(kind, data))
    if left_bytes:
        return png, 0
    start = _part(b"IHDR", struct.pack(">II", width, MOST_HEIGHT) + header[8:])
    end = _part(b"IDAT", b"".join([*top, deflate.flush()])) + _part(b"IEND", b"")
    return _SIGNATURE + start + b"".join(others) + end, height - MOST_HEIGHT


def _parts(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_SIGNATURE)
    while at < len(png):
        (length,) = struct.unpack_from(">I", png, at)
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        at += 12 + length


def _part(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
