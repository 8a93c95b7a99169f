"""Tell hosts apart: which one an address names, which are this machine, which are IP addresses."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

DEFAULT_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


def host_and_port(address: str) -> tuple[str, int]:
    """Return the host and the port that an address names: the host in lower case, without brackets and final dot."""
    parts = urlsplit(address)
    return (parts.hostname or "").rstrip("."), parts.port or DEFAULT_PORTS.get(parts.scheme, 0)


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
    return f"{parts.scheme}://{in_brackets(parts.hostname or '')}{port}"
