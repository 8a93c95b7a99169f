"""A plugin of proxy.py: names that this proxy alone can resolve, and a record of all hosts that it was asked for."""

from __future__ import annotations

import json
import os
from pathlib import Path

from proxy.http.exception import HttpRequestRejected
from proxy.http.parser import HttpParser
from proxy.http.proxy import HttpProxyBasePlugin

NAMES, RECORD = "PROXY_NAMES", "PROXY_RECORD"
"""The variables with the names that resolve to loopback, as JSON, and the file of the record."""


class Names(HttpProxyBasePlugin):
    """Connects to loopback for the names that it knows, and refuses all others."""

    def before_upstream_connection(self, request: HttpParser) -> HttpParser | None:
        host = (request.host or b"").decode()
        with Path(os.environ[RECORD]).open("a") as record:
            record.write(f"{host}:{request.port}\n")
        if host not in json.loads(os.environ[NAMES]):
            raise HttpRequestRejected(status_code=502, reason=b"Bad Gateway")
        return request

    def resolve_dns(self, host: str, port: int) -> tuple[str | None, tuple[str, int] | None]:  # noqa: ARG002
        return "127.0.0.1", None
