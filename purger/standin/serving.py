"""Serve the three origins on loopback from a background thread, and record every request."""

from __future__ import annotations

import asyncio
import queue
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from email.utils import formatdate
from typing import Protocol

from aiohttp import web
from multidict import CIMultiDict

from purger.standin.api import Api
from purger.standin.control import PREFIX, AddRepository, Control
from purger.standin.front_end import FrontEnd
from purger.standin.responses import ConnectionGoneError, reset
from purger.standin.state import Origin, Request, SiteState
from purger.standin.third_party import ThirdParty

_GRACE_S = 0.2
_LONGEST_LINE = 65536

_Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class _OriginServer(Protocol):
    @property
    def name(self) -> Origin: ...

    async def answer(self, request: web.BaseRequest, entry: Request) -> web.StreamResponse: ...


class Serving:
    """The servers of the front end, the API and the third party.

    Its creation binds the three ports (0: a free one), in this order, and sets the addresses in the state. Raises
    OSError if a port is in use.
    """

    def __init__(self, state: SiteState, ports: Sequence[int], add_repository: AddRepository) -> None:
        self._state = state
        self._control = Control(state, add_repository)
        self._sockets: list[socket.socket] = []
        try:
            for port in ports:
                self._sockets.append(socket.create_server(("127.0.0.1", port)))
        except OSError:
            for made in self._sockets:
                made.close()
            raise
        web_port, api_port, third_port = (made.getsockname()[1] for made in self._sockets)
        state.web_url = f"http://127.0.0.1:{web_port}"
        state.api_url = f"http://127.0.0.1:{api_port}"
        state.third_party_url = f"http://localhost:{third_port}"
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

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as fault:  # noqa: BLE001 - `start` waits for the result in another thread
            self._started.put(fault)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        origins: list[_OriginServer] = [
            FrontEnd(self._state),
            Api(self._state, self._closing),
            ThirdParty(self._state),
        ]
        runners: list[web.ServerRunner] = []
        try:
            for origin, listening in zip(origins, self._sockets, strict=True):
                server = web.Server(self._recorded(origin), access_log=None, max_line_size=_LONGEST_LINE)
                runners.append(web.ServerRunner(server, shutdown_timeout=_GRACE_S))
                await runners[-1].setup()
                await web.SockSite(runners[-1], listening).start()
            self._started.put(None)
            await self._closing.wait()
        finally:
            await asyncio.gather(*(runner.cleanup() for runner in runners))

    def _date(self, response: web.StreamResponse) -> None:
        """Set the `Date` header by the site's clock. aiohttp would add its own to a response without one."""
        faults = self._state.faults
        at = formatdate(time.time() + faults.clock_offset_s, usegmt=True)
        response.headers["Date"] = "" if faults.date_header == "empty" else at

    def _recorded(self, origin: _OriginServer) -> _Handler:
        async def handle(request: web.BaseRequest) -> web.StreamResponse:
            path, _, raw_query = request.raw_path.partition("?")
            if origin.name == "web" and path.startswith(PREFIX):
                return await self._control.answer(request)
            headers = CIMultiDict(request.headers)
            with self._state.clock.settled() as now:
                entry = Request(request.method, origin.name, path, raw_query, now, headers)
                self._state.requests.append(entry)
            try:
                response = await origin.answer(request, entry)
            except ConnectionGoneError:
                reset(request)
                return web.Response()
            entry.status = response.status
            self._date(response)
            return response

        return handle
