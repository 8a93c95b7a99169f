"""The pictures of the HTML report: the top of long ones, within their room, and any file that is none."""

from __future__ import annotations

import base64
import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from purger.report.html_pictures import MOST_HEIGHT, Picture, Pictures, top_of

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def part(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(height: int, *, width: int = 3, colour: int = 2, interlaced: int = 0, piece: int = 700) -> bytes:
    """A PNG whose lines have numbers as their pixels, its data in many pieces."""
    channels = {0: 1, 2: 3, 6: 4}[colour]
    lines = b"".join(b"\0" + struct.pack(">I", number)[-channels:] * width for number in range(height))
    data = zlib.compress(lines)
    return b"".join(
        [
            SIGNATURE,
            part(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, interlaced)),
            part(b"tEXt", b"a\0b"),
            *(part(b"IDAT", data[at : at + piece]) for at in range(0, len(data), piece)),
            part(b"IEND", b""),
        ]
    )


@pytest.mark.parametrize("colour", [0, 2, 6])
def test_of_a_long_picture_the_top_is_shown(colour: int) -> None:
    made, cut = top_of(png(MOST_HEIGHT + 1234, colour=colour))
    assert cut == 1234
    # All of it is decoded by the browser in test_html_page.py; here, byte by byte.
    whole = png(MOST_HEIGHT, colour=colour)
    (ours, theirs) = (data.split(b"IDAT", 1) for data in (made, whole))
    assert ours[0][:-4] == theirs[0][:-4]
    length = struct.unpack(">I", ours[0][-4:])[0]
    lines = zlib.decompress(ours[1][:length])
    channels = {0: 1, 2: 3, 6: 4}[colour]
    assert len(lines) == MOST_HEIGHT * (1 + 3 * channels)
    assert lines[-3 * channels :] == struct.pack(">I", MOST_HEIGHT - 1)[-channels:] * 3
    assert top_of(made) == (made, 0)


def test_what_is_short_interlaced_broken_or_no_picture_stays_as_it_is() -> None:
    whole = png(MOST_HEIGHT + 10)
    for data in (png(MOST_HEIGHT), png(MOST_HEIGHT + 1, interlaced=1), whole[:200], whole[:31], b"", b"text" * 20):
        assert top_of(data) == (data, 0)


@given(st.integers(8, 4000), st.integers(0, 255))
def test_no_damage_is_an_error(at: int, value: int) -> None:
    whole = bytearray(png(MOST_HEIGHT + 10))
    whole[at % len(whole)] = value
    made, cut = top_of(bytes(whole))
    assert cut or made == bytes(whole)


def test_pictures_share_their_room(tmp_path: Path) -> None:
    paths = {}
    for name in ("one", "two"):
        paths[f"{name} before"] = tmp_path / f"{name}.png"
        paths[f"{name} before"].write_bytes(png(2))
    length = len("data:image/png;base64,") + len(base64.b64encode(png(2)))
    pictures = Pictures(paths, 2 * length - 1)
    before, after = pictures.of("one")
    assert before.data == f"data:image/png;base64,{base64.b64encode(png(2)).decode()}"
    assert after == Picture("After", missing="There is no picture: the run ended before it was taken.")
    (second, _) = pictures.of("two")
    assert (second.data, second.missing) == (None, "The picture is too large for this page: see two.png beside it.")
    assert pictures.of("three") == []


def test_what_is_cut_off_is_said(tmp_path: Path) -> None:
    path = tmp_path / "before.png"
    path.write_bytes(png(MOST_HEIGHT + 1500))
    before, _ = Pictures({"a before": path}, 10**6).of("a")
    assert before.cut == "before.png shows 1,500 pixels more."
