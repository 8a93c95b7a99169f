"""Asking for a cache has three outcomes: found, not there, no answer."""

from __future__ import annotations

import pytest

from purger.travis.job_log import CacheUse, Unknown, read_log, with_sources

ASK = "Setting up build cache\nattempting to download cache archive\n"
ONE, TWO = "fetching fix/cache-a.tgz\n", "fetching main/cache-a.tgz\n"
ABORTED = "running `casher fetch https://x` took longer than 180 seconds and has been aborted.\n"
EXIT = 'The command "x" exited with 1.\n'
JOB = f"Worker information\n$ git clone https://github.com/a/b.git a/b\n$ make\n{EXIT}"
STALLED = "No output has been received in the last 10m0s\nThe build has been terminated\n"


@pytest.mark.parametrize(
    ("log", "found"),
    [
        (ASK + ONE + TWO + "found cache\n", [False, True]),
        (ASK + ONE + TWO + "could not download cache\n", [False, False]),
        (ASK + ONE + TWO, [False, None]),
        (ASK + ONE + "fetching main/cac", [None]),
        (ASK + "fetching main/cac", [None]),
        (ASK + ONE + STALLED, [None]),
        (ASK + STALLED, [None]),
        (ASK + "could not download cache\n", []),
        (ASK + ONE + ABORTED, [None]),
        (ASK + ONE + ABORTED + "could not download cache\n", [False]),
        (ASK + ONE + ASK + TWO + "found cache\n", [None, True]),
    ],
)
def test_each_request_has_its_answer(log: str, found: list[bool | None]) -> None:
    assert [fetch.found for fetch in read_log([log.encode()]).asked] == found


@pytest.mark.parametrize(
    ("log", "use", "why"),
    [
        (ASK + ONE + STALLED, CacheUse.UNKNOWN, Unknown.STALLED),
        (ASK + STALLED, CacheUse.UNKNOWN, Unknown.STALLED),
        (ASK + ONE, CacheUse.UNKNOWN, Unknown.ENDS_EARLY),
        (ASK + ONE + "$ make\nDone. Your build exited with 1.\n", CacheUse.UNKNOWN, Unknown.NO_ANSWER),
        (ASK + ONE + ABORTED, CacheUse.UNKNOWN, Unknown.ABORTED),
        (ABORTED, CacheUse.UNKNOWN, Unknown.ABORTED),
        (ASK + ONE + ABORTED.replace("`", ""), CacheUse.UNKNOWN, Unknown.ABORTED),
        (ABORTED.replace("`", ""), CacheUse.UNKNOWN, Unknown.ABORTED),
        (ASK + ONE + "running casher fetch x\n", CacheUse.UNKNOWN, Unknown.ENDS_EARLY),
        (ASK + ONE + ABORTED + "could not download cache\n", CacheUse.STARTED_CLEAN, None),
        (ABORTED + "could not download cache\n", CacheUse.STARTED_CLEAN, None),
        (ASK + ONE + "/x/bin/casher:1:in `fetch': no\n" + STALLED, CacheUse.UNKNOWN, Unknown.CRASHED),
        (ASK + ONE + "/x/bin/casher: line 9: no\n$ make\n", CacheUse.UNKNOWN, Unknown.CRASHED),
        (ASK + ONE + ASK + TWO + "could not download cache\n", CacheUse.UNKNOWN, Unknown.NO_ANSWER),
        (ASK + ONE + "$ make\ncould not download cache-control-1.0.tgz\n", CacheUse.UNKNOWN, Unknown.NO_ANSWER),
        (ASK + ONE + "$ make\nfound cache\n", CacheUse.UNKNOWN, Unknown.NO_ANSWER),
        (ASK + ONE + "$ make\nfetching a/cache-b.tgz\nfound cache\n", CacheUse.UNKNOWN, Unknown.NO_ANSWER),
        (ASK + ONE + STALLED + "found cache <-- where is this?\n", CacheUse.UNKNOWN, Unknown.STALLED),
        (ASK + ONE + "$ make\ncould not download cache\n", CacheUse.UNKNOWN, Unknown.NO_ANSWER),
        ("$ x\ncould not download cache manifest: 404\n" + EXIT, CacheUse.UNKNOWN, Unknown.BEGINS_LATE),
        ("found cache\nadding /x to cache\n", CacheUse.FETCHED, None),
        ("There is no\nfound cache\nhere:\n" + ASK + ONE + "could not download cache\n", CacheUse.STARTED_CLEAN, None),
        ("There is no\nfound cache\nhere:\n" + JOB, CacheUse.NO_CACHE, None),
        ("found cache\n$ make\n" + JOB, CacheUse.FETCHED, None),
        ("found cache\n" + EXIT + JOB, CacheUse.FETCHED, None),
        ("found cache\n" + EXIT + ASK + ONE + "could not download cache\n", CacheUse.FETCHED, None),
        ("found cache\n" + ASK + ONE, CacheUse.UNKNOWN, Unknown.ENDS_EARLY),
        ("found cache\n" + EXIT, CacheUse.FETCHED, None),
        ("found cache\nadding /x to cache\n" + EXIT + ASK + ONE + "could not download cache\n", CacheUse.FETCHED, None),
        (ASK + "found cache\n" + EXIT + ASK + ONE + "could not download cache\n", CacheUse.FETCHED, None),
        (ASK + ONE + "could not download cache\n$ x\nfound cache\n", CacheUse.STARTED_CLEAN, None),
        ("$ cat old.log\ncould not download cache\n" + EXIT, CacheUse.UNKNOWN, Unknown.BEGINS_LATE),
        ("$ cat old.log\nfound cache\n" + EXIT, CacheUse.UNKNOWN, Unknown.BEGINS_LATE),
        (EXIT + "found cache\n", CacheUse.UNKNOWN, Unknown.BEGINS_LATE),
        ("Setting up build cache\n$ cat old.log\nfound cache\n" + EXIT, CacheUse.UNKNOWN, Unknown.FOLDED),
        ("$ git checkout -qf 0a1b\nfound cache\n" + EXIT, CacheUse.FETCHED, None),
        ("$ python --version\ncould not download cache\n" + EXIT, CacheUse.STARTED_CLEAN, None),
        (ASK + ONE + "[...]\n$ make\ncould not download cache\n" + EXIT, CacheUse.UNKNOWN, Unknown.CUT_OUT),
        ("$ npm ci\n" + EXIT + "\nfound cache\nadding /x to cache\n", CacheUse.FETCHED, None),
        ("$ npm config set spin false\nfound cache\nadding /x to cache\n" + EXIT, CacheUse.FETCHED, None),
        ("Worker information\n$ git clone x\n$ x\nfound cache\n" + EXIT, CacheUse.UNKNOWN, Unknown.FRAGMENT),
        ("$ make\n" + ASK + ONE + "could not download cache\n" + EXIT, CacheUse.STARTED_CLEAN, None),
    ],
)
def test_what_no_answer_means(log: str, use: CacheUse, why: Unknown | None) -> None:
    read = read_log([log.encode()])
    assert read.is_log
    assert (read.cache_use, read.unknown) == (use, why)


