"""A line that stands in the place of others is known, and what it may have held is not concluded from its absence."""

from __future__ import annotations

import pytest

from purger.travis.job_log import CacheUse, Unknown, read_log
from tests.travis.job_log.corpus import LOGS

WORKER, CLONE = "Worker information\n", "$ git clone --depth=50 x\nCloning into 'x'...\n"
PART, ASK = "Setting up build cache\n", "attempting to download cache archive\nfetching main/cache-1.tgz\n"
RUN = '$ make\nno\nThe command "make" exited with 1.\nDone. Your build exited with 1.\n'
DOTS = ["...", "....", ".....", "…", "⋮", "⋯", ". . .", "> ...", "\\...", "`...`", "7 ...", "    ...", ".\n.\n."]
WORDS = [
    "[...]",
    "(...)",
    "-- ... --",
    "<snip>",
    "[snip]",
    "-- snip --",
    "---8<---",
    "[... 200 lines cut ...]",
    "... 120 lines omitted ...",
    "(1,234 more lines)",
    "[output truncated]",
    "<200 lines skipped>",
    "*** removed ***",
    "[... snipped for brevity ...]",
    "----- cut here -----",
    "[removed for privacy]",
    "[... lots of apt output ...]",
    "[irrelevant lines removed]",
    "... skipping 200 lines ...",
    "[lines 20 to 200 omitted]",
    "<redacted>",
    "_snip_",
    "[removed the long and noisy part of it]",
    "snip",
    "Snipped.",
    "\\[...\\]",
    "`[...]`",
    "&lt;snip&gt;",
    "[&hellip;]",
    "  5 [...]",
    "[lots of output]",
    "(many more)",
]
CUTS = [*DOTS, *WORDS]
NO_CUTS = [
    "..",
    ".......",
    "-----",
    "[100%]",
    "(1 row)",
    "- remove the cache",
    "[INFO] 3 tests skipped",
    "<snippet>",
    "= 2 skipped, 1 passed in 0.1s =",
    "lines cut",
    "snip it",
    "5 passed",
    "[output]",
    "(long)",
    "&amp;",
    "[removed the long and noisy part of it today]",
    "/usr/local/lines",
    "...the rest of it" + "." * 120,
]


@pytest.mark.parametrize("cut", CUTS)
def test_the_cache_part_may_be_among_what_is_cut_out(cut: str) -> None:
    for log in (WORKER + cut + "\n" + CLONE + RUN, WORKER + CLONE + cut + "\n" + RUN, WORKER + cut + "\n" + RUN):
        read = read_log([log.encode()])
        assert (read.cache_use, read.unknown) == (CacheUse.UNKNOWN, Unknown.CUT_OUT)


@pytest.mark.parametrize("line", NO_CUTS)
def test_other_lines_stand_in_the_place_of_none(line: str) -> None:
    assert read_log([f"{WORKER}{CLONE}{line}\n{RUN}".encode()]).cache_use is CacheUse.NO_CACHE


@pytest.mark.parametrize("cut", CUTS)
def test_after_one_of_the_jobs_own_commands_ended_the_cache_part_is_not_among_it(cut: str) -> None:
    log = WORKER + CLONE + RUN.replace("Done.", f"{cut}\nDone.")
    assert read_log([log.encode()]).cache_use is CacheUse.NO_CACHE


@pytest.mark.parametrize("words", WORDS)
def test_of_a_whole_log_what_its_own_commands_print_is_no_cut(words: str) -> None:
    log = (LOGS / "no_cache.log").read_text()
    assert read_log([log.replace("collected 3 items", words).encode()]).cache_use is CacheUse.NO_CACHE
    read = read_log([log.replace("$ export TOX_ENV=py38", words).encode()])
    assert (read.cache_use, read.unknown) == (CacheUse.UNKNOWN, Unknown.CUT_OUT)


@pytest.mark.parametrize("dots", DOTS)
@pytest.mark.parametrize("command", ["python -m unittest", "sudo docker run app python -m unittest", "cd x && make"])
def test_dots_that_a_command_of_a_whole_log_prints_are_its_output(dots: str, command: str) -> None:
    log = (LOGS / "no_cache.log").read_text().replace("collected 3 items", dots).replace("$ pytest", f"$ {command}")
    assert read_log([log.encode()]).cache_use is CacheUse.NO_CACHE
    pasted = WORKER + CLONE + RUN.replace("no\n", f"{dots}\nno\n")
    assert read_log([pasted.encode()]).cache_use is CacheUse.NO_CACHE


def test_a_cut_in_a_second_job_counts_however_long_the_first_is() -> None:
    first = WORKER + CLONE + RUN.replace("no\n", "an ordinary line\n" * 40_000)
    read = read_log([(first + WORKER + "<snip>\n" + CLONE + RUN).encode()])
    assert (read.cache_use, read.unknown) == (CacheUse.UNKNOWN, Unknown.CUT_OUT)


@pytest.mark.parametrize(
    ("log", "use", "why"),
    [
        (PART + "...\n" + RUN, CacheUse.UNKNOWN, Unknown.CUT_OUT),
        (PART + ASK + "...\n" + RUN, CacheUse.UNKNOWN, Unknown.CUT_OUT),
        (WORKER + "...\n" + CLONE + PART + ASK + "could not download cache\n" + RUN, CacheUse.STARTED_CLEAN, None),
        (WORKER + "...\n" + CLONE + PART + RUN, CacheUse.UNKNOWN, Unknown.FOLDED),
        (PART + ASK + "found cache\n...\n" + RUN, CacheUse.FETCHED, None),
        (WORKER + CLONE + RUN + WORKER + CLONE + "...\n" + RUN, CacheUse.UNKNOWN, Unknown.CUT_OUT),
        (WORKER + "...\n" + CLONE + RUN + WORKER + CLONE + RUN, CacheUse.UNKNOWN, Unknown.CUT_OUT),
        ("...\n" + RUN, CacheUse.UNKNOWN, Unknown.BEGINS_LATE),
    ],
)
def test_what_is_cut_out_elsewhere(log: str, use: CacheUse, why: Unknown | None) -> None:
    read = read_log([log.encode()])
    assert (read.cache_use, read.unknown) == (use, why)


@pytest.mark.parametrize(
    ("command", "use"),
    [
        ("travis_apt_get_update", CacheUse.UNKNOWN),
        ("travis_setup_env", CacheUse.UNKNOWN),
        ("travis_retry make", CacheUse.NO_CACHE),
        ("travis_wait make", CacheUse.NO_CACHE),
    ],
)
def test_a_cut_after_a_command_of_the_set_up_counts(command: str, use: CacheUse) -> None:
    assert read_log([f"{WORKER}{CLONE}$ {command}\n...\n{RUN}".encode()]).cache_use is use


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "cp1252", "utf-8-sig"])
@pytest.mark.parametrize("cut", ["[…]", "…"])
def test_an_ellipsis_is_a_cut_in_every_encoding(encoding: str, cut: str) -> None:
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    assert read_log([f"{mark}{WORKER}{CLONE}{cut}\n{RUN}".encode(encoding)]).unknown is Unknown.CUT_OUT
    assert read_log([f"{mark}{WORKER}{CLONE}[Å]\n{RUN}".encode()]).unknown is None


def test_a_restart_is_no_remedy_for_lines_that_are_cut_out() -> None:
    assert not Unknown.CUT_OUT.is_worth_a_restart
