"""The report for people, without a browser: what stands in it, and that nothing of others becomes markup."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from purger.report import html as report_html
from purger.report.chart import MOST_BARS, bars_of, course_of
from purger.core.errors import AccessError
from purger.report.html import MOST_ROWS, write_html
from purger.report.phrases import headline, job_words
from purger.core.text import visible
from tests.report.samples import Report, hostile_report, record, refused, report, retried
from tests.cli.test_ci import HOSTILE

PIXEL = bytes.fromhex("89504e470d0a1a0a")


class Page(HTMLParser):
    """All tags and attributes of a page, and its text outside of style and script."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.texts: list[str] = []
        self._silent = 0
        self.feed(text)
        self.close()
        self.text = " ".join(" ".join(self.texts).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        self._silent += tag in {"style", "script"}

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in {"style", "script"}

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.texts.append(data)


@settings(max_examples=40, deadline=None)
@given(st.one_of(st.sampled_from([*HOSTILE, '"><svg onload=x>', "{{ 7*7 }}", "</style>"]), st.text(min_size=1)))
def test_a_name_stays_text(name: str) -> None:
    timeline = [{"at_s": 0.0, "repository": "acme/widgets", "kind": "warning", "text": name, "times": 1}]
    page = Page(write_html(hostile_report(name), timeline, {}))
    assert page.tags.count("script") == page.tags.count("style") == 1
    assert "img" not in page.tags
    assert not [attribute for attribute, _ in page.attributes if attribute.startswith("on") or attribute == "style"]
    assert ("title", visible(name)) in page.attributes


def test_nothing_is_fetched_and_no_other_script_runs() -> None:
    page = Page(write_html(report(), [], {}))
    policy = next(text for name, text in page.attributes if name == "content" and text and "default-src" in text)
    assert policy.startswith(
        "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; style-src 'sha256"
    )
    assert "unsafe" not in policy
    addresses = {text for name, text in page.attributes if name in {"src", "href", "action"}}
    assert addresses == {"data:,", "https://app.travis-ci.com/github/acme/widgets/caches"}


def test_the_result_stands_at_the_top_and_errors_with_their_remedy() -> None:
    stopped = AccessError("the token was refused", where="https://api", remedy="Get another.")
    text = Page(write_html(report(record(left=[refused("main")]), error=stopped), [], {})).text
    result = "3 of 4 caches of acme/widgets are gone (6.0 MB); 1 failed."
    assert text.index(result) < text.index("started 2026-03-01 12:00 UTC")
    assert text.count("The token was refused (https://api). Get another.") == 1
    assert "answered 403" in text


@pytest.mark.parametrize(
    ("made", "result"),
    [
        (retried("fetched-deleted", "passed"), "Job 12 passed; 3 caches deleted in 2 attempts."),
        (
            retried("not-a-cache-problem"),
            "Job 12 failed, and no deleted cache is to blame; 3 caches deleted in 1 attempt.",
        ),
        (retried("canceled"), "Job 12 was cancelled; 3 caches deleted in 1 attempt."),
        (
            retried("unknown"),
            "Job 12 failed, and its log does not tell what it fetched; 3 caches deleted in 1 attempt.",
        ),
        (retried(None), "Job 12 was not restarted; 3 caches deleted in 1 attempt."),
    ],
)
def test_a_retry_is_about_its_jobs(made: Report, result: str) -> None:
    assert headline(made).rstrip(".") == result.rstrip(".")
    assert result in Page(write_html(made, [], {})).text


def test_each_attempt_of_a_retry_is_told() -> None:
    text = " ".join(Page(write_html(retried("fetched-deleted", "passed", fetched=True), [], {})).text.split()).replace(
        " ,", ","
    )
    first = "3 caches deleted. Job 12 failed, and had fetched a deleted cache. It fetched main/cache-a.tgz, which had"
    assert text.index(first) < text.index("0 caches deleted. Job 12 passed.")


def test_of_several_jobs_those_that_passed_are_counted() -> None:
    made = retried("passed")
    for number, verdict in ((13, "unknown"), (14, "canceled")):
        other = {"job": number, "verdict": verdict, "restarted_at": None, "fetched": []}
        made["retry"]["attempts"][0]["jobs"].append(other)
    assert headline(made) == "1 of 3 jobs passed; 3 caches deleted in 1 attempt."


def test_a_job_that_was_not_followed_to_its_end() -> None:
    assert job_words({"verdict": None, "restarted_at": "2026-03-01T12:00:00Z"}) == "was restarted"


def test_a_run_without_repositories() -> None:
    made = report(error=AccessError("the token was refused")) | {"repositories": []}
    assert "Nothing was deleted: the token was refused." in Page(write_html(made, [], {})).text


def test_several_repositories_have_a_list_and_the_bad_one_comes_first() -> None:
    page = Page(write_html(report(record("good"), record("bad", left=[refused("x")])), [], {}))
    assert {"#r1", "#r2"} <= {text for name, text in page.attributes if name == "href"}
    assert page.text.index("acme/bad") < page.text.index("acme/good")


def test_pictures_stand_in_the_page_and_a_missing_one_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = tmp_path / "before.png"
    picture.write_bytes(PIXEL)
    made = write_html(report(), [], {"acme/widgets before": picture})
    assert 'src="data:image/png;base64,iVBORw0KGgo="' in made
    assert "There is no picture" in Page(made).text
    gone = write_html(report(), [], {"acme/widgets before": picture, "acme/widgets after": tmp_path / "after.png"})
    assert "could not be read: No such file" in Page(gone).text
    monkeypatch.setattr(report_html, "MOST_PICTURE_BYTES", 5)
    large = Page(write_html(report(), [], {"acme/widgets before": picture}))
    assert "too large for this page: see before.png" in large.text
    assert "img" not in large.tags


def test_a_dry_run_says_would() -> None:
    text = Page(write_html(report(record(gone=0, left=[refused("main")]), dry_run=True), [], {})).text
    assert "1 cache of acme/widgets would be deleted (10 Bytes). Nothing was touched." in text
    assert "Space that would be freed, by branch" in text


def test_what_is_not_gone_comes_first_and_the_table_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_html, "MOST_ROWS", 5)
    page = Page(write_html(report(record(gone=10, left=[refused("bad")])), [], {}))
    rows = [text for name, text in page.attributes if name == "datetime"]
    assert len(rows) == 5 < MOST_ROWS
    assert "… and 6 more archives: see report.json." in page.text
    table = page.text[page.text.index("11 archives") :]
    assert table.index("bad") < table.index("branch-9")


