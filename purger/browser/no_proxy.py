"""Read NO_PROXY: the hosts that are reached without a proxy."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from purger.core.hosts import canonical_host, host_and_port, in_brackets, ip_of

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_NAME_AND_PORT = re.compile(r"(?P<name>\[[^\]]*\]|[^:]*)(?::(?P<port>\d{1,5}))?")
_DOTTED_NAME = re.compile(r"[\w-]+(?:\.[\w-]+)+")


@dataclass(frozen=True, slots=True)
class _Entry:
    """One entry: a name, `*`, or a network of IP addresses (often a single one), perhaps at one port only."""

    name: str
    network: _Network | None = None
    port: int | None = None

    def holds(self, host: str, port: int) -> bool:
        if self.port not in {None, port}:
            return False
        ip = ip_of(host)
        if self.network is not None:
            return ip is not None and ip in self.network
        return self.name == "*" or host == self.name or (ip is None and host.endswith(f".{self.name}"))

    def bypass_rules(self) -> Iterator[str]:
        """Yield the same as rules of Chromium, in which a name does not stand for its subdomains."""
        port = f":{self.port}" if self.port else ""
        if self.network is None:
            yield f"{self.name}{port}"
            if self.name != "*":
                yield f"*.{self.name}{port}"
        elif self.network.num_addresses == 1:
            yield f"{in_brackets(str(self.network.network_address))}{port}"
        elif self.port is None:  # Chromium's networks have none: behind the proxy they are reached, too
            yield f"{in_brackets(str(self.network.network_address))}/{self.network.prefixlen}"


@dataclass(frozen=True, slots=True)
class NoProxy:
    """The hosts that are reached directly, as curl reads NO_PROXY.

    Entries are separated by commas or spaces: a name stands for its subdomains too, with or without a leading `.` or
    `*.`; `*` stands for every host; an IP address or a network (`10.0.0.0/8`) for hosts that are written as IP
    addresses, since no name is looked up; each may end in `:PORT`. What is none of these matches nothing (`unread`).
    """

    entries: tuple[_Entry, ...] = ()
    unread: tuple[str, ...] = ()

    @classmethod
    def of(cls, text: str) -> NoProxy:
        """Read the value of the variable."""
        read = {word: _entry(word) for word in re.split(r"[\s,]+", text.strip().lower()) if word}
        return cls(tuple(filter(None, read.values())), tuple(word for word, entry in read.items() if entry is None))

    def holds(self, address: str) -> bool:
        """Return whether the host of this address is reached directly."""
        host, port = host_and_port(address)
        return any(entry.holds(host, port) for entry in self.entries)

    def misread(self, address: str) -> str | None:
        """Return what is meant for the host of this address, and matches nothing, such as `https://DOMAIN`."""
        host, _ = host_and_port(address)
        return next((word for word in self.unread if _seems_to_mean(word, host)), None)

    def bypass_rules(self) -> tuple[str, ...]:
        """Return the rules by which Chromium reaches the same hosts directly."""
        return tuple(rule for entry in self.entries for rule in entry.bypass_rules())


def _seems_to_mean(word: str, host: str) -> bool:
    return (
        host in word
        or fnmatchcase(host, word)
        or any(f".{host}".endswith(f".{name}") for name in _DOTTED_NAME.findall(word))
    )


def _entry(word: str) -> _Entry | None:
    if (network := _network(word)) is not None:
        return _Entry(word, network)
    found = _NAME_AND_PORT.fullmatch(word)
    if found is None:
        return None
    name = found["name"].removeprefix("*.").strip(".")
    port = int(found["port"]) if found["port"] else None
    network = _network(name)
    if network is None and name != "*":
        try:
            name = canonical_host(name)  # as the hosts of addresses are
        except ValueError:
            return None  # a browser would read patterns in it, and words of its own
    return _Entry(name, network, port)


def _network(word: str) -> _Network | None:
    """Return the network that is meant: `10.0.0.0/8`, `[fd00::]/8`, or a single address."""
    host, slash, length = word.partition("/")
    ip = ip_of(host)
    if ip is None:
        return None
    try:
        return ipaddress.ip_network(f"{ip}{slash}{length}", strict=False)
    except ValueError:
        return None
