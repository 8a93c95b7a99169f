"""A short soak, and that it would see it if purger lied or deleted too much."""

from __future__ import annotations

import base64
import math
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterable
from contextlib import nullcontext
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Playwright

from purger.core import events
from purger.core.cache import Cache
from purger.core.decision import Verdict
from purger.core.policies import Policies
from purger.core.selection import Selection
from purger.purge.entry import State
from purger.purge.ledger import Ledger
from purger.purge.run import Run
from purger.standin import StandIn
from tests.soak import places
from tests.soak import soak as soaking
from tests.soak.env_files import EnvFile
from tests.soak.networks import NetworkPlan
from tests.soak.places import Place
from tests.soak.plan import KINDS, Plan, Stored, plan_of
from tests.soak.processes import descendants
from tests.soak.soak import Figures, soak
from tests.support.forward_proxies import ForwardProxy
from tests.support.networks import LOCAL_HOSTS

pytestmark = pytest.mark.browser


def test_a_seed_is_always_the_same_run() -> None:
    first, second = plan_of(7), plan_of(7)
    assert (first.caches, first.knobs, first.settings) == (second.caches, second.knobs, second.settings)


def test_every_kind_of_fault_is_drawn() -> None:
    assert {kind for seed in range(300) for kind in plan_of(seed).kinds} == set(KINDS)


def patient_plan_of(seed: int) -> Plan:
    """A plan whose run ends well, if it is to, on a busy machine as well: what answers at all answers in this time."""
    plan = plan_of(seed)
    if plan.gentle:
        plan.settings |= {"page_timeout_s": 30.0, "answer_timeout_s": 3.0, "recheck_timeout_s": 30.0}
    return plan


async def test_a_short_soak(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soaking, "plan_of", patient_plan_of)
    figures = await soak(1, runs=12, seconds=math.inf)
    assert figures.violations == []
    assert figures.runs == 12
    assert len(figures.kinds) > 5
    assert figures.deleted > 50


async def test_a_lie_is_seen(monkeypatch: pytest.MonkeyPatch, find: Find) -> None:
    """What is accepted is taken for gone, although it goes later."""
    record_load = Ledger.record_load

    def trusting(ledger: Ledger, listed: Iterable[Cache], at: datetime) -> None:
        accepted = {entry.cache for entry in ledger.entries if State.ACCEPTED in {entry.state, entry.state_when_listed}}
        record_load(ledger, [cache for cache in listed if cache not in accepted], at)

    monkeypatch.setattr(Ledger, "record_load", trusting)
    seen = await find(knobs={"deletion_delay_s": 3600.0})
    assert "CALLED DELETED, BUT THERE" in seen
    assert "EXIT 0, BUT THERE" in seen


async def test_too_much_is_seen(monkeypatch: pytest.MonkeyPatch, find: Find) -> None:
    """Everything is clicked, whatever is selected."""
    monkeypatch.setattr(Selection, "verdict", lambda *_: Verdict(True))
    monkeypatch.setattr(Selection, "everything", True)
    assert "NOT SELECTED, BUT DELETED: 'b'" in await find(selection=Selection(branches=("a",)))


NEW_KINDS = (
    "HTTP/2",
    "SOCKS5 proxy",
    "policies",
    "proxy refused",
    "certificate refused",
    ".env file",
    ".env file refused",
)


async def test_a_run_of_each_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    """A violation names the kinds of its run."""
    plans = [next(plan for plan in map(patient_plan_of, count(1)) if kind in plan.kinds) for kind in NEW_KINDS]
    monkeypatch.setattr(soaking, "plan_of", plans.__getitem__)
    figures = await soak(0, runs=len(plans), seconds=math.inf)
    assert figures.violations == []
    assert figures.runs == len(NEW_KINDS)
    assert set(NEW_KINDS) <= set(figures.kinds)


Find = Callable[..., Awaitable[str]]


@pytest.fixture
def find(monkeypatch: pytest.MonkeyPatch, playwright: Playwright) -> Find:
    """Tells what a soak of this one plan finds, in a browser that it leaves to other tests."""

    async def found(**plan: Any) -> str:
        monkeypatch.setattr(soaking, "async_playwright", lambda: nullcontext(playwright))
        monkeypatch.setattr(soaking, "ENDING_S", 0.0)  # browsers stay
        monkeypatch.setattr(soaking, "plan_of", lambda seed: _plan(seed, **plan))
        return "\n".join((await soak(1, runs=1, seconds=math.inf)).violations)

    return found


