"""A short soak, and that it would see it if purger lied or deleted too much."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime

import pytest

from purger.core.cache import Archive
from purger.purge.ledger import Ledger
from purger.core.selection import Selection
from tests.soak import soak as soaking
from tests.soak.soak import soak
from tests.soak.plan import KINDS, Plan, Stored, plan_of


def test_a_seed_is_always_the_same_run() -> None:
    first, second = plan_of(7), plan_of(7)
    assert (first.archives, first.knobs, first.settings) == (second.archives, second.knobs, second.settings)


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
    """What is answered is taken for gone, although it goes later."""
    look = Ledger.look

    def trusting(ledger: Ledger, listed: Iterable[Archive], at: datetime) -> None:
        answered = {entry.archive for entry in ledger.entries if entry.answered}
        look(ledger, [archive for archive in listed if archive not in answered], at)

    monkeypatch.setattr(Ledger, "look", trusting)
    monkeypatch.setattr(soaking, "plan_of", lambda seed: _plan(seed, knobs={"deletion_delay_s": 3600.0}))
    figures = await soak(1, runs=1, seconds=math.inf)
    assert any("CALLED DELETED, BUT THERE" in what for what in figures.violations)
    assert any("EXIT 0, BUT THERE" in what for what in figures.violations)


async def test_too_much_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is clicked, whatever is selected."""
    monkeypatch.setattr(Selection, "selects", lambda *_: True)
    monkeypatch.setattr(Selection, "everything", True)
    monkeypatch.setattr(soaking, "plan_of", lambda seed: _plan(seed, selection=Selection(branches=("a",))))
    figures = await soak(1, runs=1, seconds=math.inf)
    assert any("NOT SELECTED, BUT DELETED: 'b'" in what for what in figures.violations)


def _plan(seed: int, knobs: dict[str, float] | None = None, selection: Selection | None = None) -> Plan:
    archives = [Stored(branch, f"{branch}.tgz", 1000, 86400.0) for branch in "ab"]
    settings = {"settle_s": 0.0, "recheck_timeout_s": 1.0}
    return Plan(seed, archives, selection or Selection(), knobs=dict(knobs or {}), settings=settings)
