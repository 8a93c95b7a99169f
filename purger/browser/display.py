"""Open the display that a headed browser would use."""

from __future__ import annotations

import os
import re
import socket
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

from purger.browser.causes import Cause, dead_display
from purger.browser.find import has_display

ANSWER_S = 5.0
_COOKIE = b"MIT-MAGIC-COOKIE-1"


def display_fault() -> Cause | None:
    """Open the display; return why there is none or why it can't be opened, or None."""
    if not has_display():
        return dead_display("there is no display for a headed browser")
    if not sys.platform.startswith("linux"):
        return None
    name, wayland = os.environ.get("DISPLAY", ""), os.environ.get("WAYLAND_DISPLAY", "")
    try:
        refusal = _opened_x11(name) if name else _opened_wayland(wayland)
    except OSError:  # no socket, nobody behind it, an unknown host, no answer in time
        refusal = "nothing answers there"
    except ValueError as error:
        refusal = str(error)
    variable = f"DISPLAY={name}" if name else f"WAYLAND_DISPLAY={wayland}"
    return dead_display(f"the display can not be opened: {variable} is set, but {refusal}") if refusal else None


def _opened_wayland(name: str) -> str:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(ANSWER_S)
        client.connect(str(Path(os.environ.get("XDG_RUNTIME_DIR", ""), name)))
    return ""


def _opened_x11(name: str) -> str:
    """Return why an X server refuses the connection; empty if it accepts. Raises OSError, ValueError."""
    found = re.fullmatch(r"(?:[a-z]+/)?([^/]*):(\d+)(?:\.\d+)?", name)
    if not found:
        raise ValueError("that is not the name of a display")
    host, number = found[1].strip("[]"), int(found[2])
    cookie = _cookie(number)
    kind = _COOKIE if cookie else b""
    with _connected(host, number) as server:
        head = struct.pack("<BxHHHHxx", ord("l"), 11, 0, len(kind), len(cookie))
        server.sendall(head + kind + bytes(-len(kind) % 4) + cookie + bytes(-len(cookie) % 4))
        with server.makefile("rb") as answer:  # it comes in pieces
            start = answer.read(8)
            if start[:1] == b"\1":
                return ""
            reason = answer.read(start[1]).decode("utf-8", "replace").strip() if len(start) == 8 else ""
    return f"the server refuses it: {reason or 'without a reason'}"


def _connected(host: str, number: int) -> socket.socket:
    if host not in {"", "unix"}:
        return socket.create_connection((host, 6000 + number), ANSWER_S)
    path = f"/tmp/.X11-unix/X{number}"  # noqa: S108 - where X servers listen
    for address in (f"\0{path}", path):
        server = socket.socket(socket.AF_UNIX)
        server.settimeout(ANSWER_S)
        try:
            server.connect(address)
        except OSError as error:
            server.close()
            fault = error
        else:
            return server
    raise fault


def _cookie(number: int) -> bytes:
    """Return the cookie for a display from the file of xauth; empty where there is none."""
    try:
        content = Path(os.environ.get("XAUTHORITY") or Path("~/.Xauthority").expanduser()).read_bytes()
        return next(_cookies(content, number), b"")
    except (OSError, RuntimeError, struct.error):  # no such file, no home, a file that was cut off
        return b""


def _cookies(content: bytes, number: int) -> Iterator[bytes]:
    at = 0
    while at + 2 < len(content):
        at += 2  # the family of the address, which needs no check: the number tells the display
        parts = []
        for _ in range(4):
            (length,) = struct.unpack_from(">H", content, at)
            parts.append(content[at + 2 : at + 2 + length])
            at += 2 + length
        _, shown, kind, cookie = parts
        if kind == _COOKIE and shown in {b"", str(number).encode()}:
            yield cookie
