"""How much of a beginning a log shows, and what follows from that."""

from __future__ import annotations

import pytest

from purger.travis.job_log import CacheUse, Unknown, read_log

WORKER, CLONE, PART = (
    "Worker information\n",
    "$ git clone --depth=50 x\nCloning into 'x'...\n",
    "Setting up build cache\n",
)
RUN = '$ make\nno\nThe command "make" exited with 1.\n'
DONE = "Done. Your build exited with 1.\n"
STALLED = "No output has been received in the last 10m0s\nThe build has been terminated\n"
FAILED = 'The command "{}" failed and exited with 128 during {}.\nYour build has been stopped.\n'
CUT_OFF = FAILED.partition(" during")[0].format("git clone x")
DISABLED = PART + "Failed to fetch casher from GitHub, disabling cache.\n"
FETCHED = WORKER + CLONE + PART + "attempting to download cache archive\ncould not download cache\n" + RUN + DONE


def fold(name: str) -> str:
    """A fold that was copied closed."""
    return f"travis_fold:start:{name}\ntravis_fold:end:{name}\n"


@pytest.mark.parametrize(
    ("log", "use", "why"),
    [
        (WORKER + CLONE + RUN + DONE, CacheUse.NO_CACHE, None),
        ("Using worker: x\n" + CLONE + RUN + DONE, CacheUse.NO_CACHE, None),
        (WORKER + CLONE + RUN, CacheUse.NO_CACHE, None),
        (WORKER + CLONE, CacheUse.UNKNOWN, Unknown.ENDS_EARLY),
        (WORKER + RUN, CacheUse.UNKNOWN, Unknown.ENDS_EARLY),
        (CLONE + RUN + DONE, CacheUse.UNKNOWN, Unknown.BEGINS_LATE),
        (RUN, CacheUse.UNKNOWN, Unknown.BEGINS_LATE),
        (DONE, CacheUse.UNKNOWN, Unknown.BEGINS_LATE),
        ("travis_fold:start:x\na\n", CacheUse.UNKNOWN, Unknown.FRAGMENT),
        (WORKER + CLONE + PART, CacheUse.UNKNOWN, Unknown.ENDS_EARLY),
        (WORKER + CLONE + "cache.1\n" + PART + RUN + DONE, CacheUse.UNKNOWN, Unknown.FOLDED),
        (WORKER + CLONE + "cache.1\n" + RUN + DONE, CacheUse.UNKNOWN, Unknown.FOLDED),
        (PART + RUN, CacheUse.UNKNOWN, Unknown.FOLDED),
        ("Setting up package cache\n" + RUN, CacheUse.UNKNOWN, Unknown.FOLDED),
        ("setup build cache\n" + RUN, CacheUse.UNKNOWN, Unknown.FOLDED),
        (DISABLED + RUN, CacheUse.NO_CACHE, None),
        (f"docs/faq.md:3: {DISABLED.removeprefix(PART)}{PART}{RUN}{DONE}", CacheUse.UNKNOWN, Unknown.FOLDED),
        (DISABLED + "x" * 80 + "\nI am disabling cache\n" + RUN, CacheUse.NO_CACHE, None),
        (fold("worker_info") + fold("git.checkout") + RUN + DONE, CacheUse.NO_CACHE, None),
        (fold("git.checkout") + RUN + DONE, CacheUse.UNKNOWN, Unknown.BEGINS_LATE),
        (fold("worker_info") + fold("git.checkout") + fold("cache.1") + RUN + DONE, CacheUse.UNKNOWN, Unknown.FOLDED),
        (WORKER + CLONE + "see Worker information\n" + RUN + DONE, CacheUse.NO_CACHE, None),
        (FETCHED + "cache.1\n" + PART + RUN + DONE, CacheUse.UNKNOWN, Unknown.FOLDED),
        (FETCHED + "cache.1\n" + PART, CacheUse.UNKNOWN, Unknown.ENDS_EARLY),
        (WORKER + CLONE + RUN + DONE + WORKER, CacheUse.UNKNOWN, Unknown.ENDS_EARLY),
        (WORKER + CLONE + RUN + DONE + WORKER + CLONE, CacheUse.UNKNOWN, Unknown.ENDS_EARLY),
        (WORKER + CLONE + RUN + DONE + fold("worker_info"), CacheUse.UNKNOWN, Unknown.ENDS_EARLY),
        (WORKER + DISABLED + RUN + DONE + WORKER + CLONE, CacheUse.UNKNOWN, Unknown.ENDS_EARLY),
        (WORKER + CLONE + RUN + DONE + WORKER + CLONE + RUN, CacheUse.NO_CACHE, None),
        (WORKER + CLONE + WORKER + CLONE + RUN + DONE, CacheUse.UNKNOWN, Unknown.ENDS_EARLY),
        (WORKER + WORKER + CLONE + RUN + DONE, CacheUse.NO_CACHE, None),
        (WORKER + CLONE + WORKER + FETCHED, CacheUse.UNKNOWN, Unknown.ENDS_EARLY),
        (WORKER + CLONE + PART + RUN + DONE + FETCHED, CacheUse.UNKNOWN, Unknown.FOLDED),
        (WORKER + CLONE + PART + RUN + FETCHED, CacheUse.UNKNOWN, Unknown.FOLDED),
        (RUN + DONE + FETCHED, CacheUse.UNKNOWN, Unknown.BEGINS_LATE),
        (RUN + DONE + WORKER + CLONE + RUN + DONE, CacheUse.UNKNOWN, Unknown.BEGINS_LATE),
        (
            RUN + DONE + PART + "attempting to download cache\ncould not download cache\n" + RUN + DONE,
            CacheUse.UNKNOWN,
            Unknown.BEGINS_LATE,
        ),
        (WORKER + CLONE + RUN + DONE + FETCHED, CacheUse.STARTED_CLEAN, None),
        (PART + "attempting to download cache\n" + FETCHED, CacheUse.UNKNOWN, Unknown.ENDS_EARLY),
        (WORKER + CLONE + RUN + WORKER + DONE, CacheUse.UNKNOWN, Unknown.ENDS_EARLY),
        (WORKER + CLONE + RUN + fold("worker_info"), CacheUse.UNKNOWN, Unknown.ENDS_EARLY),
        (FETCHED.removesuffix(DONE) + WORKER, CacheUse.UNKNOWN, Unknown.ENDS_EARLY),
        (WORKER + CLONE + RUN + DONE + RUN + DONE, CacheUse.UNKNOWN, Unknown.BEGINS_LATE),
        (FETCHED + RUN + DONE, CacheUse.UNKNOWN, Unknown.BEGINS_LATE),
        (WORKER + DISABLED + RUN + DONE + RUN + DONE, CacheUse.UNKNOWN, Unknown.BEGINS_LATE),
        (FETCHED + WORKER + CLONE, CacheUse.UNKNOWN, Unknown.ENDS_EARLY),
        (FETCHED + WORKER + CLONE + RUN, CacheUse.STARTED_CLEAN, None),
        (FETCHED + FETCHED, CacheUse.STARTED_CLEAN, None),
        (FETCHED.removeprefix(WORKER + CLONE) + FETCHED, CacheUse.STARTED_CLEAN, None),
        (FETCHED + FETCHED.removesuffix(RUN + DONE), CacheUse.STARTED_CLEAN, None),
        (PART + "/x/bin/casher:9:in `fetch': no\n" + RUN, CacheUse.UNKNOWN, Unknown.CRASHED),
        (PART + "/x/functions: line 9: casher: command not found\n" + RUN, CacheUse.UNKNOWN, Unknown.CRASHED),
        (
            WORKER + CLONE + f"$ cat old.log\n{DISABLED.removeprefix(PART)}" + RUN + DONE,
            CacheUse.UNKNOWN,
            Unknown.FRAGMENT,
        ),
        (f"$ cat old.log\n{DISABLED.removeprefix(PART)}" + RUN + DONE, CacheUse.UNKNOWN, Unknown.BEGINS_LATE),
        ("$ cat job.log\n" + WORKER + DISABLED + RUN, CacheUse.NO_CACHE, None),
        ('It fails with\nThe command "make" exited with 1.\n' + DONE + WORKER + CLONE + RUN, CacheUse.NO_CACHE, None),
        ('The command "make" exited with 1.\nThe log:\n' + FETCHED, CacheUse.STARTED_CLEAN, None),
        ("cache uploaded\n" + DONE + FETCHED, CacheUse.UNKNOWN, Unknown.BEGINS_LATE),
        (
            "$ travis logs 12.1 | grep -v cache\n" + WORKER + CLONE + "$ Installing caching utilities\n" + RUN + DONE,
            CacheUse.UNKNOWN,
            Unknown.FRAGMENT,
        ),
        (PART + "$ Installing caching utilities\n", CacheUse.UNKNOWN, Unknown.ENDS_EARLY),
        (
            PART + "/x/bin/casher:9:in `fetch': no\n" + RUN + DONE + WORKER + CLONE + "cache.1\n",
            CacheUse.UNKNOWN,
            Unknown.ENDS_EARLY,
        ),
        (WORKER + CLONE + "store build cache\n", CacheUse.UNKNOWN, Unknown.BEGINS_LATE),
        (WORKER + CLONE + PART + "$ Installing caching utilities\n" + STALLED, CacheUse.UNKNOWN, Unknown.STALLED),
        (WORKER + CLONE + STALLED, CacheUse.UNKNOWN, Unknown.IN_SET_UP),
        (WORKER + "Done: Job Cancelled\n", CacheUse.UNKNOWN, Unknown.IN_SET_UP),
        (WORKER + CLONE + "$ cd x\nDone: Job Cancelled\n", CacheUse.UNKNOWN, Unknown.IN_SET_UP),
        (WORKER + CLONE + "$ rvm use 2\n" + FAILED.format("rvm use 2", ""), CacheUse.UNKNOWN, Unknown.IN_SET_UP),
        (WORKER + CLONE + FAILED.format("git clone x", "checkout"), CacheUse.UNKNOWN, Unknown.IN_SET_UP),
        (WORKER + CLONE + FAILED.format("git clone x", "che\nckout"), CacheUse.UNKNOWN, Unknown.IN_SET_UP),
        (WORKER + CLONE + CUT_OFF, CacheUse.UNKNOWN, Unknown.IN_SET_UP),
        ("$ travis logs 12.1\n" + WORKER + CLONE + CUT_OFF, CacheUse.UNKNOWN, Unknown.IN_SET_UP),
        ("$ ./show-log\n" + WORKER + CLONE + STALLED, CacheUse.UNKNOWN, Unknown.IN_SET_UP),
        (WORKER + CLONE + RUN + DONE + WORKER + CLONE + STALLED, CacheUse.UNKNOWN, Unknown.IN_SET_UP),
        (WORKER + CLONE + FAILED.format("curl x", "before_install"), CacheUse.NO_CACHE, None),
        (
            WORKER + CLONE + "travis_fold:start:before_install.1\r$ sudo a\n" + FAILED.format("sudo a", ""),
            CacheUse.NO_CACHE,
            None,
        ),
        (WORKER + CLONE + "$ npm ci\n" + FAILED.format("npm ci", ""), CacheUse.NO_CACHE, None),
        (WORKER + CLONE + "$ make\n" + STALLED, CacheUse.NO_CACHE, None),
        (WORKER + CLONE + '$ cd x && make\nThe command "cd x && make" exited with 1.\n', CacheUse.NO_CACHE, None),
        (WORKER + CLONE + DONE, CacheUse.NO_CACHE, None),
    ],
)
def test_what_the_beginning_proves(log: str, use: CacheUse, why: Unknown | None) -> None:
    read = read_log([log.encode()])
    assert (read.cache_use, read.unknown) == (use, why)


