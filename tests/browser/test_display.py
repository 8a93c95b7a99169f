"""Whether the display that is named can be opened: a real X server, one that wants a cookie, and none at all."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from purger.browser.display import display_fault

pytestmark = pytest.mark.usefixtures("display", "_no_display")


@pytest.fixture
def _no_display(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def x_server() -> Iterator[Callable[..., str]]:
    """Starts an X server with these arguments; returns the name of its display."""
    servers: list[subprocess.Popen[bytes]] = []

    def start(*arguments: str) -> str:
        reader, writer = os.pipe()
        command = ["Xvfb", "-displayfd", str(writer), "-nolisten", "tcp", *arguments]
        servers.append(subprocess.Popen(command, pass_fds=[writer], stderr=subprocess.DEVNULL))
        os.close(writer)
        with os.fdopen(reader) as numbers:
            return f":{numbers.readline().strip()}"

    yield start
    for server in servers:
        server.terminate()
        server.wait()


def fault() -> str:
    found = display_fault()
    return found.what if found else ""


def test_no_display() -> None:
    assert fault() == "there is no display for a headed browser"


@pytest.mark.parametrize("suffix", ["", ".0"])
def test_a_display_that_answers(x_server: Callable[..., str], monkeypatch: pytest.MonkeyPatch, suffix: str) -> None:
    monkeypatch.setenv("DISPLAY", x_server("-ac") + suffix)
    assert fault() == ""


@pytest.mark.parametrize("name", [":4711", "no-such-host.invalid:0", "127.0.0.1:4711"])
def test_a_display_that_is_set_and_dead(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("DISPLAY", name)
    assert fault() == f"the display can not be opened: DISPLAY={name} is set, but nothing answers there"


def test_a_name_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", "screen")
    assert "DISPLAY=screen is set, but that is not the name of a display" in fault()


@pytest.mark.skipif(not shutil.which("xauth"), reason="needs xauth, which scripts/setup installs")
def test_a_display_that_wants_a_cookie(
    x_server: Callable[..., str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    servers, mine = tmp_path / "servers", tmp_path / "mine"
    cookie = "0123456789abcdef0123456789abcdef"
    servers.touch()
    subprocess.run(["xauth", "-q", "-f", servers, "add", ":0", ".", cookie], check=True)
    name = x_server("-auth", str(servers))
    monkeypatch.setenv("DISPLAY", name)
    assert "is set, but the server refuses it: " in fault()
    subprocess.run(["xauth", "-q", "-f", mine, "add", name, ".", cookie], check=True)
    monkeypatch.setenv("XAUTHORITY", str(mine))
    assert fault() == ""
    mine.write_bytes(b"\1\0\0")
    assert "is set, but" in fault()


def test_a_refusal_that_comes_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        client, _ = server.accept()
        with client:
            client.recv(512)
            for piece in (b"\0", b"\x08\x0b\0\0\0\x02\0", b"Go ", b"away!"):
                client.sendall(piece)
                time.sleep(0.05)

    with socket.create_server(("127.0.0.1", 0)) as server:
        name = f"127.0.0.1:{server.getsockname()[1] - 6000}"
        monkeypatch.setenv("DISPLAY", name)
        thread = threading.Thread(target=refuse)
        thread.start()
        assert fault() == f"the display can not be opened: DISPLAY={name} is set, but the server refuses it: Go away!"
        thread.join()


def test_wayland(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    assert "WAYLAND_DISPLAY=wayland-0 is set, but nothing answers there" in fault()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "wayland-0"))
        server.listen()
        assert fault() == ""
