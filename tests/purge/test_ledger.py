"""The ledger: what each load, response and refusal makes of a cache, and the outcome at the end."""

from __future__ import annotations

import ast
import dataclasses
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import purger
from purger.core.cache import Cache, Kind, Method, Outcome, versions
from purger.core.decision import Decision, Kept, Verdict
from purger.core.selection import Selection
from purger.purge.entry import (
    ACCEPTED_ONLY,
    BRANCH_UNKNOWN,
    GONE_BEFORE,
    ICON_DELETES_NOTHING,
    NOT_APPLIED,
    NOT_ATTEMPTED,
    NOT_RECHECKED,
    NOT_SELECTED,
    RUNNING_JOB,
    Entry,
    State,
)
from purger.purge.ledger import Ledger, with_known_names
from purger.purge.methods import RECHECKS_OF_ACCEPTED, Refusal
from tests.support.builders import NOW, attempt, cache, entry, ledger_of, ledger_with, nested, outcome


def named(full: str, age_s: float = 3600.0) -> Cache:
    """A cache whose branch was asked for by its full name."""
    return replace(cache(full.rpartition("/")[2], age_s=age_s), full_branch=full)


def test_a_response_is_no_proof() -> None:
    ledger = ledger_of(cache())
    attempt(ledger)
    ledger.accept([cache()], Method.ICON)
    assert outcome(ledger) == (Outcome.REMAINING, ACCEPTED_ONLY)
    assert ledger.waiting == ledger.entries
    assert not ledger.ok
    ledger.record_load([cache()], NOW)
    assert outcome(ledger) == (Outcome.REMAINING, NOT_APPLIED)
    ledger.record_load([], NOW)
    assert outcome(ledger) == (Outcome.DELETED, None)
    assert ledger.entries[0].gone_at == NOW
    assert ledger.entries[0].bytes_deleted == 10
    assert ledger.ok


def test_what_is_gone_without_an_attempt_says_so() -> None:
    ledger = ledger_of(cache())
    ledger.record_load([], NOW)
    assert outcome(ledger) == (Outcome.DELETED, GONE_BEFORE)


def test_of_two_caches_that_the_list_cannot_tell_apart_the_accepted_one_is_gone() -> None:
    ledger = ledger_of(cache("login"), cache("login"))
    ledger.count_attempt(ledger.entries, Method.ICON)
    (accepted,) = ledger.accept([cache("login")], Method.ICON)
    ledger.record_load([cache("login")], NOW)
    (left,) = ledger.left
    assert left is not accepted
    assert (ledger.waiting, ledger.to_attempt) == ([], [left])


def test_a_response_names_what_was_attempted_first() -> None:
    ledger = ledger_of(cache("login"), cache("login"))
    _, second = ledger.entries
    assert ledger.accept([cache("login")], Method.API, [second]) == [second]


def test_a_response_names_what_lies_below_the_deleted_folder_first() -> None:
    ledger = ledger_of(named("a/foo"), named("b/foo"))
    first, second = ledger.entries
    assert ledger.accept([cache("foo")], Method.API, [first], "b/foo") == [second]
    ledger = ledger_of(cache("foo"), named("b/foo"))
    assert ledger.accept([cache("foo")], Method.API, folder="b") == [ledger.entries[1]]


def test_a_folder_of_a_branch_with_the_same_last_part_holds_nothing_of_it() -> None:
    one = named("a/foo")
    assert ledger_of(one).left_below("a/foo", [one])
    assert not ledger_of(one).left_below("a/foo/foo", [one])


def test_the_loads_until_another_method_is_attempted_count_from_the_last_response() -> None:
    ledger = ledger_of(cache())
    for _ in range(2):
        ledger.accept([cache()], Method.ICON)
        for _ in range(RECHECKS_OF_ACCEPTED - 1):
            ledger.record_load([cache()], NOW)
        assert ledger.waiting == ledger.entries
    ledger.record_load([cache()], NOW)
    assert ledger.to_attempt == ledger.entries


