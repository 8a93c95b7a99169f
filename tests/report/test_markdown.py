"""The summary in Markdown: results in words, and names of others stay text."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from typing import Any

import msgspec
import pytest
from hypothesis import given
from markdown_it import MarkdownIt

from purger.cli import ci
from purger.core.cache import UNSIZED
from purger.core.decision import Kept
from purger.core.errors import AccessError, ExitCode, StoppedError
from purger.core.text import visible
from purger.report.markdown import (
    MOST_BRANCHES,
    MOST_LEFT,
    MOST_REPOSITORIES,
    MOST_WARNINGS,
    markdown_summary,
    name_as_code,
    short_summary,
    text_of,
)
from purger.report.model import ErrorReport, KeptReport, Report
from tests.report.samples import (
    cache_report,
    hostile_report,
    record,
    recreated,
    refused,
    report,
    repository_of,
    retried,
    skipped,
    with_kept,
)
from tests.support.hostile import names


class Rendered(HTMLParser):
    """The tags of a rendered page, and what is text in it, cell by cell."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.codes: list[str] = []
        self.cells_a_row: list[int] = []
        self.text = ""
        self._in_code = False
        self.feed(MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(text))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag == "code":
            self._in_code = True
            self.codes.append("")
        if tag == "tr":
            self.cells_a_row.append(0)
        if tag in {"td", "th"}:
            self.cells_a_row[-1] += 1

    def handle_endtag(self, tag: str) -> None:
        if tag == "code":
            self._in_code = False

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._in_code:
            self.codes[-1] += data


OUR_TAGS = {"h3", "h4", "blockquote", "p", "br", "table", "thead", "tbody", "tr", "th", "td", "code", "ul", "li"}


OUR_TAGS |= {"details", "summary", "sub", "a", "wbr"}


@given(names)
def test_a_name_stays_text_in_the_summary(name: str) -> None:
    rendered = Rendered(markdown_summary(hostile_report(name)))
    assert rendered.tags <= OUR_TAGS
    assert rendered.attributes <= {"href", "style"}, "alignment is markdown-it's own"
    assert set(rendered.cells_a_row) == {8, 5, 3}
    shown = visible(name)
    assert [code.strip() for code in rendered.codes[2:4]] == [shown.strip()] * 2


@given(names)
def test_escaped_text_is_exactly_the_text(name: str) -> None:
    own = visible(name).split()
    cases = {text_of(name): own, name_as_code(name): own, f"x {text_of(name)}": ["x", *own], f"- {text_of(name)}": own}
    for escaped, words in cases.items():
        rendered = Rendered(escaped)
        assert rendered.tags <= {"p", "code", "ul", "li", "wbr"}
        assert rendered.text.split() == words


def test_the_summary_says_the_result_what_is_left_and_why() -> None:
    broken = record(left=[refused("main")])
    broken.warnings.append("something is odd")
    text = Rendered(markdown_summary(report(broken, record("gadgets")))).text
    assert "6 of 7 caches in 2 repositories are gone (12.0 MB); 1 repository is not done." in text
    assert "What is left" in text
    assert "answered 403" in text
    assert "Something is odd." in text
    assert "Space freed, by branch" in text


KEPT = [KeptReport(kept=Kept.NEWEST, reason=Kept.NEWEST.of_many, caches=1200, size_bytes=14 * 10**8)]


def of_two(**changes: Any) -> Report:
    """The report of a repository with an error, a warning and what is left, and of one that keeps something."""
    one = record(gone=2, left=[skipped("not"), refused("main"), recreated("x/y")])
    other = record("gadgets", gone=1, provider="gitlab")
    one.warnings.append("something is odd")
    one.error = AccessError("the token was refused", where="the API", remedy="Sign in again.")
    one.requests, one.loads, one.seconds = 1200, 1000, 200.0
    made = report(one, other)
    first, second = (
        msgspec.structs.replace(each, url=f"https://ci.test/a b?c={number}")
        for number, each in enumerate(made.repositories)
    )
    second = msgspec.structs.replace(second, kept=KEPT, caches=[*second.caches, *second.caches])
    return msgspec.structs.replace(made, **({"version": "1", "repositories": [first, second]} | changes))


def plain(summary: str) -> str:
    """Return a summary without what keeps names of others from being more than text."""
    return unescape(summary.replace("<wbr>", ""))


