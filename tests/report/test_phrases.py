"""Results as sentences: of one repository, of several, of errors; and text of others, made safe to show."""

from __future__ import annotations

from typing import Any

import pytest

from purger.core.errors import AccessError, SiteError
from purger.purge.record import Record
from purger.report.build import error_value, report_of, repository_value
from purger.report.phrases import counted, error_words, headline, name_of, verdict_of
from purger.core.text import sentence_of, visible
from tests.builders import NOW, archive
from tests.report.samples import record, refused


def settled(gone: int, settled_s: float | None) -> Record:
    made = record(gone=gone)
    made.settled_s = settled_s
    return made


def unproved() -> Record:
    made = record(gone=1)
    made.verified = False
    return made


def spared() -> Record:
    made = record(gone=0)
    made.ledger.look([archive("a"), archive("b")], NOW)
    for entry in made.ledger.entries:
        entry.selected = False
    return made


def stopped() -> Record:
    made = record(gone=0)
    made.error = SiteError("gone")
    return made


@pytest.mark.parametrize(
    ("made", "more", "sentence"),
    [
        (settled(1, 5.0), {}, "1 cache of acme/widgets is gone (1.0 MB), seen on two looks 5 s apart."),
        (settled(2, 0.0), {}, "2 caches of acme/widgets are gone (3.0 MB), seen on two looks one after the other."),
        (settled(2, None), {}, "2 caches of acme/widgets are gone (3.0 MB), seen on two looks."),
        (unproved(), {}, "1 cache of acme/widgets is gone (1.0 MB), but that nothing is left was not proved."),
        (record(gone=0), {}, "acme/widgets has no caches."),
        (stopped(), {}, "Nothing of acme/widgets was deleted."),
        (spared(), {}, "None of the 2 caches of acme/widgets is selected: nothing to do."),
        (spared(), {"filters": "of branch x"}, "None of the 2 caches of acme/widgets is selected (of branch x): "
         "nothing to do."),
        (record(gone=1, left=[refused("x"), refused("y")]), {}, "1 of 3 caches of acme/widgets are gone (1.0 MB); "
         "2 failed."),
        (record(gone=0, left=[refused("x")]), {"dry_run": True}, "1 cache of acme/widgets would be deleted (10 Bytes). "
         "Nothing was touched."),
    ],
)  # fmt: skip
def test_a_repository_in_a_sentence(made: Record, more: dict[str, Any], sentence: str) -> None:
    dry_run = more.get("dry_run", False)
    value = repository_value(made, None, dry_run=dry_run)
    assert verdict_of(value, **{"dry_run": False} | more) == sentence


def test_several_repositories_in_a_sentence() -> None:
    def of(*records: Record, dry_run: bool = False) -> str:
        return headline(report_of(records, None, NOW, dry_run=dry_run))

    bad, worse = record("x", left=[refused("x")]), record("y", left=[refused("y")])
    assert of(record(), bad) == "6 of 7 caches in 2 repositories are gone (12.0 MB); 1 repository is not done."
    assert of(bad, worse) == "6 of 8 caches in 2 repositories are gone (12.0 MB); 2 repositories are not done."
    assert of(record(), record("z")) == "6 caches in 2 repositories are gone (12.0 MB), seen on two looks."
    assert of(bad, worse, dry_run=True) == "8 caches in 2 repositories would be deleted (12.0 MB). Nothing was touched."
    assert of() == "Nothing was deleted: there was no repository to purge."
    refused_token = report_of([], AccessError("the token was refused"), NOW)
    assert headline(refused_token) == "Nothing was deleted: the token was refused."


def test_errors_in_a_sentence() -> None:
    assert error_words(error_value(SiteError("the site is gone.", where="https://api")) or {}) == (
        "The site is gone (https://api)."
    )
    assert error_words(error_value(SiteError("it ended")) or {}) == "It ended."


def test_small_words() -> None:
    assert (sentence_of(" x.. "), sentence_of(""), sentence_of("...a")) == ("X.", "", "...a.")
    assert name_of({"repository": "a/b"}) == "a/b"
    assert name_of({"repository": "a/b", "provider": "gitlab"}) == "gitlab/a/b"
    assert counted([{"outcome": "failed"}, {"outcome": "recreated"}, {"outcome": "failed"}]) == "1 recreated, 2 failed"
    assert visible("a\nb\u202ec") == "a\ufffdb\ufffdc"
    assert [visible("abcdefgh", longest) for longest in (8, 7, 4, None)] == ["abcdefgh", "abc…fgh", "ab…h", "abcdefgh"]
