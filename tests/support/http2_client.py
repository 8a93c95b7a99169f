"""An HTTP/2 client that shows the frames' effects: streams that were reset, and connections that go away."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import h2.events
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.settings import SettingCodes, Settings
from hyperframe.frame import GoAwayFrame

from purger.standin import StandIn
from tests.support.tls import connected, trusting


@dataclass
class Stream:
    """One call and what came of it. `reset` is the code of a reset; `ended` is set by that, too."""

    id: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    reset: ErrorCodes | int | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def status(self) -> int:
        return int(self.headers[":status"])

    @property
    def payload(self) -> Any:
        return json.loads(self.body)


class Http2Client:
    """A connection to one origin. `last_stream_id` is what its GOAWAY named; `closed` tells that it is gone."""

    def __init__(
        self, url: str, token: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, window: int
    ) -> None:
        self._url = urlsplit(url)
        self._token = token
        self._reader = reader
        self.writer = writer
        self.h2 = H2Connection(H2Configuration(header_encoding="utf-8"))
        self.h2.local_settings = Settings(initial_values={SettingCodes.INITIAL_WINDOW_SIZE: window})
        self.h2.initiate_connection()
        self.last_stream_id: int | None = None
        self.going_away = asyncio.Event()
        self.closed = asyncio.Event()
        self._unread = b""
        self.streams: dict[int, Stream] = {}
        self.most_streams: int | None = None
        self.flush()
        self.reading = asyncio.create_task(self._read())

    def flush(self) -> None:
        """Send what is due."""
        self.writer.write(self.h2.data_to_send())

    def send(self, method: str, path: str, body: bytes = b"", **headers: str) -> Stream:
        """Send a call, with the token."""
        stream = Stream(self.h2.get_next_available_stream_id())
        self.streams[stream.id] = stream
        fields = {":method": method, ":scheme": "https", ":authority": self._url.netloc, ":path": path}
        fields |= {"authorization": f"token {self._token}", "travis-api-version": "3"}
        self.h2.send_headers(stream.id, list((fields | headers).items()), end_stream=not body)
        if body:  # up to what a stream takes without waiting
            for start in range(0, len(body), self.h2.max_outbound_frame_size):
                self.h2.send_data(stream.id, body[start : start + self.h2.max_outbound_frame_size])
            self.h2.end_stream(stream.id)
        self.flush()
        return stream

    async def call(self, method: str, path: str, body: bytes = b"", **headers: str) -> Stream:
        """Send a call and wait for its end."""
        stream = self.send(method, path, body, **headers)
        await asyncio.wait_for(stream.ended.wait(), 30)
        return stream

    async def _read(self) -> None:
        try:
            while data := await self._reader.read(65536):
                for event in self.h2.receive_data(self._without_goaway(data)):
                    self._handle(event)
                self.flush()
        except ConnectionError:
            pass
        finally:
            self.closed.set()

    def _without_goaway(self, data: bytes) -> bytes:
        """Take GOAWAY out of the frames that are complete: after one, h2 would not read the rest of the responses."""
        self._unread += data
        passed = b""
        while len(self._unread) >= 9 and len(self._unread) >= (end := 9 + int.from_bytes(self._unread[:3])):
            frame, self._unread = self._unread[:end], self._unread[end:]
            if frame[3] == GoAwayFrame.type:
                self.last_stream_id = int.from_bytes(frame[9:13])
                self.going_away.set()
            else:
                passed += frame
        return passed

    def _handle(self, event: h2.events.Event) -> None:
        match event:
            case h2.events.ResponseReceived():
                self.streams[event.stream_id].headers = {str(name): str(value) for name, value in event.headers}
            case h2.events.DataReceived():
                self.streams[event.stream_id].body += event.data
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            case h2.events.StreamEnded():
                self.streams[event.stream_id].ended.set()
            case h2.events.StreamReset():
                self.streams[event.stream_id].reset = event.error_code
                self.streams[event.stream_id].ended.set()
            case h2.events.RemoteSettingsChanged():
                if changed := event.changed_settings.get(SettingCodes.MAX_CONCURRENT_STREAMS):
                    self.most_streams = changed.new_value


@asynccontextmanager
async def http2_client(site: StandIn, url: str, window: int = 65535) -> AsyncIterator[Http2Client]:
    """A client of one of the stand-in's origins; `window` is how much of a response it takes at once."""
    reader, writer, encrypted = await connected(url, trusting(site, "h2"))
    assert encrypted.selected_alpn_protocol() == "h2"
    client = Http2Client(url, site.token, reader, writer, window)
    try:
        yield client
    finally:
        client.reading.cancel()
        writer.transport.abort()
        await asyncio.gather(client.reading, return_exceptions=True)