@pytest.mark.parametrize(
    ("log", "is_of_several"),
    [
        (FETCHED, False),
        (FETCHED + FETCHED, True),
        (DONE + FETCHED, False),
        (RUN + FETCHED, True),
        (fold("script") + DONE + FETCHED, True),
        (FETCHED.removesuffix(DONE) + FETCHED, True),
        (WORKER + CLONE + WORKER + CLONE, True),
        (WORKER + WORKER + CLONE + RUN, False),
        (FETCHED.removeprefix(WORKER + CLONE).removesuffix(RUN + DONE) * 2, True),
        (WORKER + CLONE + PART + "attempting to download workspace\n" + FETCHED.removeprefix(WORKER + CLONE), False),
    ],
)
def test_a_second_heading_or_attempt_is_that_of_another_job(log: str, *, is_of_several: bool) -> None:
    assert read_log([log.encode()]).several_jobs is is_of_several


@pytest.mark.parametrize(
    ("log", "is_cut"),
    [
        (FETCHED + WORKER + CLONE + RUN, True),
        (FETCHED + FETCHED, False),
        (FETCHED, False),
        (WORKER + CLONE + RUN, True),
    ],
)
def test_the_last_job_of_a_file_says_whether_it_is_cut(log: str, is_cut: bool) -> None:
    assert read_log([log.encode()]).truncated == is_cut