def test_a_method_that_another_is_used_instead_of_is_exhausted_with_it() -> None:
    ledger = ledger_of(cache(), attempts=2)
    (one,) = ledger.entries
    for exhausted in (set(), {Method.BUTTON, Method.ICON}):
        ledger.count_attempt([one], Method.BUTTON)
        ledger.refuse([one], "answered 500", Refusal.TRANSIENT, instead_of=Method.ICON)
        assert one.exhausted == exhausted
    assert ledger.methods.next_of(one) is Method.API


def test_refusals_of_one_method_do_not_count_for_the_next() -> None:
    ledger = ledger_of(cache(), attempts=2)
    for method in (Method.ICON, Method.API, Method.ICON, Method.API):
        ledger.count_attempt(ledger.entries, method)
        for refusal in (Refusal.TRANSIENT, Refusal.RATE_LIMITED):
            ledger.refuse(ledger.entries, "answered 500", refusal)
    assert not ledger.entries[0].exhausted


def test_progress_and_recreations_rise_with_each_selected_cache() -> None:
    ledger = ledger_of(cache("a", age_s=9), cache("b", age_s=9))
    ledger.accept([cache("a", age_s=9)], Method.ICON)
    ledger.record_load([], NOW)
    assert ledger.progress == 3, "one response, and two caches that are gone"
    ledger.record_load([cache("a", age_s=1), cache("b", age_s=1)], NOW)
    assert ledger.recreations == 2


def test_a_kept_cache_has_the_reason_of_its_policy() -> None:
    decision = Decision.of([(cache(), Verdict(selected=False, kept=Kept.NEWEST))], is_complete=True)
    assert outcome(ledger_of(cache(), selection=Selection(decision=decision))) == (Outcome.SKIPPED, Kept.NEWEST.of_one)


def test_what_may_be_selected_is_left_alone_and_nothing_is_proved() -> None:
    ledger = ledger_of(nested(), selection=Selection(kind=Kind.PUSH))
    (one,) = ledger.undecided
    assert (one.selected, one.outcome, one.reason) == (False, Outcome.SKIPPED, BRANCH_UNKNOWN)
    assert (ledger.left, ledger.ok) == ([], False)
    ledger.record_load([], NOW)
    assert (ledger.undecided, ledger.ok) == ([], True)


def test_names_that_are_learned_later_change_no_state() -> None:
    ledger = ledger_of(nested(), selection=Selection(larger_than_bytes=1))
    (one,) = ledger.left
    ledger.learn_names(one, nested(full="PR.7"))
    assert one.cache.kind is Kind.PULL_REQUEST
    assert with_known_names(ledger.entries, [nested()]) == [nested(full="PR.7")]
    ledger.record_load([nested(full="PR.7")], NOW)
    assert ledger.left == [one]


def test_a_final_refusal_ends_the_attempts_and_counts_as_one() -> None:
    ledger = ledger_of(cache(age_s=100))
    attempt(ledger)
    ledger.refuse(ledger.entries, "answered 403: no", Refusal.FINAL)
    (one,) = ledger.entries
    assert ledger.to_attempt == []
    assert (one.outcome, one.reason, one.attempts) == (Outcome.FAILED, "answered 403: no", 1)
    ledger.record_load([cache(age_s=1)], NOW)
    assert ledger.to_attempt == [], "it is not the version that was refused"
    assert (one.outcome, one.reason) == (Outcome.FAILED, "answered 403: no")
    ledger.record_load([], NOW)
    ledger.record_load([cache(age_s=0)], NOW)
    assert (ledger.to_attempt, one.state, one.outcome) == ([], State.REJECTED, Outcome.RECREATED)


def test_what_was_attempted_and_what_was_not() -> None:
    ledger = ledger_of(cache())
    assert outcome(ledger) == (Outcome.REMAINING, NOT_ATTEMPTED)
    attempt(ledger)
    assert outcome(ledger) == (Outcome.REMAINING, NOT_RECHECKED)
    assert ledger.entries[0].method is Method.ICON


