"""The networks that people are in: a site over TLS, an authority that is known or not, a proxy or none."""

from __future__ import annotations

import contextlib
import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from purger.standin import StandIn
from tests.support.browser import PURGER, Ended, environment, running
from tests.support.commands import RunCommand
from tests.support.forward_proxies import PASSWORD, USER_INFO, USERNAME, ForwardProxy, StartProxy, encrypted
from tests.support.processes import descendants
from tests.support.reports import assert_valid

HOSTS = ("app.travis.test", "api.travis.test")
"""Names that nobody on this machine resolves."""
LOCAL_HOSTS = ("app.localhost", "api.localhost")


@dataclass
class Seen:
    """What the processes of a command showed to others: their command lines and environments, but its own ones."""

    texts: set[str] = field(default_factory=set)


@dataclass
class InNetwork:
    """A command that ran in such a network, and all that came of it."""

    ended: Ended
    folder: Path
    seen: Seen = field(default_factory=Seen)

    def written(self) -> Iterator[tuple[str, bytes]]:
        """Everything that was written or shown, by what it was."""
        yield "stdout", self.ended.out.encode()
        yield "stderr", self.ended.err.encode()
        yield "processes", "\n".join(self.seen.texts).encode()
        for path in self.folder.rglob("*"):
            if path.is_file():
                yield path.name, path.read_bytes()


RunInNetwork = Callable[..., InNetwork]
"""Runs a command for a site, in a folder, with arguments and with variables."""


@pytest.fixture
def in_network(run_command: RunCommand) -> RunInNetwork:
    """Runs a command with these variables, in this process: its driver and browsers are those of other tests, too."""

    def run(site: StandIn, folder: Path, *arguments: str, **variables: str) -> InNetwork:
        folder.mkdir(exist_ok=True)
        return InNetwork(running(run_command, site, folder)(*arguments, **{"PURGER_CA_FILE": ""} | variables), folder)

    return run


def watched_in_network(site: StandIn, folder: Path, *arguments: str, **variables: str) -> InNetwork:
    """Run a command with these variables as a process, and watch its children."""
    folder.mkdir(exist_ok=True)
    process = subprocess.Popen(
        [*PURGER, *arguments, "--json"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(site, PURGER_CA_FILE="") | variables,
        cwd=folder,
    )
    seen = Seen()
    watching = threading.Thread(target=_watch, args=(process, seen))
    watching.start()
    out, err = process.communicate(timeout=110)
    watching.join()
    report = json.loads(out) if out else {}
    if report:
        assert_valid(report)
    assert "Traceback" not in err, err
    assert any("--remote-debugging-pipe" in text for text in seen.texts), "no browser was seen"
    return InNetwork(Ended(process.returncode, out, err, report), folder, seen)


def _watch(process: subprocess.Popen[str], seen: Seen) -> None:
    own = Path(f"/proc/{process.pid}/cmdline")
    while process.poll() is None:
        for number in descendants(process.pid):
            with contextlib.suppress(OSError):  # it ended
                command = Path(f"/proc/{number}/cmdline").read_text(errors="replace")
                if command != own.read_text(errors="replace"):  # else a fork that has not executed its program yet
                    seen.texts |= {command, Path(f"/proc/{number}/environ").read_text(errors="replace")}
        time.sleep(0.05)


PROXIES = ("direct", "variable", "option", "password")
"""How the proxy is given: not at all, by a variable, by the option, by a variable with a password in it."""
ENCRYPTED = "encrypted"
"""A proxy that is given by a variable, and talked to over TLS with a certificate of the site's authority."""


@dataclass
class Way:
    """How the site is reached: the proxy, if any, and what names it on the command line and in the environment."""

    proxy: ForwardProxy | None
    arguments: tuple[str, ...] = ()
    variables: dict[str, str] = field(default_factory=dict)
    has_password: bool = False


@pytest.fixture
def way(request: pytest.FixtureRequest, start_proxy: StartProxy) -> Iterator[Way]:
    """The way that a test asks for, one of PROXIES or ENCRYPTED."""
    if request.param == "direct":
        yield Way(None)
        return
    proxy = start_proxy(*HOSTS, password=request.param == "password")
    with encrypted(proxy) if request.param == ENCRYPTED else contextlib.nullcontext(proxy) as shown:
        yield _way_by(shown, request.param)


def _way_by(proxy: ForwardProxy, given: str) -> Way:
    match given:
        case "variable" | "encrypted":
            return Way(proxy, (), {"HTTPS_PROXY": proxy.address})
        case "option":
            # The variables name one that does not exist.
            return Way(proxy, ("--proxy", proxy.address), {"https_proxy": "http://127.0.0.1:9"})
        case _:
            return Way(proxy, (), {"all_proxy": proxy.address_with_password}, has_password=True)


def secrets_of(site: StandIn) -> tuple[str, ...]:
    """The secrets of a run, as they could be spelled."""
    return (site.token, PASSWORD, USER_INFO, f"{USERNAME}:{PASSWORD}")
