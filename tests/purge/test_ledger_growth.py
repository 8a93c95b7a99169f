"""The ledger's work for each cache does not grow with the number of caches."""

from __future__ import annotations

import gc
from collections.abc import Callable

import pytest

from purger.core.cache import Method, versions
from purger.core.selection import Selection
from purger.purge.ledger import Ledger, with_known_names
from scripts.benchmarks.ledger import SCENARIOS
from tests.support.builders import NOW, cache
from tests.support.growth import FEW, MANY, MOST_GROWTH, growth, operations


def test_the_count_sees_quadratic_work() -> None:
    assert growth(lambda count: lambda: [1 for _ in range(count) for _ in range(count)]) > 3
    assert growth(lambda count: lambda: versions(cache() for _ in range(count)) <= versions([])) < MOST_GROWTH


def test_garbage_collections_are_not_counted() -> None:
    """Whatever is called at one (generated data makes the tests' library measure them) is no work of the ledger."""

    def work() -> list[list[object]]:
        return [[] for _ in range(5000)]  # enough for several collections

    undisturbed = operations(work)
    called: list[str] = []

    def at_collection(phase: str, _info: dict[str, int]) -> None:
        called.append(phase)

    often = gc.get_threshold()
    gc.callbacks.append(at_collection)
    gc.set_threshold(700)  # some versions of Python collect less often
    try:
        assert operations(work) == undisturbed
        work()
        assert called, "collections go on afterwards"
    finally:
        gc.callbacks.remove(at_collection)
        gc.set_threshold(*often)


@pytest.mark.parametrize("name", SCENARIOS)
def test_no_scenario_of_the_ledger_grows(name: str) -> None:
    scenario, make = SCENARIOS[name]

    def work(count: int) -> Callable[[], object]:
        caches = make(count)
        return lambda: scenario(caches)

    assert growth(work) < MOST_GROWTH


def test_responses_that_name_hidden_caches_do_not_grow() -> None:
    def work(count: int) -> Callable[[], object]:
        ledger = Ledger(Selection(), 4)
        ledger.record_load([cache(f"row-{number}") for number in range(count)], NOW)

        def respond() -> None:
            for number in range(count):
                ledger.accept([cache(f"row-{number}"), cache(f"row-{number}", "hidden")], Method.ICON)

        return respond

    assert growth(work) < MOST_GROWTH


@pytest.mark.parametrize("again", [False, True])
def test_a_load_takes_the_same_however_many_caches_are_gone(again: bool) -> None:
    def work(gone: int) -> int:
        ledger = Ledger(Selection(), 4)
        ledger.record_load([cache(f"row-{number}") for number in range(gone)], NOW)
        ledger.record_load([], NOW)
        assert ledger.gone == gone
        listed = [cache(f"row-{number}" if again else f"new-{number}") for number in range(20)]

        def load() -> None:
            ledger.record_load(listed, NOW)
            assert len(ledger.to_attempt) == len(ledger.left) == len(listed)
            assert ledger.gone == (gone - len(listed) if again else gone)
            assert ledger.waiting == ledger.undecided == []
            assert not ledger.ok

        return operations(load)

    few, many = work(FEW), work(MANY)
    assert many == few


def test_filling_in_known_names_does_not_grow() -> None:
    def work(count: int) -> Callable[[], object]:
        ledger = Ledger(Selection(), 4)
        caches = [cache("foo")] * count
        ledger.record_load(caches, NOW)
        return lambda: with_known_names(ledger.entries, caches)

    assert growth(work) < MOST_GROWTH