def test_an_upload_after_the_response_is_a_recreation_and_one_entry() -> None:
    ledger = ledger_of(cache(age_s=100))
    attempt(ledger)
    ledger.accept([cache(age_s=100)], Method.ICON)
    ledger.record_load([cache(age_s=1, size=7)], NOW)
    (one,) = ledger.entries
    assert (one.outcome, one.reason, one.recreated) == (Outcome.RECREATED, RUNNING_JOB, 1)
    assert ledger.to_attempt == [one]
    ledger.record_load([], NOW)
    assert one.outcome is Outcome.DELETED
    assert one.bytes_deleted == 17


def test_an_upload_after_it_was_seen_gone() -> None:
    ledger = ledger_of(cache(age_s=100))
    ledger.record_load([], NOW)
    ledger.record_load([cache(age_s=1)], NOW)
    assert [entry.recreated for entry in ledger.entries] == [1]


def test_an_upload_before_any_attempt_is_just_a_newer_version() -> None:
    ledger = ledger_of(cache(age_s=100))
    ledger.record_load([cache(age_s=1)], NOW)
    assert [(entry.recreated, entry.outcome) for entry in ledger.entries] == [(0, Outcome.REMAINING)]


def test_an_upload_that_the_filter_does_not_select_leaves_the_old_one_deleted() -> None:
    ledger = ledger_of(cache(age_s=100), selection=Selection(older_than_s=50, as_of=NOW))
    ledger.accept([cache(age_s=100)], Method.ICON)
    ledger.record_load([cache(age_s=1)], NOW)
    assert [(entry.outcome, entry.reason) for entry in ledger.entries] == [
        (Outcome.DELETED, None),
        (Outcome.SKIPPED, NOT_SELECTED),
    ]
    assert ledger.ok


def test_an_upload_that_the_filter_selects_is_attempted_although_the_old_one_was_spared() -> None:
    ledger = ledger_of(cache(age_s=100, size=5), selection=Selection(larger_than_bytes=10))
    assert ledger.to_attempt == []
    ledger.record_load([cache(age_s=1, size=20)], NOW)
    assert [(entry.cache.size_bytes, entry.selected) for entry in ledger.entries] == [(5, False), (20, True)]
    assert [entry.cache.size_bytes for entry in ledger.to_attempt] == [20]
    ledger.record_load([cache(age_s=0.5, size=7)], NOW)
    assert ledger.ok
    assert [entry.listed for entry in ledger.entries] == [True, False]


def test_namesakes_of_merged_rows_are_distinguished_by_date() -> None:
    old, new = cache("foo", age_s=100), cache("foo", age_s=50)
    ledger = ledger_of(old, new)
    ledger.accept([new], Method.ICON)
    ledger.record_load([old], NOW)
    assert [entry.listed for entry in ledger.entries] == [True, False]
    assert [entry.recreated for entry in ledger.entries] == [0, 0]


def test_namesakes_of_one_date_are_distinguished_by_size() -> None:
    ledger = ledger_of(cache("foo", size=10))
    ledger.record_load([cache("foo", size=11)], NOW)
    assert [(entry.cache.size_bytes, entry.listed) for entry in ledger.entries] == [(10, False), (11, True)]


def test_twins_are_counted() -> None:
    ledger = ledger_of(cache("foo"), cache("foo"))
    assert len(ledger.entries) == 2
    ledger.record_load([cache("foo"), cache("foo")], NOW)
    assert ledger.left == ledger.entries
    assert len(ledger.accept([cache("foo")], Method.ICON)) == 1
    ledger.record_load([cache("foo")], NOW)
    assert sorted(entry.listed for entry in ledger.entries) == [False, True]


def test_what_shows_up_later_is_new() -> None:
    ledger = ledger_of(cache("a"))
    ledger.record_load([cache("a"), cache("b")], NOW)
    assert [entry.cache.branch for entry in ledger.to_attempt] == ["a", "b"]


def test_what_is_left_alone() -> None:
    ledger = ledger_of(cache("a"), cache("b"), selection=Selection(branches=("a*",)))
    assert [entry.outcome for entry in ledger.entries] == [Outcome.REMAINING, Outcome.SKIPPED]
    ledger.give_up(ledger.entries[:1], "because")
    assert ledger.to_attempt == []
    assert (ledger.entries[0].outcome, ledger.entries[0].reason) == (Outcome.SKIPPED, "because")
    assert not ledger.ok