@pytest.mark.parametrize(
    "line",
    [
        "adding /home/travis/.cache/pip to cache",
        "cache uploaded",
        "cache.2",
        "travis_fold:start:cache.2",
    ],
)
def test_a_line_that_only_a_job_with_caches_writes_proves_that_it_uses_some(line: str) -> None:
    read = read_log([f"{WORKER}{CLONE}{line}\n{RUN}{DONE}".encode()])
    assert read.cache_use is CacheUse.UNKNOWN
    assert read_log([(FETCHED + line).encode()]).cache_use is not CacheUse.NO_CACHE


@pytest.mark.parametrize(
    "line", ["$ export CASHER_DIR=/home/x/.casher", "$ Installing caching utilities", "Installing caching utilities"]
)
def test_the_installation_of_the_cache_tool_proves_that_it_is_used_unless_it_is_for_workspaces(line: str) -> None:
    # What `grep -v cache` leaves of a log.
    log = f"{WORKER}{CLONE}{line}\n{RUN}changes detected, packing new archive\n{DONE}"
    read = read_log([log.encode()])
    assert (read.cache_use, read.unknown) == (CacheUse.UNKNOWN, Unknown.FRAGMENT)
    workspace = "attempting to download cache archive\nfetching 1/a.tgz\ncould not download workspace\n"
    assert read_log([log.replace(RUN, workspace + RUN).encode()]).cache_use is CacheUse.NO_CACHE
    assert read_log([f"{WORKER}{CLONE}$ cat x\n{line}\n{RUN}{DONE}".encode()]).cache_use is CacheUse.NO_CACHE


@pytest.mark.parametrize("mark", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_hides_no_heading(mark: str) -> None:
    assert read_log([(WORKER + CLONE + RUN + DONE).encode(mark)]).cache_use is CacheUse.NO_CACHE
