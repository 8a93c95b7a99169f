"""Write a job's log in the real format: colours, carriage returns, folds and times (docs/TRAVIS.md section 5)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

Symptom = Literal["version-conflict", "test-image", "test-failure", "stalled-download"]
Outcome = Literal["passed", "failed", "errored", "canceled"]
_NEXT = "\r\x1b[0K"


@dataclass(frozen=True, slots=True)
class LogFacts:
    """What a job did, for its log.

    `asked` are the archives that it looked for, each as `BRANCH/NAME` (the last two parts of the key); the last one
    was found if `found`. `stored` is the archive that it uploads at its end. `ns_at` converts a share of the job's
    duration (0 to 1) to nanoseconds since 1970.
    """

    job_id: int
    slug: str
    branch: str
    asked: Sequence[str]
    found: bool
    stored: str | None
    symptom: Symptom | None
    outcome: Outcome
    ns_at: Callable[[float], int]


def log_of(facts: LogFacts, *, finished: bool) -> str:
    """Return the whole log, or for a running job the log up to the fetch of the cache."""
    log = _Log(facts)
    log.write_start()
    log.write_fetch()
    if finished and facts.symptom == "stalled-download":
        log.write_stall()
    elif finished:
        log.write_script()
        log.write_end()
    return "".join(log.parts)


class _Log:
    def __init__(self, facts: LogFacts) -> None:
        self.parts: list[str] = []
        self._facts = facts
        self._timers = 0

    def write_start(self) -> None:
        facts = self._facts
        worker = "\x1b[33;1mWorker information\x1b[0m\nhostname: 0c6fb1b2@1.worker\nversion: v6.2.22\n"
        self._fold("worker_info", worker)
        self._fold(
            "system_info",
            "\x1b[33;1mBuild system information\x1b[0m\r\nBuild language: python\r\nBuild dist: focal\r\n"
            f"Job id: {facts.job_id}\r\nRuntime kernel version: 5.4.0-1034\r\n",
        )
        self._fold(
            "git.checkout",
            self._timed(
                0.0, 0.05,
                f"$ git clone --depth=50 https://github.com/{facts.slug}.git {facts.slug}\r\n"
                f"Cloning into '{facts.slug}'...\r\n"
                "remote: Counting objects:  50% (60/120)\rremote: Counting objects: 100% (120/120), done.\x1b[K\r\n"
                "Receiving objects:  10% (12/120)\rReceiving objects: 100% (120/120), 31.20 KiB, done.\r\n",
            ),
        )  # fmt: skip

    def write_fetch(self) -> None:
        facts = self._facts
        lines = [_green("attempting to download cache archive")]
        lines += [_green(f"fetching {asked}") for asked in facts.asked]
        if facts.symptom == "stalled-download":
            self.parts.append(
                f"travis_fold:start:cache.1{_NEXT}\x1b[33;1mSetting up build cache\x1b[0m\r\n{''.join(lines)}"
            )
            return
        lines.append(_green("found cache") if facts.found else _red("could not download cache"))
        added = _green("adding /home/travis/.cache/pip to cache")
        if not facts.found:
            added += _green("creating directory /home/travis/.cache/pip")
        self._fold(
            "cache.1",
            "\x1b[33;1mSetting up build cache\x1b[0m\r\n$ export CASHER_DIR=${TRAVIS_HOME}/.casher\r\n"
            + self._timed(0.05, 0.06, "$ Installing caching utilities\r\n")
            + self._timed(0.1, 0.2, "".join(lines))
            + self._timed(0.2, 0.22, added),
        )

    def write_stall(self) -> None:
        self.parts.append(
            "\r\n\r\nNo output has been received in the last 10m0s, this potentially indicates a stalled build or "
            "something wrong with the build itself.\r\nThe build has been terminated\r\n"
        )

    def write_script(self) -> None:
        symptom = self._facts.symptom
        if symptom == "version-conflict":
            self.parts.append(
                "travis_fold:start:install.1" + _NEXT
                + self._timed(
                    0.25, 0.8,
                    "$ pip install -r requirements.txt\r\nCollecting numpy<1.16\r\n"
                    "\x1b[K    10% |###       | 1.2MB\r\x1b[K    100% |##########| 13.9MB\r\n"
                    "Traceback (most recent call last):\r\n"
                    '  File "/home/travis/virtualenv/python3.8.1/bin/tool", line 4, in <module>\r\n'
                    "pkg_resources.ContextualVersionConflict: (numpy 1.16.0 (/home/travis/virtualenv/python3.8.1/lib/"
                    "python3.8/site-packages), Requirement.parse('numpy<1.16'), {'pandas'})\r\n\r\n",
                )
                + "travis_fold:end:install.1" + _NEXT
                + _red('The command "pip install -r requirements.txt" failed and exited with 1 during .')
            )  # fmt: skip
            return
        image = f"registry.example.invalid/{self._facts.slug}/test:{self._facts.branch}"
        self.parts.append("\x1b[33;1mEnsure test image\x1b[0m\r\n")
        if symptom == "test-image":
            self._command(0.25, 0.3, f"docker pull {image}", f"manifest for {image} not found: manifest unknown", 1)
            return
        self._command(0.25, 0.3, f"docker pull {image}", "Status: Image is up to date", 0)
        if symptom == "test-failure" or self._facts.outcome == "failed":
            self._command(0.3, 0.8, "pytest", "E       assert 2 == 3\r\n==== 1 failed, 2 passed in 0.15s ====", 1)
        elif self._facts.outcome == "passed":
            self._command(0.3, 0.8, "pytest", "==== 3 passed in 0.12s ====", 0)

    def write_end(self) -> None:
        facts = self._facts
        if facts.outcome == "canceled":
            self.parts.append("\r\n\r\nDone: Job Cancelled\r\n")
            return
        if facts.outcome == "errored" or facts.symptom == "version-conflict":
            self.parts.append("\r\nYour build has been stopped.\r\n")
            return
        if facts.stored is None and not facts.found:
            end = "No directory has been added to the cache.\r\n"
        elif facts.stored is None:
            end = _green("nothing changed, not updating cache")
        else:
            end = _green("changes detected, packing new archive") + ".\r\n"
            end += _green(f"uploading {facts.stored}") + _green("cache uploaded")
        self._fold("cache.2", "store build cache\r\n" + self._timed(0.9, 1.0, end))
        self.parts.append(f"\r\nDone. Your build exited with {int(facts.outcome != 'passed')}.\r\n")

    def _command(self, start: float, end: float, command: str, output: str, code: int) -> None:
        self.parts.append(self._timed(start, end, f"$ {command}\r\n{output}\r\n\r\n"))
        ended = f'The command "{command}" exited with {code}.'
        self.parts.append((_red if code else _green)(ended) + "\r\n")

    def _fold(self, name: str, text: str) -> None:
        self.parts.append(f"travis_fold:start:{name}{_NEXT}{text}travis_fold:end:{name}{_NEXT}")

    def _timed(self, start: float, end: float, text: str) -> str:
        self._timers += 1
        timer = f"{self._facts.job_id * 7919 + self._timers:08x}"
        start_ns, end_ns = self._facts.ns_at(start), self._facts.ns_at(end)
        return (
            f"travis_time:start:{timer}{_NEXT}{text}\r\ntravis_time:end:{timer}:"
            f"start={start_ns},finish={end_ns},duration={end_ns - start_ns}{_NEXT}"
        )


def _green(text: str) -> str:
    return f"\x1b[32;1m{text}\x1b[0m\r\n"


def _red(text: str) -> str:
    return f"\x1b[31;1m{text}\x1b[0m\r\n"
