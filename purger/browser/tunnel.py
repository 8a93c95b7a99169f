"""Open a connection to a host through a proxy: by CONNECT, or by SOCKS5. The name of the host is left to the proxy."""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl

from purger.browser import proxy_errors
from purger.browser.certificates import certificate_error, unverified
from purger.browser.loopback import Stream, break_off
from purger.browser.network import Network, next_address_s
from purger.browser.proxies import Proxy, as_given, basic
from purger.browser.proxy_errors import Answer
from purger.core.errors import InputError
from purger.core.hosts import canonical_host, in_brackets, ip_of
from purger.core.text import system_words

OPENING_S = 20.0
_LONGEST_HEAD_BYTES = 65536
_NO_SIGN_IN, _PASSWORD = 0, 2
_HTTP = b"HTTP/"


async def open_tunnel(proxy: Proxy, host: str, port: int, network: Network) -> Stream:
    """Return an open connection to the host's port. An https proxy has to show a certificate that the network trusts.

    Raises SiteError, which names the proxy and the host and says what to do, and InputError for what is no host.
    """
    where = f"{in_brackets(host)}:{port}"
    try:
        host = canonical_host(host)
    except ValueError:
        raise InputError("this is no host", where=where, remedy="See --url, --api-url and --connect.") from None
    try:
        async with asyncio.timeout(OPENING_S):
            reader, writer = await _open(proxy, network.ssl_context() if proxy.scheme == "https" else None)
            try:
                await (_socks5 if proxy.scheme == "socks5" else _connect)(proxy, reader, writer, host, port)
            except BaseException:
                break_off(writer)
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
                raise
            return reader, writer
    except TimeoutError:
        raise proxy_errors.silent(proxy, where) from None
    except ssl.SSLCertVerificationError as error:
        who = f"the proxy {proxy.host}"
        shown = await _shown_by(proxy, unverified())
        raise certificate_error(error, who, proxy.address, network.authority, proxy.source, shown) from None
    except (ssl.SSLError, asyncio.LimitOverrunError, ValueError):
        raise proxy_errors.not_a_proxy(proxy, where) from None
    except (asyncio.IncompleteReadError, ConnectionResetError, BrokenPipeError):
        raise proxy_errors.closing(proxy, where) from None
    except OSError as error:
        raise proxy_errors.not_there(proxy, system_words(error) or "connection failed", where) from None


async def certificate_of(proxy: Proxy, network: Network) -> bytes | None:
    """Return the verified certificate (DER) of an https proxy; None where it does not show one now."""
    return await _shown_by(proxy, network.ssl_context()) if proxy.scheme == "https" else None


async def _shown_by(proxy: Proxy, context: ssl.SSLContext) -> bytes | None:
    try:
        async with asyncio.timeout(OPENING_S):
            _, writer = await _open(proxy, context)
    except (OSError, TimeoutError):
        return None
    writer.close()
    shown: bytes | None = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    return shown


async def _open(proxy: Proxy, context: ssl.SSLContext | None) -> Stream:
    return await asyncio.open_connection(
        proxy.host, proxy.port, ssl=context, limit=_LONGEST_HEAD_BYTES, happy_eyeballs_delay=next_address_s(proxy.host)
    )


async def _connect(
    proxy: Proxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, port: int
) -> None:
    """Ask an HTTP proxy for the tunnel. Raises SiteError if it refuses, ValueError if it speaks no HTTP."""
    where = f"{in_brackets(host)}:{port}"
    head = f"CONNECT {where} HTTP/1.1\r\nHost: {where}\r\n"
    if proxy.username is not None:
        head += f"Proxy-Authorization: {basic(proxy.username, proxy.password or '')}\r\n"
    writer.write(f"{head}\r\n".encode())
    answer = await _final_answer(reader)
    if not 200 <= answer.status < 300:
        raise proxy_errors.of_answer(proxy, host, answer, where)
    if answer.has_page:
        raise proxy_errors.with_a_page(proxy, where)


async def _final_answer(reader: asyncio.StreamReader) -> Answer:
    """Return the answer to a CONNECT, without those that only announce it (1xx). Raises ValueError for none of HTTP."""
    while True:
        try:
            line = await reader.readuntil(b"\n")
        except asyncio.IncompleteReadError as error:
            if _HTTP.startswith(error.partial[: len(_HTTP)]):
                raise
            line = error.partial  # of a server that wants TLS, or of a SOCKS proxy
        found = re.match(_HTTP + rb"1\.[01] (\d{3})\b", line)
        if found is None:
            raise ValueError
        headers = await _headers(reader)
        if not 100 <= int(found[1]) < 200:
            return Answer(int(found[1]), headers)


async def _headers(reader: asyncio.StreamReader) -> tuple[tuple[str, str], ...]:
    """Return the headers up to the empty line. As for curl, a line may end without a carriage return."""
    headers: list[tuple[str, str]] = []
    left = _LONGEST_HEAD_BYTES
    while line := (await reader.readuntil(b"\n")).rstrip(b"\r\n"):
        left -= len(line)
        if left < 0:
            raise ValueError
        name, _, text = line.decode("latin-1").partition(":")
        headers.append((name.strip().lower(), text.strip()))
    return tuple(headers)


async def _socks5(
    proxy: Proxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, port: int
) -> None:
    """Ask a SOCKS5 proxy for the tunnel (RFC 1928 and 1929). Raises as `_connect` does."""
    where = f"{in_brackets(host)}:{port}"
    ways = [_NO_SIGN_IN] if proxy.username is None else [_NO_SIGN_IN, _PASSWORD]
    writer.write(bytes([5, len(ways), *ways]))
    version, way = await reader.readexactly(2)
    if version != 5:
        raise ValueError
    if way not in ways:
        raise proxy_errors.password_wanted(proxy, where) if len(ways) == 1 else proxy_errors.no_way_in(proxy, where)
    if way == _PASSWORD:
        writer.write(
            b"\x01" + b"".join(_short(as_given(text)) for text in (proxy.username or "", proxy.password or ""))
        )
        _, refused = await reader.readexactly(2)
        if refused:
            raise proxy_errors.password_wanted(proxy, where)
    ip = ip_of(host)
    kind = (b"\x01" if ip.version == 4 else b"\x04") + ip.packed if ip else b"\x03" + _short(host.encode())
    writer.write(b"\x05\x01\x00" + kind + port.to_bytes(2, "big"))
    version, reply, _, kind_of_address = await reader.readexactly(4)
    if version != 5:
        raise ValueError
    if reply:
        raise proxy_errors.of_socks_reply(proxy, host, reply, where)
    length = {1: 4, 4: 16}.get(kind_of_address) or (await reader.readexactly(1))[0]
    await reader.readexactly(length + 2)


def _short(data: bytes) -> bytes:
    """Return a piece of a SOCKS5 message with its length before it. Raises ValueError above 255 bytes."""
    return bytes([len(data)]) + data