ERROR = "> <code>acme/widgets</code>: The token was refused (the API).<br>Sign in again.\n\n"
NUMBERS = (
    "| repository | selected | deleted | left | freed | loads | requests | time |\n"
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n"
    "| [<code>acme/widgets</code>](https://ci.test/a%20b?c=0) | 4 | 2 | 2 | 3.0 MB | 1,000 | 1,200 | 3 min |\n"
)
FAILED = "<code>main</code> | <code>cache-a.tgz</code> | 10 Bytes | failed | answered 403 |\n"
RECREATED = "<code>x/y</code> | <code>cache-a.tgz</code> | 10 Bytes | recreated | uploaded again |\n"
WHAT_IS_KEPT = (
    "#### What is kept\n\n| repository | caches | size | why |\n| --- | ---: | ---: | --- |\n"
    "| <code>gitlab/acme/gadgets</code> | 1,200 | 1.4 GB | newest of their branch |\n\n"
)
WARNINGS = "#### Warnings\n\n- <code>acme/widgets</code>: Something is odd.\n\n"
BY_BRANCH = (
    "| repository | branch | caches | size |\n| --- | --- | ---: | ---: |\n"
    "| <code>acme/widgets</code> | <code>branch-1</code> | 1 | 2.0 MB |\n"
    "| <code>gitlab/acme/gadgets</code> | <code>branch-0</code> | 2 | 2.0 MB |\n"
    "| <code>acme/widgets</code> | <code>branch-0</code> | 1 | 1.0 MB |\n"
)
END = "\n</details>\n\n<sub>purger 1, exit code 3</sub>\n"


def test_the_summary_of_a_purge_is_all_that_came_of_it() -> None:
    assert plain(markdown_summary(of_two())) == (
        "\n### \N{CROSS MARK} 3 of 5 caches in 2 repositories are gone (4.0 MB); 1 repository is not done.\n\n\n"
        f"{ERROR}{NUMBERS}"
        "| [<code>gitlab/acme/gadgets</code>](https://ci.test/a%20b?c=1) | 1 | 1 | 0 | 1.0 MB | 2 | 12 | 3.4 s |\n\n"
        "#### What is left\n\n"
        "| repository | branch | cache | size | outcome | why |\n| --- | --- | --- | ---: | --- | --- |\n"
        f"| <code>acme/widgets</code> | {FAILED}| <code>acme/widgets</code> | {RECREATED}\n{WHAT_IS_KEPT}{WARNINGS}"
        f"<details><summary>Space freed, by branch</summary>\n\n{BY_BRANCH}{END}"
    )


def test_the_summary_of_a_retry_counts_what_all_its_attempts_deleted() -> None:
    text = plain(markdown_summary(retried("fetched-deleted", "passed")))
    assert "| 3 | 3 | 0 | 6.0 MB |" in text
    assert "| 0 | 0 | 0 | 0 Bytes |" in text
    assert "#### Warnings\n\n- Odd.\n\n" in text, "each attempt warns of it"
    assert "| branch | caches | size |\n| --- | ---: | ---: |\n| <code>branch-2</code> | 1 | 3.0 MB |" in text


def test_of_one_repository_its_name_is_not_repeated() -> None:
    first, _ = of_two().repositories
    summary = plain(markdown_summary(of_two(repositories=[msgspec.structs.replace(first, kept=KEPT)])))
    assert summary.partition("3 min |\n\n")[2] == (
        "#### What is left\n\n| branch | cache | size | outcome | why |\n| --- | --- | ---: | --- | --- |\n"
        f"| {FAILED}| {RECREATED}\n"
        "#### What is kept\n\n| caches | size | why |\n| ---: | ---: | --- |\n"
        "| 1,200 | 1.4 GB | newest of their branch |\n\n"
        "#### Warnings\n\n- Something is odd.\n\n<details><summary>Space freed, by branch</summary>\n\n"
        "| branch | caches | size |\n| --- | ---: | ---: |\n"
        f"| <code>branch-1</code> | 1 | 2.0 MB |\n| <code>branch-0</code> | 1 | 1.0 MB |\n{END}"
    )


def test_the_summary_of_a_list_says_nothing_of_deletions() -> None:
    title = "5 caches in 2 repositories listed (5.0 MB); 1 repository could not be listed."
    listed = of_two(dry_run=True)
    more = (
        "| <code>acme/widgets</code> | <code>main</code> | 1 | 10 Bytes |\n"
        "| <code>acme/widgets</code> | <code>x/y</code> | 1 | 10 Bytes |\n"
    )
    assert plain(markdown_summary(listed, as_list=True)) == (
        f"\n### \N{CROSS MARK} {title}\n\n\n{ERROR}{WHAT_IS_KEPT}{WARNINGS}"
        f"<details><summary>Space by branch</summary>\n\n{BY_BRANCH}{more}{END}"
    )
    assert plain(short_summary(listed, as_list=True)) == f"\n### \N{CROSS MARK} {title}\n"
    assert "would be deleted" in short_summary(listed)
    would = plain(markdown_summary(listed))
    assert "<summary>Space that would be freed, by branch</summary>" in would
    assert NUMBERS in would
    assert "What is left" not in would


def test_an_error_of_some_repositories_names_each_of_them_and_each_warning_has_a_line() -> None:
    records = [record(name, gone=0, left=[refused("main")]) for name in "abc"]
    for one in records[:2]:
        one.error = AccessError("refused")
    records[2].warnings += ["odd", "odder"]
    made = report(*records)
    assert "\n\n> <code>acme/a</code>, <code>acme/b</code>: Refused.\n\n" in plain(markdown_summary(made))
    made = msgspec.structs.replace(made, warnings=["left out"])
    lines = "\n- <code>acme/c</code>: Odd.\n- <code>acme/c</code>: Odder.\n- Left out.\n"
    assert lines in plain(markdown_summary(made))


