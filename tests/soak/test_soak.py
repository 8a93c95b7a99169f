"""A short soak, and that it would see it if purger lied or deleted too much."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime

import pytest

from purger.core.cache import Cache
from purger.core.decision import Verdict
from purger.core.selection import Selection
from purger.purge.entry import State
from purger.purge.ledger import Ledger
from tests.soak import soak as soaking
from tests.soak.plan import KINDS, Plan, Stored, plan_of
from tests.soak.soak import soak

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
    figures = await soak(1, runs=10, seconds=math.inf)
    assert figures.violations == []
    assert figures.runs == 10
    assert len(figures.kinds) > 5
    assert figures.deleted > 50


async def test_a_lie_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is accepted is taken for gone, although it goes later."""
    record_load = Ledger.record_load

    def trusting(ledger: Ledger, listed: Iterable[Cache], at: datetime) -> None:
        accepted = {entry.cache for entry in ledger.entries if State.ACCEPTED in {entry.state, entry.state_when_listed}}
        record_load(ledger, [cache for cache in listed if cache not in accepted], at)

    monkeypatch.setattr(Ledger, "record_load", trusting)
    monkeypatch.setattr(soaking, "plan_of", lambda seed: _plan(seed, knobs={"deletion_delay_s": 3600.0}))
    figures = await soak(1, runs=1, seconds=math.inf)
    assert any("CALLED DELETED, BUT THERE" in what for what in figures.violations)
    assert any("EXIT 0, BUT THERE" in what for what in figures.violations)


async def test_too_much_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is clicked, whatever is selected."""
    monkeypatch.setattr(Selection, "verdict", lambda *_: Verdict(True))
    monkeypatch.setattr(Selection, "everything", True)
    monkeypatch.setattr(soaking, "plan_of", lambda seed: _plan(seed, selection=Selection(branches=("a",))))
    figures = await soak(1, runs=1, seconds=math.inf)
    assert any("NOT SELECTED, BUT DELETED: 'b'" in what for what in figures.violations)


def _plan(seed: int, knobs: dict[str, float] | None = None, selection: Selection | None = None) -> Plan:
    caches = [Stored(branch, f"{branch}.tgz", 1000, 86400.0) for branch in "ab"]
    settings = {"settle_s": 0.0, "recheck_timeout_s": 1.0}
    return Plan(seed, caches, selection or Selection(), knobs=dict(knobs or {}), settings=settings)