def cache(branch: str, size_bytes: int, outcome: str = "deleted", *, selected: bool = True) -> dict[str, Any]:
    return {"branch": branch, "size_bytes": size_bytes, "outcome": outcome, "selected": selected}


def test_bars_sum_up_branches() -> None:
    caches = [cache("a", 50), cache("a", 25, "failed"), cache("b", 25), cache("c", 999, "skipped", selected=False)]
    first, second = bars_of(caches, dry_run=False)
    assert (first.branch, first.archives, first.freed_bytes, first.left_bytes) == ("a", 2, 50, 25)
    assert (first.freed_percent, first.left_percent) == (66.67, 33.33)
    assert (second.freed_percent, second.left_percent) == (33.33, 0)
    assert bars_of(caches, dry_run=True)[0].freed_bytes == 75
    assert bars_of([], dry_run=False) == []
    assert [bar.freed_percent for bar in bars_of([cache("empty", 0)], dry_run=False)] == [0]


def test_bars_of_many_branches_end_with_the_others() -> None:
    caches = [cache(f"b{number}", 100 + number) for number in range(50)]
    *shown, others = bars_of(caches, dry_run=False)
    assert [bar.branch for bar in shown] == [f"b{49 - number}" for number in range(MOST_BARS)]
    assert (others.branch, others.branches, others.cut_off) == ("35 more branches", 35, True)
    assert sum(bar.freed_bytes for bar in [*shown, others]) == sum(each["size_bytes"] for each in caches)
    assert len(bars_of(caches[: MOST_BARS + 1], dry_run=False)) == MOST_BARS + 1, "one other is shown by name"
    small = bars_of([*caches[:15], cache("x", 1), cache("y", 1)], dry_run=False)[-1]
    assert not small.cut_off


def entry(at_s: float, kind: str, **counts: Any) -> dict[str, Any]:
    return {"at_s": at_s, "repository": "a/b", "kind": kind, **counts}


def test_the_course_in_marks_and_in_words() -> None:
    course = course_of(
        [
            entry(10.0, "look", number=2, left=0, waiting=0, gone=5, times=1),
            entry(0.0, "pass", number=1, to_click=5, archives=5),
            entry(1.0, "click", rows=5),
            entry(2.0, "answer", answered=4, refused=1, deleted=4),
            entry(4.0, "wait", seconds=5.0, text="a look", times=1),
        ]
    )
    assert course is not None
    assert [line[2] for line in course.lines] == [
        "Pass 1: 5 rows with 5 caches to delete",
        "5 rows clicked",
        "4 deletions answered (4 caches), 1 refused",
        "Waited 5 s: a look",
        "Look 2: 5 gone, 0 still listed",
    ]
    assert [(look.at, look.number) for look in course.looks] == [(100.0, "0")]
    assert [(wait.at, wait.wide) for wait in course.waits] == [(40.0, 50.0)]
    assert [(column.high, column.refused) for column in course.answers] == [(80.0, 20.0)]
    assert [tick.words for tick in course.ticks] == ["0 s", "2 s", "4 s", "6 s", "8 s", "10 s"]
    assert course.words == "5 rows clicked, 4 answered, 1 refused, 1 look within 10 s"


def test_no_course_of_nothing() -> None:
    assert course_of([]) is None


@given(
    st.lists(
        st.tuples(st.floats(0, 1e5), st.sampled_from(["click", "answer", "look", "wait", "warning", "pass"])),
        min_size=1,
    )
)
def test_every_course_fits_its_picture(moments: list[tuple[float, str]]) -> None:
    entries = [
        entry(
            at_s, kind, rows=3, answered=2, refused=1, left=1, number=1, **({"seconds": 1.0} if kind == "wait" else {})
        )
        for at_s, kind in moments
    ]
    course = course_of(entries)
    assert course is not None
    for mark in [*course.looks, *course.waits, *course.warnings, *course.passes, *course.ticks]:
        assert 0 <= mark.at <= 100
        assert mark.at + mark.wide <= 100.1
    for column in [*course.clicks, *course.answers]:
        assert 0 <= column.at < 100
        assert 0 <= column.high + column.refused <= 100.1
    assert len(course.ticks) <= 8
    assert course.looks == [] or course.looks[-1].number
