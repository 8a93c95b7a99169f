"""Serve a connection of HTTP/2: its streams, their flow control, and the ways in which they fail."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from aiohttp import web
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    RemoteSettingsChanged,
    RequestReceived,
    StreamEnded,
    StreamReset,
    WindowUpdated,
)
from h2.exceptions import ProtocolError
from hyperframe.frame import GoAwayFrame
from multidict import CIMultiDict

from purger.standin.calls import Call, NoResponse, Respond
from purger.standin.faults import Faults, Origin
from purger.standin.listener import reset


@dataclass(slots=True)
class _Stream:
    """A stream whose request is being received or answered. `unsent` is the rest of the response's body."""

    id: int
    method: str = ""
    raw_path: str = ""
    headers: CIMultiDict[str] = field(default_factory=CIMultiDict)
    body: bytearray = field(default_factory=bytearray)
    unsent: memoryview | None = None


def _begin(event: RequestReceived) -> _Stream:
    """Return the stream of a request without its body."""
    stream = _Stream(event.stream_id)
    for raw_name, raw_value in event.headers:
        name, value = (part.decode("utf-8", "surrogateescape") for part in (raw_name, raw_value))
        match name:
            case ":method":
                stream.method = value
            case ":path":
                stream.raw_path = value
            case ":authority":
                stream.headers["Host"] = value
            case ":scheme":
                pass
            case _:
                stream.headers.add(name, value)
    return stream


class Http2Connection(asyncio.Protocol):
    """A connection that agreed on HTTP/2 with the client.

    Its streams are answered concurrently, at most 100 at a time. `tasks` are those that answer a call.
    """

    def __init__(self, respond: Respond, origin: Origin, faults: Faults, tasks: set[asyncio.Task[None]]) -> None:
        self._respond = respond
        self._origin = origin
        self._faults = faults
        self._tasks = tasks
        self._h2 = H2Connection(H2Configuration(client_side=False))
        self._streams: dict[int, _Stream] = {}
        self._received = 0
        self._last_id = 0
        self._is_leaving = False
        self._is_writable = True
        self._is_flushing = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the settings."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - for the type checker
        self._transport = transport
        self._h2.initiate_connection()
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's interface
        """Forget the streams; calls that are being answered go on, as they do over HTTP/1.1."""
        self._streams.clear()

    def data_received(self, data: bytes) -> None:
        """Handle frames. A client that breaks the protocol loses the connection."""
        try:
            events = self._h2.receive_data(data)
        except ProtocolError:
            self._streams.clear()
            self._flush()
            self._transport.close()
            return
        for event in events:
            self._handle(event)
        self._flush_soon()

    def pause_writing(self) -> None:
        """Hold bodies back while the client does not read."""
        self._is_writable = False

    def resume_writing(self) -> None:
        """Go on with the bodies that were held back."""
        self._is_writable = True
        self._send_bodies()

    def _handle(self, event: Event) -> None:
        match event:
            case RequestReceived():
                self._open(event)
            case DataReceived():
                self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                if stream := self._streams.get(event.stream_id):
                    stream.body += event.data
            case StreamEnded():
                if stream := self._streams.get(event.stream_id):
                    task = asyncio.create_task(self._answer(stream))
                    self._tasks.add(task)
                    task.add_done_callback(self._tasks.discard)
            case StreamReset():
                self._streams.pop(event.stream_id, None)
            case WindowUpdated() | RemoteSettingsChanged():
                self._send_bodies()
            case ConnectionTerminated():
                self._streams.clear()
                self._transport.close()

    def _open(self, event: RequestReceived) -> None:
        if self._is_leaving or self._leaves():
            return  # the client has to send it again, on another connection
        self._received += 1
        self._last_id = event.stream_id
        self._streams[event.stream_id] = _begin(event)

    def _leaves(self) -> bool:
        """Start to end the connection gracefully, if a fault says so."""
        fault = self._faults.goaway
        if fault is None or fault.origin != self._origin or fault.times == 0 or self._received < fault.after:
            return False
        if fault.times is not None:
            fault.times -= 1
        self._is_leaving = True
        # h2's own `close_connection` would not let the earlier streams be answered. The client closes the connection:
        # to close it here, with frames of the client's on their way, would lose responses that it has not read yet.
        self._flush()
        self._transport.write(GoAwayFrame(0, last_stream_id=self._last_id).serialize())
        return True

    async def _answer(self, stream: _Stream) -> None:
        call = _Http2Call(self, stream)
        try:
            response = await self._respond(call)
        except Exception:
            self.end(stream.id, "reset_stream")
            raise
        if response is not None and not call.is_gone:
            self._send(stream, response)

    def _send(self, stream: _Stream, response: web.Response) -> None:
        body = response.body or b""
        assert isinstance(body, bytes), "only whole bodies are sent"  # noqa: S101 - for the type checker
        headers = [(":status", str(response.status))]
        headers += ((name.lower(), value) for name, value in response.headers.items())
        if response.status != 204:
            headers.append(("content-length", str(len(body))))
        has_body = bool(body) and stream.method != "HEAD"
        self._h2.send_headers(stream.id, headers, end_stream=not has_body)
        if has_body:
            stream.unsent = memoryview(body)
            self._send_body(stream)
        else:
            del self._streams[stream.id]
        self._flush_soon()

    def _send_bodies(self) -> None:
        for stream in list(self._streams.values()):
            self._send_body(stream)
        self._flush_soon()

    def _send_body(self, stream: _Stream) -> None:
        """Send as much of the body as the client takes now."""
        while stream.unsent is not None and self._is_writable:
            window = self._h2.local_flow_control_window(stream.id)
            size = min(window, self._h2.max_outbound_frame_size, len(stream.unsent))
            if size <= 0:
                return
            is_last = size == len(stream.unsent)
            self._h2.send_data(stream.id, bytes(stream.unsent[:size]), end_stream=is_last)
            stream.unsent = None if is_last else stream.unsent[size:]
            if is_last:
                del self._streams[stream.id]

    def _flush_soon(self) -> None:
        """Send what is due, at once for all streams that are answered in the same round of the event loop."""
        if not self._is_flushing:
            self._is_flushing = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        self._is_flushing = False
        if (data := self._h2.data_to_send()) and not self._transport.is_closing():
            self._transport.write(data)

    def waits_for(self, stream_id: int) -> bool:
        """Return whether the client still waits for the response of a stream."""
        return stream_id in self._streams and not self._transport.is_closing()

    def end(self, stream_id: int, how: NoResponse) -> None:
        """End a stream without a response, or with "reset" the whole connection."""
        if how == "reset":
            reset(self._transport)
        elif how != "hang" and self.waits_for(stream_id):
            code = ErrorCodes.REFUSED_STREAM if how == "refuse_stream" else ErrorCodes.INTERNAL_ERROR
            self._h2.reset_stream(stream_id, code)
            del self._streams[stream_id]
            self._flush_soon()


class _Http2Call(Call):
    version = "2"

    def __init__(self, connection: Http2Connection, stream: _Stream) -> None:
        super().__init__(stream.method, stream.raw_path, stream.headers, bytes(stream.body))
        self._connection = connection
        self._stream_id = stream.id

    @property
    def is_gone(self) -> bool:
        return not self._connection.waits_for(self._stream_id)

    def end(self, how: NoResponse) -> None:
        self._connection.end(self._stream_id, how)