@pytest.mark.parametrize("answer", ["found cache", "could not download cache"])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("**", "**"),
        ("*", "*"),
        ("__", "__"),
        ("`", "`"),
        ("--> ", ""),
        ("=> ", " <="),
        ("\N{RIGHTWARDS ARROW} ", ""),
        ("<b>", "</b>"),
        ("{color:red}", "{color}"),
    ],
)
def test_lines_that_a_person_pointed_at_are_the_tools(before: str, after: str, answer: str) -> None:
    log = f"{ASK}{before}{ONE.strip()}{after}\n{before}{answer}{after}\n$ make\n{EXIT}"
    assert read_log([log.encode()]).asked == read_log([f"{ASK}{ONE}{answer}\n$ make\n{EXIT}".encode()]).asked


@pytest.mark.parametrize("mark", ["**", "`", '"', "'", "***"])
def test_marks_around_a_name_are_no_part_of_its_branch(mark: str) -> None:
    name = f"{mark}fix/cache-a.tgz{mark}"
    read = read_log([f"{ASK}fetching {name}\nfound cache\nuploading {name}\n".encode()])
    assert [fetch.branch for fetch in read.fetched] == ["fix"]
    assert [stored.branch for stored in read.stored] == ["fix"]


@pytest.mark.parametrize("left", ["", " "])
@pytest.mark.parametrize("mark", ["", "> ", "> > "])
def test_a_name_that_a_mail_put_on_a_line_of_its_own_is_read(mark: str, left: str) -> None:
    log = f"{ASK}{ONE}{TWO}found cache\nuploading fix/cache-a.tgz\ncache uploaded\n$ make\n{EXIT}"
    wrapped = log.replace("fetching ", f"fetching{left}\n").replace("uploading ", f"uploading{left}\n")
    mailed = "".join(f"{mark}{line}\n" for line in wrapped.splitlines())
    whole, read = read_log([log.encode()]), read_log([mailed.encode()])
    assert (read.asked, read.stored) == (whole.asked, whole.stored)


def test_words_before_a_log_make_no_second_job_of_it() -> None:
    assert not read_log([f"There is no\nfound cache\nhere:\n{JOB}".encode()]).several_jobs
    assert read_log([f"found cache\n{EXIT}{JOB}".encode()]).several_jobs


def test_unpacking_that_is_cut_off_is_told() -> None:
    log = ASK + ONE + "found cache\nrunning `casher add /x` took longer than 180 seconds and has been aborted.\n"
    read = read_log([log.encode()])
    assert (read.cache_use, read.unpacking_cut_off) == (CacheUse.FETCHED, True)


# Behind a longer line nobody knows that a terminal wrapped it.
WRAPPED = f"{'-' * 90}\nfetching {'a' * 70}\n{'a' * 30}/cache-1.tgz\n"
NO_SUFFIX = f"{'-' * 90}\nfetching PR.12/cache-linux-1--python-3.6\n.tgz\n"
LONG = f"fetching {'%E6' * 90}/cache-1.tgz\n"


