"""Lead Playwright's driver to a remote browser through the user's proxy, which the driver does not obey.

The driver connects to its WebSockets directly, whatever the variables say. So it is given a relay on loopback.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from urllib.parse import unquote, urlsplit, urlunsplit

from purger.browser.certificates import certificate_error
from purger.browser.connections import reason_of
from purger.browser.loopback import LoopbackServer, Stream, encrypt, pump, refuse
from purger.browser.network import Network, next_address_s
from purger.browser.proxies import basic
from purger.browser.proxy_errors import broken_behind
from purger.browser.tunnel import open_tunnel
from purger.core.errors import NoAnswerError, SiteError
from purger.core.hosts import host_and_port

_HEADER = "X-Purger-Relay"
CONNECTING_S = 30.0


class Relay(LoopbackServer):
    """Carries the driver's WebSocket to that of a remote browser (ws:// or wss://), as the network says.

    Others on this machine can connect to loopback, too, so a request has to show a secret header. `fault` is what the
    last connection to the remote browser failed of. Raises InputError for a malformed address of the proxy.
    """

    def __init__(self, endpoint: str, network: Network) -> None:
        super().__init__()
        self.fault: SiteError | None = None
        self.headers = {_HEADER: secrets.token_hex(16)}
        self._endpoint = endpoint
        self._network = network
        self._proxy = network.proxies.for_address(endpoint)

    @property
    def address(self) -> str:
        """The address that the driver is given."""
        return urlunsplit(urlsplit(self._endpoint)._replace(scheme="ws", netloc=self.place))

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass the request on, with the remote browser's host, user and password in it, and then all bytes."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        shown = re.search(rf"^{_HEADER}: *(\S+)\r\n", head, re.IGNORECASE | re.MULTILINE)
        if shown is None or not secrets.compare_digest(shown[1], self.headers[_HEADER]):
            return await refuse(writer, "403 Forbidden")
        try:
            remote = await self._connected()
        except SiteError as error:
            self.fault = error
            return await refuse(writer, "502 Bad Gateway")
        head = head.replace(shown[0], "")
        user_info, at, host = urlsplit(self._endpoint).netloc.rpartition("@")
        lines = f"Host: {host}\r\n"
        if at:
            username, _, password = (unquote(part, errors="surrogateescape") for part in user_info.partition(":"))
            lines += f"Authorization: {basic(username, password)}\r\n"
        head = re.sub(r"^Host:.*\r\n", lines, head, count=1, flags=re.IGNORECASE | re.MULTILINE)
        remote[1].write(head.encode("latin-1"))
        return await pump((reader, writer), remote)

    async def _connected(self) -> Stream:
        """Connect to the remote browser, encrypted where its address says so. Raises SiteError."""
        import ssl

        host, port = host_and_port(self._endpoint)
        where = f"{host}:{port}"
        try:
            async with asyncio.timeout(CONNECTING_S):
                if self._proxy is not None:
                    stream = await open_tunnel(self._proxy, host, port, self._network)
                else:
                    stream = await asyncio.open_connection(host, port, happy_eyeballs_delay=next_address_s(host))
                if urlsplit(self._endpoint).scheme == "wss":
                    await encrypt(stream[1], self._network.ssl_context(), host)
                return stream
        except ssl.SSLCertVerificationError as error:
            raise certificate_error(error, host, where, self._network.authority, "--connect") from None
        except TimeoutError:
            raise NoAnswerError("no answer in time", where=where) from None
        except OSError as error:
            reason = reason_of(error)
            if self._proxy is not None:  # the tunnel through it has errors of its own
                raise broken_behind(self._proxy, host, reason, where) from None
            raise NoAnswerError(reason, where=where) from None