def test_each_part_of_the_summary_is_bounded_and_says_how_much_more_there_is() -> None:
    (one,) = report(record(gone=0)).repositories
    error = ErrorReport(message="x", where=None, remedy=None, exit_code=ExitCode.REMAINS)
    left = [cache_report(f"b{number}", outcome="failed") for number in range(MOST_LEFT + 1)]
    gone = [cache_report(f"b{number}") for number in range(MOST_BRANCHES + 1)]
    others = [
        msgspec.structs.replace(
            one, repository=f"acme/{number}", error=msgspec.structs.replace(error, message=f"x{number}"), kept=KEPT
        )
        for number in range(MOST_REPOSITORIES)
    ]
    warnings = [f"w{number}" for number in range(MOST_WARNINGS + 1)]
    first = msgspec.structs.replace(one, error=error, caches=[*left, *gone], kept=KEPT, warnings=warnings)
    summary = markdown_summary(of_two(repositories=[first, *others]))
    more = re.findall(r"\n\n… and 1 (\w+) more\.\n", plain(summary))
    assert more == ["repository", "cache", "reason", "warning", "branch"]
    assert summary.count("\n> ") == MOST_REPOSITORIES
    most = markdown_summary(of_two(repositories=others))
    assert "more." not in plain(most)


def test_a_size_that_the_site_does_not_name_is_unknown() -> None:
    cache = cache_report("main", UNSIZED, "failed")
    made = msgspec.structs.replace(report(), repositories=[repository_of(cache)])
    assert "| unknown | failed |  |\n" in markdown_summary(made)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (report(), "✅ 3 caches of acme/widgets are gone (6.0 MB), rechecked twice."),
        (report(record(gone=0)), "✅ acme/widgets has no caches."),
        (report(record(gone=0, left=[refused("main")]), dry_run=True), "🔎 1 cache of acme/widgets would be deleted"),
        (report(record(), record("x")), "✅ 6 caches in 2 repositories are gone (12.0 MB), rechecked twice."),
        (report(record(left=[refused("x")]), error=StoppedError("stopped")), "✋ 3 of 4 caches of acme/widgets are"),
        (report(record(provider="gitlab")), "3 caches of gitlab/acme/widgets are gone"),
    ],
)
def test_each_result_has_its_sign_and_words(made: Report, said: str) -> None:
    assert said in Rendered(markdown_summary(made)).text


def test_a_run_that_did_not_begin_says_why() -> None:
    made = msgspec.structs.replace(report(record(), error=AccessError("the token was refused")), repositories=[])
    assert "❌ Nothing was deleted: the token was refused." in Rendered(markdown_summary(made)).text


def test_the_summary_of_a_huge_run_is_bounded() -> None:
    records = [record(f"r{n}", left=[refused("<" * 500, "|" * 500, "`" * 5000) for _ in range(40)]) for n in range(30)]
    for each in records:
        each.warnings += ["&" * 5000 + str(number) for number in range(20)]
    text = markdown_summary(report(*records))
    assert f"and {30 * 40 - MOST_LEFT:,} caches more." in Rendered(text).text
    assert len(text.encode()) < ci.MOST_SUMMARY_BYTES


def test_github_makes_no_emoji_mention_reference_or_link_of_text() -> None:
    """Its filters look at each run of text between two tags of the rendered page."""
    html = MarkdownIt("commonmark").render(text_of(":100: :+1: @octavia acme/widgets#12 www.example.com https://x.org"))
    for run in re.split("<[^>]*>", html):
        assert not re.search(r":[\w+-]+:|@\w|#\d|www\.\w|https?://", run), run


def test_names_that_git_and_github_allow_are_in_full() -> None:
    for branch in ("b" * 255, "\N{LATIN SMALL LETTER E WITH ACUTE}"):
        assert name_as_code(branch) == f"<code>{branch}</code>"


def test_what_the_policies_keep_is_a_table() -> None:
    page = Rendered(markdown_summary(with_kept()))
    assert "What is kept" in page.text
    assert "12" in page.text
    assert "1.4 GB" in page.text
    assert "newest of their branch" in page.text
    assert "What is kept" not in markdown_summary(report(record()))


def test_what_an_error_quotes_of_a_log_has_lines_of_its_own() -> None:
    text = markdown_summary(report(record(), error=AccessError("refused", remedy="It printed:\n  $ make\n  @octavia")))
    assert text.count("<br>") == 3
    assert "> Refused.<br>It printed:<br>  $ make<br>  @octavia\n" in plain(text)
    assert "It printed" in Rendered(text).text
    assert "\N{REPLACEMENT CHARACTER}" not in text