def test_a_useless_icon_says_so() -> None:
    ledger = ledger_of(cache())
    attempt(ledger, 4)
    ledger.methods.exhaust(ledger.entries)
    assert outcome(ledger) == (Outcome.REMAINING, ICON_DELETES_NOTHING)


def test_what_only_a_response_shows_is_counted_once() -> None:
    ledger = ledger_of(cache("a", "1"))
    ledger.accept([cache("a", "1"), cache("a", "hidden")], Method.ICON)
    ledger.accept([cache("a", "1"), cache("a", "hidden")], Method.ICON)
    assert [entry.cache.name for entry in ledger.waiting] == ["1", "hidden"]
    ledger.record_load([], NOW)
    assert [entry.outcome for entry in ledger.entries] == [Outcome.DELETED, Outcome.DELETED]


def test_a_response_that_names_an_upload_keeps_its_entry() -> None:
    """The button deletes everything, also what was uploaded again since the last load."""
    ledger = ledger_of(cache(age_s=100))
    ledger.accept([cache(age_s=100)], Method.ICON)
    ledger.record_load([], NOW)
    ledger.accept([cache(age_s=1)], Method.BUTTON)
    (one,) = ledger.entries
    assert (one.recreated, one.state, one.method) == (1, State.ACCEPTED, Method.BUTTON)
    ledger.record_load([], NOW)
    assert [entry.outcome for entry in ledger.entries] == [Outcome.DELETED]


def test_a_response_that_names_an_unlisted_upload_of_a_branch_known_in_full() -> None:
    ledger = ledger_of(named("feature/foo", age_s=100), selection=Selection(branches=("feature/foo",)))
    ledger.accept([cache("foo", age_s=1)], Method.API)
    (one,) = ledger.entries
    assert (one.cache, one.state, one.recreated) == (named("feature/foo", age_s=1), State.ACCEPTED, 0)


def test_an_unlisted_upload_has_the_file_name_of_the_version_before_it() -> None:
    known = nested(full="main")
    ledger = ledger_of(known)
    unnamed = replace(known, last_modified=NOW, full_branch=None, file_name=None, may_be_nested=False)
    ledger.accept([unnamed], Method.API)
    assert [entry.cache for entry in ledger.entries] == [replace(known, last_modified=NOW)]


def test_what_was_deleted_after_the_list_was_made_keeps_its_full_name() -> None:
    selection = Selection(branches=("feature/foo",))
    ledger = ledger_of(named("feature/foo"), cache("foo", "other.tgz"), selection=selection)
    listed = [cache("foo"), cache("foo", "other.tgz"), cache("foo", "new.tgz")]
    assert with_known_names(ledger.entries, listed) == [
        named("feature/foo"),
        cache("foo", "other.tgz"),
        cache("foo", "new.tgz"),
    ]


def test_of_twins_the_one_without_a_full_name_is_traced_first() -> None:
    ledger = ledger_of(named("feature/foo"), cache("foo"), selection=Selection(branches=("feature/foo",)))
    assert with_known_names(ledger.entries, [cache("foo")]) == [cache("foo")]
    assert with_known_names(ledger.entries, [cache("foo"), cache("foo")]) == [cache("foo"), named("feature/foo")]
    ledger.record_load([], NOW)
    assert with_known_names(ledger.entries, [cache("foo")]) == [cache("foo")]


def test_a_response_finds_the_newest_version_and_no_older_one() -> None:
    ledger = ledger_of(cache(age_s=100))
    ledger.record_load([cache(age_s=1)], NOW)
    (one,) = ledger.entries
    assert ledger.accept([cache(age_s=100)], Method.ICON) != [one]
    assert one.state is State.LISTED
    assert ledger.accept([cache(age_s=1)], Method.ICON) == [one]
    assert (one.state, one.attempts) == (State.ACCEPTED, 1)


def test_uploads_are_counted_and_their_sizes_added_up() -> None:
    ledger = ledger_of(cache(age_s=100, size=10))
    for age_s, size in ((50, 7), (1, 5)):
        ledger.record_load([], NOW)
        ledger.count_attempt(ledger.entries, Method.ICON)
        ledger.methods.exhaust(ledger.entries)
        ledger.record_load([cache(age_s=age_s, size=size)], NOW)
        assert not ledger.entries[0].exhausted, "a new version is attempted anew"
    ledger.record_load([], NOW)
    assert [(entry.recreated, entry.bytes_deleted) for entry in ledger.entries] == [(2, 22)]


