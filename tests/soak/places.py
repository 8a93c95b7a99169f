"""The networks of the soak, for real: proxies that run, what names them and the authority, and who came which way."""

from __future__ import annotations

import contextlib
import socket
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web
from trustme import CA

from purger.browser.network import Network, NetworkSettings
from purger.standin import StandIn
from purger.standin.state import Request
from tests.soak.networks import NetworkPlan
from tests.support.forward_proxies import (
    PASSWORD,
    USER_INFO,
    ForwardProxy,
    StartProxy,
    encrypted,
    http_proxies,
    socks_proxies,
)
from tests.support.networks import HOSTS, LOCAL_HOSTS, secrets_of

WRONG_USER_INFO, WRONG_PASSWORD = USER_INFO.replace("-42", "-43"), PASSWORD.replace("-42", "-43")


class ProxyPark:
    """The proxies of a soak, each started when a run first needs it."""

    def __init__(self) -> None:
        self._running: dict[tuple[str, bool], ForwardProxy] = {}
        self._starts: dict[str, StartProxy] = {}
        self._stack = contextlib.ExitStack()

    def proxy(self, kind: str, *, password: bool) -> ForwardProxy:
        """Return the proxy of this kind, which knows the names of the site and, perhaps, wants a password."""
        if (kind, password) not in self._running:
            self._running[kind, password] = self._start(kind, password=password)
        return self._running[kind, password]

    def _start(self, kind: str, *, password: bool) -> ForwardProxy:
        if kind == "https":
            return self._stack.enter_context(encrypted(self.proxy("http", password=password)))
        if not self._starts:
            folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="soak-proxies-")))
            self._starts = {
                "http": self._stack.enter_context(http_proxies(lambda: Path(tempfile.mkdtemp(dir=folder)))),
                "socks5": self._stack.enter_context(socks_proxies()),
            }
        return self._starts[kind](*HOSTS, password=password)

    def close(self) -> None:
        """Stop them all."""
        self._stack.close()


@dataclass
class Place:
    """One run's network: the variables that describe it, the proxy if there is one, and what came to the site."""

    plan: NetworkPlan
    site: StandIn
    variables: dict[str, str]
    proxy: ForwardProxy | None
    _asked_before: int
    _arrivals: Counter[str] = field(default_factory=Counter)

    def network(self) -> Network:
        """Return the network as a command makes it of its options and variables. Raises InputError."""
        own = {name: self.variables.get(name) for name in ("PURGER_PROXY", "PURGER_CA_FILE")}
        ca_file = own["PURGER_CA_FILE"]
        settings = NetworkSettings(proxy=own["PURGER_PROXY"], ca_file=Path(ca_file) if ca_file else None)
        return settings.network(self.variables)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What may be shown nowhere."""
        return (*secrets_of(self.site), WRONG_USER_INFO, WRONG_PASSWORD)

    def problems(self) -> Iterable[str]:
        """Yield what came to the site by another way than that by which it should, or came there at all."""
        asked = Counter(self.proxy.asked()[self._asked_before :] if self.proxy else [])
        for place, count in self._arrivals.items():
            if self.plan.by_proxy and count > asked[place]:
                yield f"PAST THE PROXY: {count} connections to {place}, and {asked[place]} of them by the proxy"
        if self.plan.local and asked:
            yield f"by the proxy, although this machine is reached directly: {dict(asked)}"
        strange = asked.keys() - {_place(self.site.url), _place(self.site.api_url)}
        if strange:
            yield f"the proxy was asked for what is not the site's: {sorted(strange)}"
        versions = {request.http_version for request in self.site.requests if _is_of_the_browser(request)}
        if versions - {"2" if self.plan.http2 else "1.1"}:
            yield f"the browser used HTTP/{' and HTTP/'.join(sorted(versions))}"
        if self.plan.refused_with is not None and self.site.requests:
            yield f"A REFUSED SITE GOT REQUESTS: {self.site.requests[0]}"

    def watch_arrivals(self) -> None:
        """Count the connections to the site from now on, by the place that was meant."""
        assert self.site._serving is not None
        for origin, url in (("web", self.site.url), ("api", self.site.api_url)):
            listener = self.site._serving._listeners[origin]  # type: ignore[index]
            arrive = listener._arrive

            async def note(
                connection: socket.socket, server: web.Server, arrive: Any = arrive, place: str = _place(url)
            ) -> None:
                self._arrivals[place] += 1
                await arrive(connection, server)

            listener._arrive = note  # type: ignore[method-assign]


def _place(url: str) -> str:
    return urlsplit(url).netloc


def site_for(plan: NetworkPlan | None) -> StandIn:
    """Return the stand-in that such a network leads to."""
    if plan is None:
        return StandIn(costs=False)
    return StandIn(costs=False, tls=True, http2=plan.http2, hosts=HOSTS if plan.by_proxy else LOCAL_HOSTS)


@contextlib.contextmanager
def place_of(plan: NetworkPlan, site: StandIn, park: ProxyPark) -> Iterator[Place]:
    """Make the network of a run around its site, which serves."""
    proxy = park.proxy(plan.proxy, password=plan.password != "none") if plan.proxy else None
    if plan.certificate != "valid":
        site.use_certificate(plan.certificate)
    with tempfile.TemporaryDirectory(prefix="soak-authority-") as folder:
        variables = {plan.authority_variable: path} if (path := _authority(plan, site, Path(folder))) else {}
        if proxy:
            variables[plan.proxy_variable] = _address(plan, proxy)
        place = Place(plan, site, variables, proxy, len(proxy.asked()) if proxy else 0)
        place.watch_arrivals()
        yield place


def _address(plan: NetworkPlan, proxy: ForwardProxy) -> str:
    if plan.bad_proxy:
        return plan.bad_proxy.format(user_info=USER_INFO)
    match plan.password:
        case "right":
            return proxy.address_with_password
        case "wrong":
            return proxy.address_with_password.replace(USER_INFO, WRONG_USER_INFO)
        case _:
            return proxy.address


def _authority(plan: NetworkPlan, site: StandIn, folder: Path) -> str | None:
    """Return what the setting for the authority names."""
    named, own = folder / "authority.pem", site.authority_file.read_bytes()
    match plan.authority:
        case "none":
            return None
        case "missing":
            return str(folder / "missing.pem")
        case "file":
            return str(site.authority_file)
        case "folder":
            named.write_bytes(own)
            return str(folder)
        case "bundle":
            named.write_bytes(CA().cert_pem.bytes() + b"\n# the site's:\n" + own)
        case "other":
            named.write_bytes(CA().cert_pem.bytes())
        case "empty":
            named.touch()
        case _:
            named.write_text("no certificate at all\n")
    return str(named)


def _is_of_the_browser(request: Request) -> bool:
    """Whether the browser asked for it: purger itself looks at a front end that the page does not show, by HTTP/1.1."""
    return request.origin == "web" and not request.headers["User-Agent"].startswith("purger/")
