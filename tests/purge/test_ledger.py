from __future__ import annotations

from dataclasses import replace

from purger.core.cache import Archive, How, Outcome
from purger.purge.ledger import NOT_APPLIED, NOT_SELECTED, RUNNING_JOB, Ledger
from purger.core.selection import Selection
from tests.builders import NOW, archive


def outcome(ledger: Ledger) -> tuple[Outcome, str | None]:
    (entry,) = ledger.entries
    return entry.outcome, entry.reason


def named(full: str, age_s: float = 3600.0) -> Archive:
    """An archive whose branch was asked for by its full name."""
    return replace(archive(full.rpartition("/")[2], age_s=age_s), full_branch=full)


def ledger_of(*archives: Archive, selection: Selection | None = None, attempts: int = 4) -> Ledger:
    ledger = Ledger(selection or Selection(), attempts)
    ledger.look(archives, NOW)
    return ledger


def test_an_answer_is_no_proof() -> None:
    ledger = ledger_of(archive())
    ledger.entries[0].tries = 1
    ledger.answered([archive()], How.ICON)
    assert outcome(ledger) == (Outcome.REMAINING, NOT_APPLIED)
    assert ledger.waiting == ledger.entries
    assert not ledger.ok
    ledger.look([], NOW)
    assert outcome(ledger) == (Outcome.DELETED, None)
    assert ledger.entries[0].gone_at == NOW
    assert ledger.entries[0].bytes_deleted == 10
    assert ledger.ok


def test_what_went_without_our_doing_is_said() -> None:
    ledger = ledger_of(archive())
    ledger.look([], NOW)
    assert (ledger.entries[0].outcome, ledger.entries[0].reason) == (Outcome.DELETED, "gone before it was tried")


def test_a_refusal_with_its_words() -> None:
    ledger = ledger_of(archive())
    ledger.entries[0].tries = 4
    ledger.refused(ledger.entries, "answered 500: oh")
    assert ledger.to_try == []
    assert (ledger.entries[0].outcome, ledger.entries[0].reason) == (Outcome.FAILED, "answered 500: oh")


def test_the_rate_limit_takes_no_try_but_has_an_end() -> None:
    ledger = ledger_of(archive(), attempts=2)
    entry = ledger.entries[0]
    for _ in range(4):
        assert ledger.may_try(entry)
        entry.tries += 1
        ledger.refused([entry], "answered 429", rate_limited=True)
    assert entry.tries == 0
    assert not ledger.may_try(entry)


def test_an_upload_after_the_answer_is_a_recreation_and_one_entry() -> None:
    ledger = ledger_of(archive(age_s=100))
    ledger.entries[0].tries = 1
    ledger.answered([archive(age_s=100)], How.ICON)
    ledger.look([archive(age_s=1, size=7)], NOW)
    (entry,) = ledger.entries
    assert (entry.outcome, entry.reason, entry.recreated) == (Outcome.RECREATED, RUNNING_JOB, 1)
    assert ledger.to_try == [entry]
    ledger.look([], NOW)
    assert entry.outcome is Outcome.DELETED
    assert entry.bytes_deleted == 17


def test_an_upload_after_it_was_seen_gone() -> None:
    ledger = ledger_of(archive(age_s=100))
    ledger.look([], NOW)
    ledger.look([archive(age_s=1)], NOW)
    assert [entry.recreated for entry in ledger.entries] == [1]


def test_an_upload_before_any_try_is_just_a_newer_version() -> None:
    ledger = ledger_of(archive(age_s=100))
    ledger.look([archive(age_s=1)], NOW)
    assert [(entry.recreated, entry.outcome) for entry in ledger.entries] == [(0, Outcome.REMAINING)]


def test_an_upload_that_the_filter_does_not_select_leaves_the_old_one_deleted() -> None:
    ledger = ledger_of(archive(age_s=100), selection=Selection(older_than_s=50, as_of=NOW))
    ledger.answered([archive(age_s=100)], How.ICON)
    ledger.look([archive(age_s=1)], NOW)
    assert [(entry.outcome, entry.reason) for entry in ledger.entries] == [
        (Outcome.DELETED, None),
        (Outcome.SKIPPED, NOT_SELECTED),
    ]
    assert ledger.ok


def test_namesakes_of_merged_rows_are_told_apart_by_date() -> None:
    old, new = archive("foo", age_s=100), archive("foo", age_s=50)
    ledger = ledger_of(old, new)
    ledger.answered([new], How.ICON)
    ledger.look([old], NOW)
    assert [entry.listed for entry in ledger.entries] == [True, False]
    assert [entry.recreated for entry in ledger.entries] == [0, 0]


def test_twins_are_counted() -> None:
    ledger = ledger_of(archive("foo"), archive("foo"))
    assert len(ledger.entries) == 2
    assert len(ledger.answered([archive("foo")], How.ICON)) == 1
    ledger.look([archive("foo")], NOW)
    assert sorted(entry.listed for entry in ledger.entries) == [False, True]


def test_what_shows_up_later_is_new() -> None:
    ledger = ledger_of(archive("a"))
    ledger.look([archive("a"), archive("b")], NOW)
    assert [entry.archive.branch for entry in ledger.to_try] == ["a", "b"]


def test_what_is_left_alone() -> None:
    ledger = ledger_of(archive("a"), archive("b"), selection=Selection(branches=("a*",)))
    assert [entry.outcome for entry in ledger.entries] == [Outcome.REMAINING, Outcome.SKIPPED]
    ledger.entries[0].no_way = "because"
    assert ledger.to_try == []
    assert (ledger.entries[0].outcome, ledger.entries[0].reason) == (Outcome.SKIPPED, "because")
    assert not ledger.ok


