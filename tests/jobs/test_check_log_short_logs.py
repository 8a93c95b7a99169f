"""Short logs in our own words, as people paste them: verdict, answers, sources, and what must not be said."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from purger.jobs.check_log import CheckedLog
from purger.jobs.log_phrases import lines_about
from purger.travis.job_log import read_log, with_sources

FETCHED, CLEAN, NONE, UNKNOWN = "fetched", "started-clean", "uses-no-cache", "unknown"
NOT_FETCHED = ("a.log: the job fetched",)
NOT_CERTAIN = ("No cache is to blame", "started clean", "uses no cache", "a.log: the job fetched")


@dataclass(frozen=True)
class Short:
    """A short log and what must be read of it; answers are `+`, `-` and `?`, stored is `+`, `-` or `?` each."""

    log: str
    use: str
    asked: str = ""
    fetched: str = ""
    stored: str = ""
    sources: str = ""
    said: str = ""
    never: tuple[str, ...] = ()


HEAD = (
    "Worker information\nhostname: w-1\nBuild system information\n"
    "$ git clone --depth=50 https://example.invalid/o/n.git o/n\nCloning into 'o/n'...\n"
)
PART = "Setting up build cache\n$ export CASHER_DIR=/home/travis/.casher\n$ Installing caching utilities\n"
ASK = "attempting to download cache archive\n"
FIX, MAIN = "fetching fix/cache-1.tgz\n", "fetching main/cache-1.tgz\n"
FOUND, MISSING = "found cache\n", "could not download cache\n"
ADDED = "adding /home/travis/.cache/pip to cache\n"
CONFLICT = "pkg_resources.VersionConflict: (a 1)\n"
FAILS = '$ make\nno rule\nThe command "make" exited with 1.\n'
PASSES = '$ make\nfine\nThe command "make" exited with 0.\n'
STORE = "store build cache\n"
NOTHING = "nothing changed, not updating cache\n"
PACKING = "changes detected, packing new archive\n"
UPLOAD, UPLOADED = "uploading fix/cache-1.tgz\n", "cache uploaded\n"
DONE = "Done. Your build exited with 1.\n"
STALL = "No output has been received in the last 10m0s\nThe build has been terminated\n"
ABORTED = "running `casher %s x` took longer than 180 seconds and has been aborted.\n"
RUBY, SHELL = "/home/travis/.casher/bin/casher:1:in `fetch': no\n", "/home/travis/.casher/bin/casher: line 12: no\n"

WHOLE = {
    "found": Short(
        HEAD + PART + ASK + FIX + MAIN + FOUND + ADDED + FAILS + STORE + NOTHING + DONE,
        FETCHED, "-+", "main/cache-1.tgz", sources="own default", never=("not a cache problem", "No cache is to blame"),
    ),
    "clean": Short(
        HEAD + PART + ASK + FIX + MAIN + MISSING + ADDED + FAILS + STORE + PACKING + UPLOAD + UPLOADED + DONE,
        CLEAN, "--", stored="+", sources="own default", never=NOT_FETCHED,
    ),
    "no cache": Short(HEAD + FAILS + DONE, NONE, never=("started clean", "a.log: the job fetched")),
    "stalled": Short(
        HEAD + PART + ASK + FIX + STALL, UNKNOWN, "?", sources="own", said="it stalled",
        never=(*NOT_CERTAIN, "not a cache problem", "The last command that failed"),
    ),
    "crashed": Short(
        HEAD + PART + ASK + FIX + RUBY + FAILS + DONE, UNKNOWN, "?", sources="own", said="crash", never=NOT_CERTAIN
    ),
    "aborted": Short(
        HEAD + PART + ASK + FIX + ABORTED % "fetch" + FAILS + DONE, UNKNOWN, "?", sources="own", said="aborted",
        never=NOT_CERTAIN,
    ),
    "pull request": Short(
        HEAD + PART + ASK + "fetching PR.5/cache-1.tgz\nfetching next/cache-1.tgz\nfetching relnext/cache-1.tgz\n"
        + MAIN + FOUND + FAILS + DONE,
        FETCHED, "---+", "main/cache-1.tgz", sources="own target target default",
    ),
    "not stored": Short(
        HEAD + PART + ASK + FIX + MISSING + FAILS + STORE + PACKING + "failed to upload cache\n" + DONE,
        CLEAN, "-", stored="-", sources="own", said="It did not store its cache", never=NOT_FETCHED,
    ),
    "slash": Short(
        HEAD + PART + ASK + "fetching cache--linux--gemfile-gemfiles/six.gemfile.tgz\n" + FOUND + FAILS + DONE,
        FETCHED, "+", "cache--linux--gemfile-gemfiles/six.gemfile.tgz", sources="unknown",
        never=("own branch's", "default branch's"),
    ),
}  # fmt: skip


def lost_line_ends(log: str) -> str:
    return log.replace("\n", " ")


def glued(log: str) -> str:
    """Markers before each sentence of the tool, glued to it."""
    for sentence in ("attempting to", "adding ", "nothing changed", "changes detected"):
        log = log.replace(sentence, "travis_time:start:095ae85c" + sentence)
    return log


def raw(log: str) -> str:
    log = log.replace("Worker information", "travis_fold:start:worker_info\r\x1b[0K\x1b[33;1mWorker information\x1b[0m")
    log = log.replace("Setting up", "travis_fold:start:cache.1\r\x1b[0K\x1b[33;1mSetting up")
    log = log.replace("$ make", "travis_fold:end:cache.1\r\x1b[0Ktravis_time:start:0a1b2c3d\r\x1b[0K$ make")
    log = log.replace(
        "The command", "\ntravis_time:end:0a1b2c3d:start=1583000000000000000,finish=1583000004000000000,"
        "duration=4000000000,stage=script\r\x1b[0K\x1b[31;1mThe command",
    )  # fmt: skip
    return log.replace("\n", "\r\n")


FORMS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "raw": raw,
    "glued": glued,
    "quoted": lambda log: "".join(f"> {line}\n" for line in log.splitlines()),
    "page copy": lambda log: log.replace("Setting up", "cache.1\nSetting up").replace("$ make", "12.30s$ make"),
    "JSON string": json.dumps,
    "line ends lost": lost_line_ends,
    "fenced": lambda log: f"My build fails, see below.\n\n```\n{log}```\n",
}
CUTS = {
    "tail: nothing changed": Short(
        'The command "make" exited with 1.\n' + STORE + NOTHING + DONE, FETCHED, said="which one the log does not show"
    ),
    "tail: change detected": Short(STORE + "change detected: /x\n" + DONE, FETCHED, never=NOT_CERTAIN[:3]),
    "tail: content changed": Short(
        "changes detected (content changed, file is created, or file is deleted):\n/x\n" + PACKING + UPLOAD + UPLOADED,
        FETCHED, stored="+",
    ),
    "tail: packing": Short(STORE + PACKING + UPLOAD + UPLOADED + DONE, UNKNOWN, stored="+", said="begins too late"),
    "tail: failing command": Short(
        FAILS + DONE, UNKNOWN, said="begins too late", never=(*NOT_CERTAIN, "ends before it")
    ),
    "tail: end only": Short(DONE, UNKNOWN, said="begins too late", never=NOT_CERTAIN),
    "tail: stall only": Short("busy\n" + STALL, UNKNOWN, said="What it printed last", never=("that failed",)),
    "tail: upload failed": Short("failed to upload cache\n" + DONE, UNKNOWN, stored="-", said="did not store"),
    "tail: upload to nowhere": Short(
        STORE + PACKING + "uploading /\n" + DONE, UNKNOWN, stored="-", said="not configured"
    ),
    "tail: push aborted": Short(STORE + PACKING + ABORTED % "push" + DONE, UNKNOWN, stored="-", said="aborted"),
    "tail: push crashed": Short(STORE + SHELL + DONE, UNKNOWN, stored="-", said="crashed"),
    "tail: stopped packing": Short(
        FAILS + STORE + PACKING + STALL, UNKNOWN, stored="-", said="not the fault of the build", never=("that failed",)
    ),
    "tail: found": Short(FOUND + ADDED + FAILS + DONE, FETCHED, said="which one the log does not show"),
    "tail: not found": Short(MISSING + ADDED + FAILS + DONE, CLEAN, never=NOT_FETCHED),
    "head: worker": Short(HEAD, UNKNOWN, said="ends before", never=NOT_CERTAIN),
    "head: part": Short(HEAD + PART, UNKNOWN, said="ends before", never=NOT_CERTAIN),
    "head: attempt": Short(HEAD + PART + ASK, UNKNOWN, "?", sources="unknown", said="no answer", never=NOT_CERTAIN),
    "head: one asked": Short(HEAD + PART + ASK + FIX, UNKNOWN, "?", sources="own", never=NOT_CERTAIN),
    "head: two asked": Short(HEAD + PART + ASK + FIX + MAIN, UNKNOWN, "-?", sources="own default", never=NOT_CERTAIN),
    "head: found": Short(HEAD + PART + ASK + FIX + FOUND, FETCHED, "+", "fix/cache-1.tgz", sources="own"),
    "head: not found": Short(HEAD + PART + ASK + FIX + MISSING, CLEAN, "-", sources="own"),
    "middle: found": Short(MAIN + FOUND + ADDED, FETCHED, "+", "main/cache-1.tgz", sources="unknown"),
    "middle: asked": Short(FIX + MAIN, UNKNOWN, "-?", sources="unknown unknown", never=NOT_CERTAIN),
    "middle: command": Short(PASSES + FAILS, UNKNOWN, said="begins too late", never=NOT_CERTAIN),
    "middle: unpacking": Short(
        ASK + FIX + FOUND + ABORTED % "add", FETCHED, "+", "fix/cache-1.tgz", sources="own", said="Unpacking"
    ),
    "closed folds": Short(HEAD + "cache.1\nSetting up build cache\n" + FAILS + DONE, UNKNOWN, said="folds closed"),
    "closed folds, stored": Short(
        HEAD + "cache.1\nSetting up build cache\n" + FAILS + "cache.2\n" + STORE + DONE, UNKNOWN, said="folds closed"
    ),
    "closed folds, old words": Short("setup build cache\n" + FAILS + DONE, UNKNOWN, said="folds closed"),
    "closed folds of R": Short("Setting up package cache\n" + FAILS + DONE, UNKNOWN, said="folds closed"),
    "closed folds, unchanged": Short(HEAD + "Setting up build cache\n" + FAILS + STORE + NOTHING + DONE, FETCHED),
    "stalled without a name": Short(PART + ASK + STALL, UNKNOWN, "?", sources="unknown", said="stalled"),
    "crashed without a name": Short(PART + ASK + RUBY + FAILS, UNKNOWN, "?", sources="unknown", said="crash"),
    "crashed in shell": Short(PART + ASK + FIX + SHELL + FAILS + DONE, UNKNOWN, "?", sources="own", said="crash"),
    "aborted, not found": Short(
        HEAD + PART + ASK + FIX + ABORTED % "fetch" + MISSING + FAILS + DONE, CLEAN, "-", sources="own"
    ),
    "aborted, unchanged": Short(ASK + FIX + ABORTED % "fetch" + FAILS + STORE + NOTHING, FETCHED, "?", sources="own"),
    "casher missing": Short(
        HEAD + PART + "Failed to fetch casher from GitHub, disabling cache.\n" + FAILS + DONE, NONE
    ),
    "two jobs": Short(
        PART + ASK + "fetching PR.5/cache-1.tgz\n" + MAIN + FOUND + DONE + PART + ASK + FIX + MAIN + MISSING + DONE,
        FETCHED, "-+--", "main/cache-1.tgz", sources="own target own default",
    ),
    "two jobs, one stalled": Short(
        PART + ASK + FIX + MISSING + DONE + PART + ASK + MAIN + STALL, UNKNOWN, "-?", sources="own own"
    ),
    "two jobs, the clean one fails": Short(
        HEAD + PART + ASK + FIX + FOUND + PASSES + DONE + HEAD + PART + ASK + FIX + MISSING + CONFLICT + FAILS + DONE,
        FETCHED, "+-", "fix/cache-1.tgz", sources="own own",
        said="The log is of several jobs", never=("stale packages",),
    ),
    "two jobs without their beginnings, the clean one fails": Short(
        PART + ASK + FIX + FOUND + PASSES + DONE + PART + ASK + FIX + MISSING + CONFLICT + FAILS + DONE,
        FETCHED, "+-", "fix/cache-1.tgz", sources="own own",
        said="The log is of several jobs", never=("stale packages",),
    ),
    "two jobs, their ends": Short(FAILS + DONE + FAILS + DONE, UNKNOWN, said="The log is of several jobs"),
    "two spellings": Short(
        PART + ASK + "fetching login/cache-1.tgz\nfetching teamlogin/cache-1.tgz\n" + MAIN + MISSING,
        CLEAN, "---", sources="own own default",
    ),
    "spaces in a name": Short(
        ASK + "fetching my branch/cache-linux--env-A B.tgz\n" + FOUND,
        FETCHED, "+", "my branch/cache-linux--env-A B.tgz",
        sources="own",
    ),
    "lost ends at the end": Short(
        '$ make no The command "make" failed and exited with 1 during . Your build has been stopped. ', UNKNOWN,
        said="begins too late", never=("The log ends before the job does.",),
    ),
    "conflict, clean": Short(
        ASK + FIX + MISSING + CONFLICT, CLEAN, "-", sources="own",
        said="requirements themselves", never=("stale",),
    ),
    "conflict, fetched": Short(
        ASK + FIX + FOUND + CONFLICT, FETCHED, "+", "fix/cache-1.tgz", sources="own",
        said="stale packages", never=("several jobs",),
    ),
    "missing package, fetched": Short(
        ASK + FIX + FOUND + "pkg_resources.DistributionNotFound: b\n", FETCHED, "+", "fix/cache-1.tgz", sources="own",
        said="stale", never=("contradict",),
    ),
    "conflict, unknown": Short(
        "travis_fold:start:x\npkg_resources.VersionConflict: (a 1)\n", UNKNOWN, said="The log does not tell",
        never=("holds stale", "No cache is to blame"),
    ),
}  # fmt: skip
TABLE = {
    f"{name} ({form})": replace(short, log=FORMS[form](short.log)) for name, short in WHOLE.items() for form in FORMS
}
TABLE |= CUTS


def test_the_table_is_large_enough() -> None:
    assert len(TABLE) >= 80


@pytest.mark.parametrize("name", TABLE)
def test_what_is_read_and_said_of_a_short_log(name: str) -> None:
    short = TABLE[name]
    checked = CheckedLog("a.log", with_sources(read_log([short.log.encode()])))
    report = checked.report()
    text = "\n".join(lines_about(report))
    signs = {True: "+", False: "-", None: "?"}
    assert report.cache_use == short.use, text
    assert report.several_jobs is name.startswith("two jobs"), text
    assert checked.exit_code == {FETCHED: 1, CLEAN: 0, NONE: 0, UNKNOWN: 6}[short.use]
    assert "".join(signs[fetch.found] for fetch in report.asked) == short.asked
    named = [f"{fetch.branch}/{fetch.archive}".removeprefix("/") for fetch in report.fetched]
    assert ", ".join(named) == short.fetched
    assert "".join(signs[stored.succeeded] for stored in report.stored) == short.stored
    assert " ".join(fetch.source for fetch in report.asked) == short.sources
    assert short.said in text
    assert [sentence for sentence in short.never if sentence in text] == []
    assert "travis_" not in text
    assert "duration=" not in text