def test_a_response_takes_each_twin_once_and_only_what_is_selected_and_listed() -> None:
    ledger = ledger_of(cache("foo"), cache("foo"))
    first, second = ledger.accept([cache("foo"), cache("foo")], Method.ICON)
    assert first is not second
    ledger.record_load([cache("foo")], NOW)
    assert len(ledger.accept([cache("foo"), cache("foo")], Method.ICON)) == 1
    spared = ledger_of(cache("b"), selection=Selection(branches=("a",)))
    assert spared.accept([cache("b")], Method.ICON) == []


def test_an_unlisted_upload_belongs_to_the_version_that_was_accepted() -> None:
    ledger = ledger_of(cache("foo", age_s=90), cache("foo", age_s=100), cache("foo", "b.tgz", age_s=100))
    waiting, accepted, other = ledger.entries
    ledger.accept([cache("foo", age_s=100)], Method.ICON)
    (found,) = ledger.accept([cache("foo", age_s=1)], Method.ICON)
    assert found is accepted
    assert {waiting.state, other.state} == {State.LISTED}


def test_a_response_names_two_caches_of_one_displayed_name() -> None:
    """Those of `a/foo` and `b/foo`, of which the list shows one: they are two caches, whatever their dates."""
    for names in ([100, 50], [50, 100], [50, 40]):
        ledger = ledger_of(cache("foo", age_s=100))
        found = ledger.accept([cache("foo", age_s=age_s) for age_s in names], Method.ICON)
        assert len(set(found)) == 2
        assert sorted(one.cache.last_modified for one in ledger.entries) == sorted(
            cache("foo", age_s=age_s).last_modified for age_s in names
        )


def test_what_a_response_alone_shows_is_as_selected_as_anything() -> None:
    ledger = ledger_of(cache("a", age_s=100), selection=Selection(branches=("a*",)))
    found = ledger.accept([cache("ab"), cache("b")], Method.API)
    assert [(entry.cache.branch, entry.selected, entry.attempts) for entry in found] == [
        ("ab", True, 1),
        ("b", False, 1),
    ]
    young = ledger_of(cache("a", age_s=100), selection=Selection(older_than_s=50, as_of=NOW))
    (upload,) = young.accept([cache("a", age_s=1)], Method.API)
    assert not upload.selected
    assert young.entries[0].cache == cache("a", age_s=100)


# The states.

FRONT = "cache-linux-focal-0a1b--gemfile-gemfiles"
ANY = cache(age_s=100)
NEXT = {
    "attempt": {},
    "icon": {},
    "accept": {State.LISTED: "accepted", State.REFUSED: "accepted", State.REJECTED: "accepted",
               State.UNDELETABLE: "accepted"},
    "transient": {State.LISTED: "refused"},
    "final": {State.LISTED: "rejected", State.REFUSED: "rejected"},
    "give up": {State.LISTED: "undeletable", State.REFUSED: "undeletable", State.REJECTED: "undeletable"},
    "missing": dict.fromkeys(State, "gone"),
    "same version": {State.GONE: "listed"},
    "newer version": {State.REFUSED: "listed", State.ACCEPTED: "listed", State.UNDELETABLE: "listed",
                      State.GONE: "listed"},
}  # fmt: skip
"""Where each event leads from a state; where nothing is named, the state stays."""


def happen(ledger: Ledger, event: str) -> None:
    entries = ledger.entries
    match event:
        case "attempt":
            ledger.count_attempt(entries, Method.ICON)
        case "icon":
            ledger.methods.exhaust(entries)
        case "accept":
            ledger.accept([ANY], Method.ICON)
        case "rate limit":
            ledger.count_attempt(entries, Method.ICON)
            ledger.refuse(entries, "not now", Refusal.RATE_LIMITED)
        case "transient":
            ledger.refuse(entries, "no", Refusal.TRANSIENT)
        case "final":
            ledger.refuse(entries, "no", Refusal.FINAL)
        case "give up":
            ledger.give_up(entries, "because")
        case "missing":
            ledger.record_load([], NOW)
        case "same version":
            ledger.record_load([ANY], NOW)
        case "newer version":
            ledger.record_load([replace(ANY, last_modified=NOW)], NOW)