def test_a_dead_icon_says_so() -> None:
    ledger = ledger_of(archive())
    ledger.entries[0].tries, ledger.entries[0].icon_is_dead = 4, True
    assert "deleted nothing" in (ledger.entries[0].reason or "")


def test_what_only_an_answer_shows_is_counted_once() -> None:
    ledger = ledger_of(archive("a", "1"))
    ledger.answered([archive("a", "1"), archive("a", "hidden")], How.ICON)
    ledger.answered([archive("a", "1"), archive("a", "hidden")], How.ICON)
    assert [entry.archive.name for entry in ledger.waiting] == ["1", "hidden"]
    ledger.look([], NOW)
    assert [entry.outcome for entry in ledger.entries] == [Outcome.DELETED, Outcome.DELETED]


def test_an_answer_that_tells_of_an_upload_keeps_its_entry() -> None:
    """The button deletes everything, also what was uploaded again since the last look."""
    ledger = ledger_of(archive(age_s=100))
    ledger.answered([archive(age_s=100)], How.ICON)
    ledger.look([], NOW)
    ledger.answered([archive(age_s=1)], How.BUTTON)
    (entry,) = ledger.entries
    assert (entry.recreated, entry.answered, entry.how) == (1, True, How.BUTTON)
    ledger.look([], NOW)
    assert [entry.outcome for entry in ledger.entries] == [Outcome.DELETED]


def test_an_answer_that_tells_of_an_unseen_upload_of_a_branch_known_in_full() -> None:
    ledger = ledger_of(named("feature/foo", age_s=100), selection=Selection(branches=("feature/foo",)))
    ledger.answered([archive("foo", age_s=1)], How.API)
    (entry,) = ledger.entries
    assert (entry.archive, entry.answered, entry.recreated) == (named("feature/foo", age_s=1), True, 0)


def test_what_was_deleted_after_the_list_was_made_keeps_its_full_name() -> None:
    selection = Selection(branches=("feature/foo",))
    ledger = ledger_of(named("feature/foo"), archive("foo", "other.tgz"), selection=selection)
    assert ledger.traced([archive("foo"), archive("foo", "other.tgz"), archive("foo", "new.tgz")]) == [
        named("feature/foo"),
        archive("foo", "other.tgz"),
        archive("foo", "new.tgz"),
    ]


def test_of_twins_the_one_without_a_full_name_is_traced_first() -> None:
    ledger = ledger_of(named("feature/foo"), archive("foo"), selection=Selection(branches=("feature/foo",)))
    assert ledger.traced([archive("foo")]) == [archive("foo")]
    assert ledger.traced([archive("foo"), archive("foo")]) == [archive("foo"), named("feature/foo")]
    ledger.look([], NOW)
    assert ledger.traced([archive("foo")]) == [archive("foo")]


def test_an_answer_finds_the_newest_version_and_no_older_one() -> None:
    ledger = ledger_of(archive(age_s=100))
    ledger.look([archive(age_s=1)], NOW)
    (entry,) = ledger.entries
    assert ledger.answered([archive(age_s=100)], How.ICON) != [entry]
    assert not entry.answered
    assert ledger.answered([archive(age_s=1)], How.ICON) == [entry]
    assert (entry.answered, entry.tries) == (True, 1)


def test_uploads_are_counted_and_their_sizes_added_up() -> None:
    ledger = ledger_of(archive(age_s=100, size=10))
    for age_s, size in ((50, 7), (1, 5)):
        ledger.look([], NOW)
        ledger.entries[0].icon_is_dead = True
        ledger.look([archive(age_s=age_s, size=size)], NOW)
        assert not ledger.entries[0].icon_is_dead, "a new version is tried anew"
    ledger.look([], NOW)
    assert [(entry.recreated, entry.bytes_deleted) for entry in ledger.entries] == [(2, 22)]


def test_an_answer_takes_each_twin_once_and_only_what_is_selected_and_listed() -> None:
    ledger = ledger_of(archive("foo"), archive("foo"))
    first, second = ledger.answered([archive("foo"), archive("foo")], How.ICON)
    assert first is not second
    ledger.look([archive("foo")], NOW)
    assert len(ledger.answered([archive("foo"), archive("foo")], How.ICON)) == 1
    spared = ledger_of(archive("b"), selection=Selection(branches=("a",)))
    assert spared.answered([archive("b")], How.ICON) == []


def test_an_unseen_upload_belongs_to_the_version_that_was_answered() -> None:
    ledger = ledger_of(archive("foo", age_s=90), archive("foo", age_s=100), archive("foo", "b.tgz", age_s=100))
    waiting, answered, other = ledger.entries
    ledger.answered([archive("foo", age_s=100)], How.ICON)
    (found,) = ledger.answered([archive("foo", age_s=1)], How.ICON)
    assert found is answered
    assert not waiting.answered
    assert not other.answered


def test_what_an_answer_alone_shows_is_as_selected_as_anything() -> None:
    ledger = ledger_of(archive("a", age_s=100), selection=Selection(branches=("a*",)))
    found = ledger.answered([archive("ab"), archive("b")], How.API)
    assert [(entry.archive.branch, entry.selected, entry.tries) for entry in found] == [
        ("ab", True, 1),
        ("b", False, 1),
    ]
    young = ledger_of(archive("a", age_s=100), selection=Selection(older_than_s=50, as_of=NOW))
    (upload,) = young.answered([archive("a", age_s=1)], How.API)
    assert not upload.selected
    assert young.entries[0].archive == archive("a", age_s=100)