async def test_a_process_that_stays_is_seen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(soaking, "ENDING_S", 0.0)
    others = descendants()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as staying:
        below = descendants(besides=others)
        assert {pid for pid, _ in below} == {staying.pid}
        assert descendants(besides=others | below) == set()
        (line,) = await soaking._left_over(tmp_path, below, 0)
        assert f"process {staying.pid} is left over: {sys.executable}" in line
        staying.kill()
    assert await soaking._left_over(tmp_path, below, 0) == []


async def test_a_secret_in_another_spelling_is_seen(monkeypatch: pytest.MonkeyPatch, find: Find) -> None:
    async def sign_in(run: Run, _api: object) -> None:
        run._emit(events.SignedIn("", base64.b64encode(run.settings.token.reveal().encode()).decode()))

    monkeypatch.setattr(Run, "_sign_in", sign_in)
    assert "A SECRET IS SHOWN in events and log" in await find()


async def test_a_connection_past_the_proxy_is_seen(monkeypatch: pytest.MonkeyPatch, find: Find) -> None:
    """Names of this machine are reached directly, where they were to be left to the proxy."""
    monkeypatch.setattr(places, "HOSTS", LOCAL_HOSTS)
    assert "PAST THE PROXY" in await find(network=NetworkPlan(proxy="socks5"))


async def test_a_connection_by_the_proxy_to_this_machine_is_seen(monkeypatch: pytest.MonkeyPatch, find: Find) -> None:
    monkeypatch.setattr("purger.browser.proxies.is_loopback", lambda _host: False)
    network = NetworkPlan(proxy="socks5", local=True)
    assert "by the proxy, although this machine is reached directly" in await find(network=network)


async def test_another_version_of_http_is_seen(monkeypatch: pytest.MonkeyPatch, find: Find) -> None:
    monkeypatch.setattr(soaking, "site_for", lambda _plan: StandIn(costs=False, tls=True, http2=False))
    assert "the browser used HTTP/1.1" in await find(network=NetworkPlan())


async def test_a_deletion_on_a_site_that_must_be_refused_is_seen(monkeypatch: pytest.MonkeyPatch, find: Find) -> None:
    monkeypatch.setattr(NetworkPlan, "refused_with", 4)
    seen = await find(network=NetworkPlan())
    assert "DELETED, ALTHOUGH REFUSED" in seen
    assert "had to be refused with 4, but it ended with 0" in seen
    assert "A REFUSED SITE GOT REQUESTS" in seen


def test_a_proxy_that_is_asked_for_a_stranger_is_seen() -> None:
    proxy = ForwardProxy(1, asked=lambda: ["stranger.test:443"])
    with StandIn(costs=False, tls=True) as site:
        assert "['stranger.test:443']" in "".join(Place(NetworkPlan(), site, {}, proxy, 0).problems())


async def test_a_deletion_that_a_policy_forbids_is_seen(monkeypatch: pytest.MonkeyPatch, find: Find) -> None:
    monkeypatch.setattr("purger.core.policies._keep_newest", lambda *_, **__: None)
    selection = Selection(policies=Policies(keep_newest=1))
    assert "NOT SELECTED, BUT DELETED" in await find(selection=selection)


@pytest.mark.parametrize("is_refused", [False, True])
async def test_a_file_that_is_taken_for_another_is_seen(find: Find, is_refused: bool) -> None:
    file = EnvFile("PURGER_EXCLUDE=c\n", "utf-8", {}, is_refused=is_refused)
    seen = await find(selection=Selection(branches=("a",)), env_file=file)
    assert ("DELETED, ALTHOUGH REFUSED" if is_refused else "NOT SELECTED, BUT DELETED: 'b'") in seen


def test_the_figures_of_batches_are_added() -> None:
    one, other = (Figures([(first, first + 9)], runs=10, longest=(first, first)) for first in (1, 11))
    one.codes[2], other.codes[2], other.kinds["slow"] = 1, 2, 3
    both = one + Figures.from_json(other.to_json())
    assert (both.runs, both.seeds[0], both.longest) == (20, (1, 10), (11, 11))
    assert (both.codes, both.kinds) == ({2: 3}, {"slow": 3})
    assert "20 runs" in str(both)


def _plan(seed: int, knobs: dict[str, float] | None = None, selection: Selection | None = None, **more: Any) -> Plan:
    caches = [Stored(branch, f"{branch}.tgz", 1000, 86400.0) for branch in "ab"]
    settings = {"settle_s": 0.0, "recheck_timeout_s": 1.0}
    return Plan(seed, caches, selection or Selection(), knobs=dict(knobs or {}), settings=settings, **more)