@pytest.mark.parametrize("event", NEXT)
@pytest.mark.parametrize("state", State)
def test_where_each_event_leads_from_each_state(state: State, event: str) -> None:
    ledger = ledger_with(entry(ANY, state))
    happen(ledger, event)
    (one,) = ledger.entries
    assert one.state == NEXT[event].get(state, state)


@pytest.mark.parametrize("state", [state for state in State if state is not State.GONE])
def test_a_version_that_was_missing_on_one_load_is_what_it_was(state: State) -> None:
    ledger = ledger_with(entry(ANY, state, "why"))
    ledger.record_load([], NOW)
    assert ledger.ok
    ledger.record_load([ANY], NOW)
    (one,) = ledger.entries
    assert (one.state, one.detail, one.recreated) == (state, "why", 0)


@pytest.mark.parametrize("listed", [ANY, replace(ANY, size_bytes=7, last_modified=cache(age_s=50).last_modified)])
def test_a_refused_version_that_was_missing_and_is_deleted_after_all_refuses_no_later_upload(listed: Cache) -> None:
    ledger = ledger_with(entry(ANY, State.REJECTED, "why"))
    ledger.record_load([], NOW)
    ledger.record_load([listed], NOW)
    (one,) = ledger.entries
    assert one.state is State.REJECTED
    ledger.accept([listed], Method.BUTTON)
    ledger.record_load([replace(ANY, last_modified=NOW)], NOW)
    assert ledger.to_attempt == [one]


@pytest.mark.parametrize(
    ("folder", "counts"),
    [
        ("main", True),
        (f"main/{FRONT}", True),
        (f"main/{FRONT}/more", True),
        ("main/nested", False),
        ("other", False),
        (f"other/{FRONT}", False),
    ],
)
def test_a_file_name_with_two_slashes_may_lie_in_any_folder_of_file_names_below_its_branch(
    folder: str, counts: bool
) -> None:
    deep = replace(cache("h", "a.tgz", full="main"), may_be_nested=True)
    assert bool(ledger_of(deep).left_below(folder, [deep])) is counts
    known = replace(cache(FRONT, "a.tgz", full="main"), may_be_nested=True, file_name=f"{FRONT}/a.tgz")
    assert bool(ledger_of(known).left_below(folder, [known])) is (folder in {"main", f"main/{FRONT}"})


@given(st.lists(st.sampled_from([*NEXT, "rate limit"]), max_size=12))
def test_whatever_happens_the_views_agree(happened: list[str]) -> None:
    ledger = ledger_of(ANY, cache("other", age_s=50), selection=Selection(branches=("main*",)))
    for event in happened:
        happen(ledger, event)
        left = [one for one in ledger.entries if one.selected and one.state is not State.GONE]
        assert ledger.left == left
        listed = [one.cache for one in ledger.entries]
        assert ledger.left_below("main", listed) == versions(one.cache for one in left)
        assert set(ledger.waiting).isdisjoint(ledger.to_attempt)
        assert ledger.ok is (not left)
        for one in ledger.entries:
            assert (one.outcome is Outcome.DELETED) is (one.gone_at is not None and not one.listed)
            assert one.listed is False or one.reason


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(Entry)])
def test_no_one_but_the_ledger_changes_an_entry(name: str) -> None:
    one = entry(cache())
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(one, name, getattr(one, name))


def test_no_module_goes_round_that() -> None:
    """Only the ledger and the methods use the function that changes an entry."""
    users = [path.stem for path in Path(purger.__file__).parent.rglob("*.py") if "import change" in path.read_text()]
    assert sorted(users) == ["ledger", "methods"]
    going_round = [
        str(path)
        for path in Path(purger.__file__).parent.rglob("*.py")
        if path.name != "transitions.py"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr == "__setattr__"
    ]
    assert going_round == []
