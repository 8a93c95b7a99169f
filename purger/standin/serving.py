"""Serve the three origins on loopback from a background thread, and record every request."""

from __future__ import annotations

import asyncio
import queue
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from email.utils import formatdate
from typing import TYPE_CHECKING, Protocol

from aiohttp import web
from multidict import CIMultiDict

from purger.standin.api import Api
from purger.standin.calls import Call, NoResponseError, Respond
from purger.standin.control import PREFIX, AddRepository, Control
from purger.standin.faults import Origin
from purger.standin.front_end import FrontEnd
from purger.standin.listener import GRACE_S, Listener
from purger.standin.state import Request, SiteState
from purger.standin.third_party import ThirdParty

if TYPE_CHECKING:
    from purger.standin.certificates import Certificate, Certificates


class _OriginServer(Protocol):
    @property
    def name(self) -> Origin: ...

    async def answer(self, call: Call, entry: Request) -> web.Response: ...


class Serving:
    """The servers of the front end, the API and the third party.

    Its creation binds a port (0: a free one) for each of the `hosts`, and sets the addresses in the state. Raises
    OSError if a port is in use. With `certificates` the origins are served over TLS.
    """

    def __init__(
        self,
        state: SiteState,
        hosts: Mapping[Origin, str],
        ports: Sequence[int],
        add_repository: AddRepository,
        certificates: Certificates | None = None,
    ) -> None:
        self._state = state
        self._control = Control(state, add_repository)
        self._certificates = certificates
        self._sockets: list[socket.socket] = []
        try:
            for port in ports:
                self._sockets.append(socket.create_server(("127.0.0.1", port)))
        except OSError:
            for made in self._sockets:
                made.close()
            raise
        scheme = "https" if certificates else "http"
        state.web_url, state.api_url, state.third_party_url = (
            f"{scheme}://{host}:{made.getsockname()[1]}"
            for host, made in zip(hosts.values(), self._sockets, strict=True)
        )
        self._listeners: dict[Origin, Listener] = {}
        self._answering: set[asyncio.Task[None]] = set()
        self._started: queue.Queue[BaseException | None] = queue.Queue()
        self._thread = threading.Thread(target=self._run, name="stand-in", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing = asyncio.Event()

    def start(self) -> None:
        """Start the thread and wait until it serves. Raises the error of its start."""
        self._thread.start()
        fault = self._started.get()
        if fault is not None:
            self._thread.join()
            raise fault

    def stop(self) -> None:
        """Stop the servers and the thread; pending calls end without a response."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._closing.set)
            self._loop = None
        self._thread.join()

    def use_certificate(self, kind: Certificate, origins: Sequence[Origin]) -> None:
        """Serve these origins with another certificate from now on, and close their connections.

        Raises ValueError if they are not served over TLS.
        """
        if self._certificates is None or self._loop is None:
            raise ValueError("Only a running stand-in with tls=True has certificates.")
        contexts = {origin: self._certificates.context(origin, kind) for origin in origins}

        async def switch() -> None:
            for origin, context in contexts.items():
                self._listeners[origin].context = context
                self._listeners[origin].drop_connections()

        asyncio.run_coroutine_threadsafe(switch(), self._loop).result()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as fault:  # noqa: BLE001 - `start` waits for the result in another thread
            self._started.put(fault)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        servers: list[_OriginServer] = [
            FrontEnd(self._state),
            Api(self._state, self._closing),
            ThirdParty(self._state),
        ]
        try:
            for server, listening in zip(servers, self._sockets, strict=True):
                self._listeners[server.name] = self._listener(server.name, self._recorded(server), listening)
            for listener in self._listeners.values():
                await listener.start()
            self._started.put(None)
            await self._closing.wait()
        finally:
            if self._answering:
                await asyncio.wait(self._answering, timeout=GRACE_S)
            await asyncio.gather(*(listener.stop() for listener in self._listeners.values()))

    def _listener(self, origin: Origin, respond: Respond, listening: socket.socket) -> Listener:
        if self._certificates is None:
            return Listener(respond, listening)
        from purger.standin.http2 import Http2Connection  # its library is not needed without TLS

        return Listener(
            respond,
            listening,
            context=self._certificates.context(origin),
            http2=lambda: Http2Connection(respond, origin, self._state.faults, self._answering),
        )

    def _date(self, response: web.Response) -> None:
        """Set the `Date` header by the site's clock. aiohttp would add its own to a response without one."""
        faults = self._state.faults
        at = formatdate(time.time() + faults.clock_offset_s, usegmt=True)
        response.headers["Date"] = "" if faults.date_header == "empty" else at

    def _recorded(self, origin: _OriginServer) -> Respond:
        async def respond(call: Call) -> web.Response | None:
            path, _, raw_query = call.raw_path.partition("?")
            if origin.name == "web" and path.startswith(PREFIX):
                return self._control.answer(call)
            headers = CIMultiDict(call.headers)
            with self._state.clock.settled() as now:
                entry = Request(call.method, origin.name, path, raw_query, now, headers, call.version)
                self._state.requests.append(entry)
            try:
                response = await origin.answer(call, entry)
            except NoResponseError as error:
                call.end(error.how)
                return None
            entry.status = response.status
            self._date(response)
            return response

        return respond
