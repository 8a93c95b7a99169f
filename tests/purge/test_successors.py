"""Newer versions of caches whose branches are found while the purge runs."""

from __future__ import annotations

from dataclasses import replace

from purger.core.cache import Kind, Method
from purger.core.selection import Selection
from tests.support.builders import NOW, attempt, entry, ledger_of, nested


def test_an_upload_keeps_the_entry_of_a_version_whose_branch_was_found_since() -> None:
    ledger, other = ledger_of(nested()), nested(full="other")
    ledger.add(entry(other))
    attempt(ledger)
    ledger.learn_names(ledger.entries[0], nested(full="feature"))
    ledger.accept([nested()], Method.API)
    uploaded = replace(nested(), last_modified=NOW)
    ledger.record_load([uploaded, other], NOW)
    again, twin = ledger.entries
    assert (again.cache, again.recreated, again.listed, ledger.recreations) == (uploaded, 1, True, 1)
    assert (twin.cache, twin.recreated) == (other, 0)
    ledger.record_load([], NOW)
    assert ledger.gone == 2


def test_an_upload_of_which_nobody_can_tell_whether_it_is_selected_has_its_own_entry() -> None:
    ledger = ledger_of(nested(full="feature"), selection=Selection(kind=Kind.PUSH))
    uploaded = replace(nested(), last_modified=NOW)
    ledger.record_load([uploaded], NOW)
    selected, other = ledger.entries
    assert (selected.selected, selected.listed, selected.recreated) == (True, False, 0)
    assert (other.cache, other.undecided) == (uploaded, True)


def test_two_uploads_are_versions_of_two_caches() -> None:
    ledger = ledger_of(nested(full="one"), nested(full="two"))
    attempt(ledger)
    ledger.record_load([], NOW)
    ledger.record_load([replace(nested(), last_modified=NOW, size_bytes=size) for size in (1, 2, 3)], NOW)
    assert [(entry.recreated, entry.listed) for entry in ledger.entries] == [(1, True), (1, True), (0, True)]


def test_what_is_known_to_be_of_the_branch_is_the_newer_version() -> None:
    ledger = ledger_of(nested(full="one"))
    ledger.accept([nested(full="one")], Method.API)
    of_one, of_any = (replace(nested(full=full), last_modified=NOW, size_bytes=7) for full in ("one", None))
    ledger.record_load([of_any, of_one], NOW)
    assert [(entry.cache, entry.recreated) for entry in ledger.entries] == [(of_one, 1), (of_any, 0)]
