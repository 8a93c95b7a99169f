"""The HTML report without a browser: its content, and that text of others never becomes markup."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from purger.core.errors import AccessError
from purger.core.filters import Filters
from purger.core.policies import Policies
from purger.core.selection import Selection
from purger.core.text import visible
from purger.purge.record import Record
from purger.report import html as report_html
from purger.report import html_rows
from purger.report.build import run_report
from purger.report.html import html_chunks
from purger.report.html_rows import Room
from purger.report.model import Report, TimelineEntry
from purger.report.phrases import headline
from tests.report.samples import CHOSEN, hostile_report, html_of, record, refused, report, retried, with_kept
from tests.support.builders import NOW
from tests.support.hostile import HOSTILE

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
def test_a_name_stays_text_in_the_source(name: str) -> None:
    timeline = [TimelineEntry(at_s=0.0, repository="acme/widgets", kind="warning", text=name, times=1)]
    page = Page(html_of(hostile_report(name), timeline, {}))
    assert page.tags.count("script") == page.tags.count("style") == 1
    assert "img" not in page.tags
    assert not [attribute for attribute, _ in page.attributes if attribute.startswith("on") or attribute == "style"]
    assert ("title", visible(name)) in page.attributes


def test_nothing_is_fetched_and_no_other_script_runs() -> None:
    page = Page(html_of(report(), [], {}))
    policy = next(text for name, text in page.attributes if name == "content" and text and "default-src" in text)
    assert policy.startswith(
        "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; style-src 'sha256"
    )
    assert "unsafe" not in policy
    addresses = {text for name, text in page.attributes if name in {"src", "href", "action"}}
    assert addresses == {"data:,", "https://app.travis-ci.com/github/acme/widgets/caches"}


def test_the_result_stands_at_the_top_and_errors_with_their_remedy() -> None:
    stopped = AccessError("the token was refused", where="https://api", remedy="Get another.")
    text = Page(html_of(report(record(left=[refused("main")]), error=stopped), [], {})).text
    result = "3 of 4 caches of acme/widgets are gone (6.0 MB); 1 failed."
    assert text.index(result) < text.index("started 2026-03-01 12:00 UTC")
    assert text.count("The token was refused (https://api). Get another.") == 1
    assert "answered 403" in text


def test_the_head_names_what_was_asked_for() -> None:
    def head(selection: Selection | None, *records: Record) -> str:
        made = run_report(records, None, NOW, selection=selection)
        return Page(html_of(made, [], {}).partition("</header>")[0]).text

    chosen = replace(CHOSEN, policies=Policies(keep_newest=2, limit=5))
    text = head(chosen, record())
    assert "repository acme/widgets site https://app.travis-ci.com filters " in text
    assert f"filters {Filters.__str__(chosen)} policies all {chosen.policies} started 2026-03-01 12:00 UTC" in text
    everything = head(Selection(), record("a"), record("b", provider="gitlab"))
    assert "repositories acme/a, gitlab/acme/b site https://app.travis-ci.com filters none policies none" in everything
    assert "filters" not in head(None)
    many = head(Selection(branches=tuple(f"branch-{number}" for number in range(500))), record())
    assert "…" in many
    assert len(many) < 2000


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
    assert result in Page(html_of(made, [], {})).text


def test_each_attempt_of_a_retry_is_described() -> None:
    text = " ".join(Page(html_of(retried("fetched-deleted", "passed", fetched=True), [], {})).text.split()).replace(
        " ,", ","
    )
    first = "3 caches deleted. Job 12 failed, and had fetched a deleted cache. It fetched main/cache-a.tgz, which had"
    assert text.index(first) < text.index("0 caches deleted. Job 12 passed.")


def test_what_all_attempts_of_a_retry_deleted_is_shown(tmp_path: Path) -> None:
    picture = tmp_path / "before.png"
    picture.write_bytes(PIXEL)
    page = Page(html_of(retried("fetched-deleted", "no-answer", "passed"), [], {"acme/widgets before": picture}))
    assert page.text.count("Attempt 1: 3 caches of acme/widgets are gone (6.0 MB), rechecked twice.") == 2
    assert "Attempt 2" not in page.text, "nothing was to be deleted"
    assert {"branch-0", "branch-1", "branch-2"} <= {text for name, text in page.attributes if name == "title"}
    assert page.tags.count("img") == 1


def test_a_run_without_repositories_says_why() -> None:
    made = msgspec.structs.replace(report(error=AccessError("the token was refused")), repositories=[])
    assert "Nothing was deleted: the token was refused." in Page(html_of(made, [], {})).text


def test_several_repositories_have_a_list_and_the_bad_one_comes_first() -> None:
    page = Page(html_of(report(record("good"), record("bad", left=[refused("x")])), [], {}))
    assert {"#r1", "#r2"} <= {text for name, text in page.attributes if name == "href"}
    assert page.text.index("acme/bad") < page.text.index("acme/good")


def test_a_warning_about_the_run_stands_before_its_repositories() -> None:
    one = record()
    one.warnings.append("odd")
    page = Page(html_of(msgspec.structs.replace(report(one), warnings=["left <out>"]), [], {}))
    assert page.text.index("1 warning Left <out>.") < page.text.index("1 warning Odd.")


def test_pictures_stand_in_the_page_and_a_missing_one_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = tmp_path / "before.png"
    picture.write_bytes(PIXEL)
    made = html_of(report(), [], {"acme/widgets before": picture})
    assert 'src="data:image/png;base64,iVBORw0KGgo="' in made
    assert "There is no picture" in Page(made).text
    gone = html_of(report(), [], {"acme/widgets before": picture, "acme/widgets after": tmp_path / "after.png"})
    assert "could not be read: No such file" in Page(gone).text
    monkeypatch.setattr(report_html, "MOST_BYTES", report_html._REST_BYTES)
    large = Page(html_of(report(), [], {"acme/widgets before": picture}))
    assert "too large for this page: see before.png" in large.text
    assert "img" not in large.tags


def test_a_dry_run_says_would() -> None:
    text = Page(html_of(report(record(gone=0, left=[refused("main")]), dry_run=True), [], {})).text
    assert "1 cache of acme/widgets would be deleted (10 Bytes). Nothing was touched." in text
    assert "Space that would be freed, by branch" in text


def test_what_is_not_gone_comes_first_and_the_others_are_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html_rows, "MOST_IN_PAGE", 5)
    made = html_of(report(record(gone=10, left=[refused("bad")])), [], {})
    page = Page(made)
    rows = [text for name, text in page.attributes if name == "datetime"]
    assert len(rows) == 5
    assert "… and 6 more caches, which this page shows only where it may run its script: see report.json." in page.text
    table = page.text[page.text.rindex("11 caches") :]
    assert table.index("bad") < table.index("branch-9")
    assert '"branch-0"' in made[made.index('<script type="application/json">') :]


def test_what_there_is_no_room_for_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_html, "Room", lambda: Room(in_page=5, data_bytes=10))
    page = Page(html_of(report(record(gone=50)), [], {}))
    assert "50 caches" in page.text
    assert "… and 45 more caches: see report.json." in page.text
    assert page.tags.count("script") == 1


@settings(max_examples=20, deadline=None)
@given(st.one_of(st.sampled_from([*HOSTILE, "</script><svg onload=x>", "<!--<script>", "\u2028"]), st.text(min_size=1)))
def test_a_name_stays_text_in_the_data(name: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(html_rows, "MOST_IN_PAGE", 0)
        page = Page(html_of(hostile_report(name), [], {}))
    assert page.tags.count("script") == 2
    assert not {"svg onload", "img"} & set(page.tags)
    assert not [attribute for attribute, _ in page.attributes if attribute.startswith("on") or attribute == "style"]


def test_the_page_is_made_in_pieces() -> None:
    pieces = list(html_chunks(report(record(gone=2000)), [], {}))
    assert max(map(len, pieces)) < sum(map(len, pieces)) / 10


def test_what_the_policies_keep_is_a_list() -> None:
    text = Page(html_of(with_kept(), [], {})).text
    assert "What is kept 12 caches, 1.4 GB: newest of their branch 1 cache, 10 Bytes: of an excluded branch" in text
    assert "What is kept" not in Page(html_of(report(record()), [], {})).text


def test_what_an_error_quotes_of_a_log_has_lines_of_its_own_in_the_page() -> None:
    page = html_of(report(record(), error=AccessError("refused", remedy="It printed:\n  $ a <b>\n  c")), [], {})
    assert "It printed:<br>  $ a &lt;b&gt;<br>  c" in page
    assert "\N{REPLACEMENT CHARACTER}" not in Page(page).text


def test_a_fetched_archive_that_the_log_does_not_name_has_words() -> None:
    made = retried("fetched-deleted", fetched=True)
    fetch = msgspec.structs.replace(made.attempts[0].jobs[0].fetched[0], branch="", archive="")
    job = msgspec.structs.replace(made.attempts[0].jobs[0], fetched=[fetch])
    attempt = msgspec.structs.replace(made.attempts[0], jobs=[job])
    assert made.retry
    made = msgspec.structs.replace(made, retry=msgspec.structs.replace(made.retry, attempts=[attempt]))
    assert "It fetched a cache that the log does not name" in Page(html_of(made, [], {})).text
