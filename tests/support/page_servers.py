"""A small web server in threads, for pages that a test writes itself."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Content = tuple[bytes, str]
"""A body, and its media type."""
Respond = Callable[[str, str, str], Content | None]
"""From the path, the `Authorization` header and the body of a request to what is served; None: 404."""


class _Server(ThreadingHTTPServer):
    request_queue_size = 128
    """http.server's own 5 are fewer than a browser opens at once: the system drops the others, and tries each again
    after 1, 3, 7, … seconds."""


@contextmanager
def serving(respond: Respond, headers: Mapping[str, str]) -> Iterator[int]:
    """Serve `respond(path, authorization, body)` with these headers on a free loopback port; yield the port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            answer = respond(self.path, self.headers.get("Authorization", ""), body)
            content, kind = answer or (b"", "text/plain")
            self.send_response(200 if answer else 404)
            for name, value in (("Content-Type", kind), ("Content-Length", str(len(content))), *headers.items()):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content if self.command != "HEAD" else b"")

        do_POST = do_HEAD = do_GET  # noqa: N815

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    with _Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()
