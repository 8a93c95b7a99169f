"""Tell hosts apart: which one an address names, which are this machine, which are IP addresses."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from urllib.parse import SplitResult, urlsplit

DEFAULT_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}
_LONGEST_NAME = 253
_LABEL = re.compile(r"(?!-+\Z)[a-z0-9_-]{1,63}")

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


def canonical_host(host: str) -> str:
    """Return a host as browsers write it, without brackets: a name in ASCII and lower case, an IPv6 address shortened.

    Only the final dot of a name, which browsers keep, is left out: certificates do not have it.
    Raises ValueError for what is no host: a label that is empty, longer than 63 characters or holds more than letters,
    digits, - and _, or a name above 253.
    """
    if ":" in host:
        ip = ipaddress.IPv6Address(host)
        mapped = ip.ipv4_mapped
        # Until Python 3.12, only that is written in this way.
        return f"::ffff:{int(mapped) >> 16:x}:{int(mapped) & 0xFFFF:x}" if mapped else str(ip)
    name = host.lower().removesuffix(".")
    if not name.isascii():
        import idna

        name = idna.encode(name, uts46=True).decode("ascii")
    if len(name) > _LONGEST_NAME or not all(map(_LABEL.fullmatch, name.split("."))):
        raise ValueError("it is no host")
    return name


def _host_of(address: SplitResult) -> str:
    """Return the host of an address as browsers write it; as it is given where it is none."""
    host = address.hostname or ""
    try:
        return canonical_host(host)
    except ValueError:
        return host


def is_address(text: str, schemes: Collection[str]) -> bool:
    """Return whether a text is an address with one of these schemes, a host and, if any, a port that can be."""
    try:
        parts = urlsplit(text)
        port = parts.port
        canonical_host(parts.hostname or "")
    except ValueError:
        return False
    return parts.scheme in schemes and port != 0


def host_and_port(address: str) -> tuple[str, int]:
    """Return the host and the port that an address names."""
    parts = urlsplit(address)
    return _host_of(parts), parts.port or DEFAULT_PORTS.get(parts.scheme, 0)


def ip_of(host: str) -> IpAddress | None:
    """Return the IP address that a host is written as, with or without brackets, or None for a name.

    An IPv4 address that is written as an IPv6 one is the former; the zone of a link-local one is left out.
    """
    try:
        ip = ipaddress.ip_address(host.removeprefix("[").removesuffix("]").partition("%")[0])
    except ValueError:
        return None
    return (ip.ipv4_mapped or ip) if isinstance(ip, ipaddress.IPv6Address) else ip


def is_loopback(host: str) -> bool:
    """Return whether a host means this machine."""
    name = host.lower().rstrip(".")
    ip = ip_of(name)
    return ip.is_loopback if ip else name == "localhost" or name.endswith(".localhost")


def in_brackets(host: str) -> str:
    """Return a host as it is written in an address: an IPv6 address is in brackets."""
    return f"[{host}]" if ":" in host else host


def origin_of(address: str) -> str:
    """Return the origin of an address (scheme, host and port) as browsers write it."""
    parts = urlsplit(address)
    port = "" if parts.port in {None, DEFAULT_PORTS.get(parts.scheme)} else f":{parts.port}"
    return f"{parts.scheme}://{in_brackets(_host_of(parts))}{port}"