@pytest.mark.parametrize("unnamed", [WRAPPED, NO_SUFFIX, LONG], ids=["branch", "suffix", "too long"])
@pytest.mark.parametrize("ask", [ASK, ""])
def test_what_is_found_after_a_name_that_is_not_whole_is_not_the_one_before(unnamed: str, ask: str) -> None:
    read = read_log([f"{ask}{ONE}{unnamed}found cache\n".encode()])
    assert (read.fetched, read.fetched_unnamed, read.cache_use) == ((), True, CacheUse.FETCHED)
    assert [(fetch.archive, fetch.found) for fetch in read.asked] == [("cache-a.tgz", False)]
    read = read_log([f"{ask}{ONE}{unnamed}could not download cache\n".encode()])
    assert (read.cache_use, read.fetched_unnamed) == (CacheUse.STARTED_CLEAN, False)
    assert not any(fetch.found for fetch in read.asked)


@pytest.mark.parametrize("unnamed", [WRAPPED, NO_SUFFIX, LONG, "fetching a/cache-1/b.tgz\n", "[...]\n"])
def test_whose_the_names_after_one_that_is_not_known_are_is_not_known(unnamed: str) -> None:
    log = with_sources(read_log([f"{ASK}{unnamed}{TWO}found cache\n".encode()]))
    assert [(fetch.branch, fetch.source) for fetch in log.fetched] == [("main", "unknown")]
    assert not log.fetched_unnamed
    log = with_sources(read_log([f"{ASK}{ONE}{unnamed}{TWO}found cache\n{ASK}{ONE}found cache\n".encode()]))
    assert [fetch.source for fetch in log.fetched] == ["unknown", "own"]


def test_another_program_that_fetches_something_asks_for_no_cache() -> None:
    read = read_log([f"{ASK}{ONE}found cache\n$ x\nfetching y\nfound cache\n{EXIT}".encode()])
    assert [fetch.archive for fetch in read.asked] == ["cache-a.tgz"]
    read = read_log([f"{ASK}{ONE}$ x\nfetching y\nfound cache\n".encode()])
    assert not read.fetched_unnamed
    read = read_log([f"{ASK}{ONE}x is fetching y\nfound cache\n".encode()])
    assert [fetch.archive for fetch in read.fetched] == ["cache-a.tgz"]


@pytest.mark.parametrize("cut", ["[...]", "...", "…", "<snip>"])
def test_which_one_was_found_after_a_cut_is_not_known(cut: str) -> None:
    read = read_log([f"{ASK}{ONE}{TWO}{cut}\nfound cache\nadding /x to cache\n".encode()])
    assert (read.fetched, read.fetched_unnamed, read.unknown) == ((), True, None)
    assert [(fetch.branch, fetch.found) for fetch in read.asked] == [("fix", False), ("main", None)]


def test_what_was_found_is_named_where_only_lines_before_its_name_or_after_its_answer_are_cut_out() -> None:
    read = read_log([f"{ASK}{ONE}[...]\n{TWO}found cache\n[...]\n".encode()])
    assert [(fetch.branch, fetch.found) for fetch in read.asked] == [("fix", False), ("main", True)]
    assert not read.fetched_unnamed
    assert not read_log([f"{ASK}{ONE}.\n.\nfound cache\n".encode()]).fetched_unnamed, "a slow download prints dots"


def test_a_workspace_before_a_cut_is_no_cache() -> None:
    log = "attempting to download workspace\nfetching 12/ws.tgz\n[...]\nfound cache\n"
    read = read_log([log.encode()])
    assert (read.asked, read.fetched_unnamed) == ((), True)
    assert read_log([log.replace("found cache", "found workspace").encode()]).cache_use is CacheUse.UNKNOWN


def test_a_fetch_without_a_name_is_told_beside_one_with_a_name() -> None:
    read = read_log([f"{ASK}{ONE}[...]\nfound cache\n{ASK}{TWO}found cache\n".encode()])
    assert [fetch.branch for fetch in read.fetched] == ["main"]
    assert read.fetched_unnamed


@pytest.mark.parametrize(
    "name", [b"***/cache-a.tgz", b"fix/cache\x96a.tgz", b"fix/?cache-a.tgz", b"f\xef\xbf\xbdx/cache-a.tgz"]
)
def test_a_name_that_is_blanked_out_or_lost_characters_is_not_known(name: bytes) -> None:
    read = read_log([ASK.encode() + b"fetching " + name + b"\nfound cache\n"])
    assert (read.fetched, read.fetched_unnamed) == ((), True)


@pytest.mark.parametrize("name", ["main/cache-e3b0", "main/cache-linux-\nfocal--rvm.tgz", "main/", ""])
@pytest.mark.parametrize("gap", [" ", "\n", " \n", "\n> "])
def test_an_answer_to_what_is_not_whole_is_none_to_the_name_before_it(gap: str, name: str) -> None:
    start = "attempting to download cache archive\nfetching PR.1/cache-a.tgz\n"
    log = read_log([f"{start}fetching{gap}{name}\nfound cache\nadding /x to cache\n".encode()])
    assert (log.cache_use, log.fetched, log.fetched_unnamed) == (CacheUse.FETCHED, (), True)
