"""Forward proxies that a test starts: a real one, a SOCKS5 one, and one that says whatever a test wants."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from purger.browser.loopback import LoopbackServer, pump
from purger.standin.certificates import Certificates
from tests.support.proxy_names import NAMES, RECORD

USER_INFO = "al%40ice:ge%2Fheim-42"
"""A user and a password as they are written in an address, and as they are."""
USERNAME, PASSWORD = "al@ice", "ge/heim-42"


@dataclass
class ForwardProxy:
    """A running proxy: where it is, and which hosts it was asked for, each as often as it was."""

    port: int
    scheme: str = "http"
    asked: Callable[[], list[str]] = field(default=list)

    @property
    def address(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    @property
    def address_with_password(self) -> str:
        return f"{self.scheme}://{USER_INFO}@127.0.0.1:{self.port}"

    def hosts(self) -> set[str]:
        return {place.rpartition(":")[0] for place in self.asked()}


StartProxy = Callable[..., ForwardProxy]


@contextlib.contextmanager
def http_proxies(new_folder: Callable[[], Path]) -> Iterator[StartProxy]:
    """Starts proxy.py, which alone resolves the given names (to loopback), and wants a password if told so."""
    processes: list[subprocess.Popen[bytes]] = []

    def start(*names: str, password: bool = False) -> ForwardProxy:
        folder = new_folder()
        record, port_file = folder / "record", folder / "port"
        record.touch()
        options = ["--port", "0", "--port-file", str(port_file), "--num-acceptors", "1", "--log-level", "ERROR"]
        options += ["--basic-auth", f"{USERNAME}:{PASSWORD}"] if password else []
        processes.append(
            subprocess.Popen(
                [sys.executable, "-m", "proxy", *options, "--plugins", "tests.support.proxy_names.Names"],
                env=os.environ | {NAMES: json.dumps(names), RECORD: str(record), "HOME": str(folder)},
                start_new_session=True,
            )
        )
        port = _written_port(port_file, processes[-1])
        return ForwardProxy(port, asked=lambda: record.read_text().split())

    try:
        yield start
    finally:
        for process in processes:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture
def start_proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartProxy]:
    with http_proxies(lambda: tmp_path_factory.mktemp("proxy")) as start:
        yield start


def _written_port(file: Path, process: subprocess.Popen[bytes]) -> int:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        if file.exists() and (text := file.read_text().strip()):
            return int(text)
        time.sleep(0.02)
    pytest.fail("the proxy did not come up")


class Scripted(LoopbackServer):
    """A server on loopback in a thread of its own, whose answer to each connection is a coroutine."""

    def __init__(self, answer: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]) -> None:
        super().__init__()
        self._answer = answer
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._open = contextlib.AsyncExitStack()

    @property
    def port(self) -> int:
        return int(self.place.rpartition(":")[2])

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            await self._answer(reader, writer)

    def __enter__(self) -> Scripted:
        self._thread.start()
        self._run(self._open.enter_async_context(self.open()))
        return self

    def __exit__(self, *_error: object) -> None:
        self._run(self._open.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _run(self, step: Coroutine[object, object, object]) -> None:
        asyncio.run_coroutine_threadsafe(step, self._loop).result(10)


@contextlib.contextmanager
def encrypted(proxy: ForwardProxy) -> Iterator[ForwardProxy]:
    """The same proxy, which is talked to over TLS; its certificate is of the authority that stand-ins have."""
    context = Certificates({"web": "127.0.0.1"}, http2=False).context("web")

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await writer.start_tls(context)
        await pump((reader, writer), await asyncio.open_connection("127.0.0.1", proxy.port))

    with Scripted(answer) as server:
        yield replace(proxy, port=server.port, scheme="https")


@contextlib.contextmanager
def socks_proxies() -> Iterator[StartProxy]:
    """Starts a SOCKS5 proxy (RFC 1928) that knows the given names; `reply` is what it answers instead of connecting."""

    def start(*names: str, password: bool = False, reply: int = 0) -> ForwardProxy:
        asked: list[str] = []

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            count = (await reader.readexactly(2))[1]
            ways = await reader.readexactly(count)
            way = 2 if password else 0
            writer.write(bytes([5, way if way in ways else 0xFF]))
            if way not in ways:
                return
            if password:
                username = await reader.readexactly((await reader.readexactly(2))[1])
                word = await reader.readexactly((await reader.readexactly(1))[0])
                is_right = (username.decode(), word.decode()) == (USERNAME, PASSWORD)
                writer.write(bytes([1, 0 if is_right else 1]))
                if not is_right:
                    return
            kind = (await reader.readexactly(4))[3]
            if kind == 3:
                host = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
            else:
                host = f"an IP address of kind {kind}"
                await reader.readexactly({1: 4, 4: 16}[kind])
            port = int.from_bytes(await reader.readexactly(2), "big")
            asked.append(f"{host}:{port}")
            refusal = reply or (0 if host in names else 4)
            target = None
            if not refusal:
                with contextlib.suppress(OSError):  # what only opens a tunnel needs nobody at its end
                    target = await asyncio.open_connection("127.0.0.1", port)
            writer.write(bytes([5, refusal, 0, 1, 0, 0, 0, 0, 0, 0]))
            if target:
                await pump((reader, writer), target)

        port = running.enter_context(Scripted(answer)).port
        return ForwardProxy(port, "socks5", lambda: list(asked))

    with contextlib.ExitStack() as running:
        yield start


@pytest.fixture
def start_socks() -> Iterator[StartProxy]:
    with socks_proxies() as start:
        yield start


@pytest.fixture
def start_scripted() -> Iterator[Callable[[Sequence[bytes] | None], ForwardProxy]]:
    """Starts a "proxy" that reads a request and answers with these bytes; None: it never answers."""
    running: list[Scripted] = []

    def start(answers: Sequence[bytes] | None) -> ForwardProxy:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(65536)
            if answers is None:
                await asyncio.Event().wait()
            for piece in answers or ():
                writer.write(piece)
                await writer.drain()

        running.append(Scripted(answer).__enter__())
        return ForwardProxy(running[-1].port)

    yield start
    for one in running:
        one.__exit__()
