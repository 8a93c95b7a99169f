"""Detect the known symptoms in a log: conflicts of package versions, and a missing test image."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from purger.travis.job_log.model import CacheUse, JobLog, Symptom, SymptomId
from purger.travis.job_log.scan import NOISE, Rule, Statement

_STALE = (
    "The cache holds stale packages, at versions that contradict each other.",
    "Purge the caches, then restart the job.",
)
_MEANINGS: dict[SymptomId, tuple[str, str]] = {
    "contextual-version-conflict": _STALE,
    "version-conflict": _STALE,
    "distribution-not-found": (
        "The cache holds stale packages: one that is required is not among them.",
        _STALE[1],
    ),
    "test-image": (
        "The branch was never pushed, so its test image was not built.",
        "Push the branch to the host, then restart the job.",
    ),
}
_CONFLICTS = {"contextual-version-conflict", "version-conflict"}
_OF_PACKAGES = _CONFLICTS | {"distribution-not-found"}
_NOT_OF_A_CACHE = "It fetched no cache, so none is to blame: look at the requirements themselves."
_PERHAPS_OF_A_CACHE = "The log does not tell whether a cache was fetched: only then can it be to blame."
_PERHAPS_OF_ANOTHER_JOB = "The log is of several jobs: only in one that fetched a cache can that be to blame."
_IDS: dict[bytes, SymptomId] = {
    b"ContextualVersionConflict": "contextual-version-conflict",
    b"VersionConflict": "version-conflict",
    b"DistributionNotFound": "distribution-not-found",
}

# These distinguish a reported exception from source code that raises, catches or imports it, and from one of Ruby's.
_BEFORE_NAME = re.compile(rb"(?P<package>[\w.]*\.)?(?P<contextual>Contextual)?\Z")
_IN_SOURCE_CODE = re.compile(rb"(?:\b(?:raise|except|import|class|from)\s+|[(,]\s*|[@\"'`=/][ \t]*|::)\Z")
# Without its module it may be another program's exception. That of pkg_resources goes on with what is there and what is
# wanted, with a sentence about a distribution, or with the requirement alone.
_AFTER_BARE_NAME = re.compile(
    rb": (?:\(|The u?'|[\w.\-]{1,80}(?:\[[\w.,\- ]{0,80}\])?(?:[<>=!~]=?\S{0,80})?[ \t\r]*(?:\n|\Z))"
)
_FAILED_AT_ONCE = re.compile(rb"[\"'`)\]]*[\s:.\-]{0,4}(?:has )?fail(?:ed|ure)\b|\] Error [1-9]", re.IGNORECASE)
# What may stand before the step's name: its fold's marker, the punctuation of a title, "Step 3/9:", what make writes
# of a target that failed. Where it stands behind other words, those are about it: a file's name, a commit's message.
_BEFORE_STEP = re.compile(
    NOISE + rb"[\s=#*>\-<\[(\"'`]*"
    rb"(?:(?i:step|stage|task|target)\b[\s\d/:.\"'`]*|g?make(?:\[\d+\])?: \*\*\* \[(?:[^\]\n]{1,200}: )?)?[Ee]"
)
_IN_FOLD = re.compile(rb"travis_fold:(?:start|end):[\w.\-]*[Ee]\Z")
# A heading may be joined to the end of the previous fold: its first letter is not part of the fold's name.
_FOLD_END = re.compile(rb"travis_fold:end:(?:[\w.\-]*[.\-_])?[Ee]?\Z")
_COMMAND_LINE = re.compile(NOISE + rb"\$ ")
_LONGEST_NAME = 120
_LONGEST_START = 2 * 1024


@dataclass(slots=True)
class _Step:
    """The step "Ensure test image", after its start."""

    start: Statement
    end: int
    is_heading: bool
    ended: bool = False


class Symptoms:
    """Collects the symptoms while a log is read."""

    def __init__(self) -> None:
        self._found: dict[SymptomId, Symptom] = {}
        # Exceptions in the output of the command that runs, whose first line is known: it may pass, as where a test
        # prints what it expects.
        self._of_command: set[SymptomId] = set()
        self._of_job: set[SymptomId] = set()
        self._command = b""
        self._step: _Step | None = None

    @property
    def found(self) -> tuple[Symptom, ...]:
        """The first symptom of each kind, in the order of the log."""
        return tuple(self._found.values())

    def rules(self) -> list[Rule]:
        """Return the rules for statements that may be symptoms."""
        return [
            Rule(b"VersionConflict", rb"VersionConflict\b", self._on_exception),
            Rule(b"DistributionNotFound", rb"DistributionNotFound\b", self._on_exception),
            Rule(b"nsure", rb"(?i:nsure[ _-]?test[ _-]?image)", self._on_test_image),
        ]

    def _on_exception(self, statement: Statement) -> None:
        """Handle the name of an exception about package versions."""
        at = statement.match.start()
        before = statement.text[max(0, at - _LONGEST_NAME) : at]
        name = _BEFORE_NAME.search(before)
        follows = statement.text[statement.match.end() : statement.match.end() + 1]
        if name is None or _IN_SOURCE_CODE.search(before[: name.start()]) or follows in (b"(", b"'", b'"'):
            return
        package = name["package"] or b""
        is_bare = not package and _AFTER_BARE_NAME.match(statement.text, statement.match.end())
        if b"pkg_resources." in package or is_bare:
            symptom_id = _IDS[(name["contextual"] or b"") + statement.match[0]]
            if symptom_id not in self._found:
                self._add(symptom_id, statement)
                self._of_command.add(symptom_id)

    def _on_test_image(self, statement: Statement) -> None:
        """Handle the name of the step "Ensure test image"."""
        at = statement.match.start()
        earliest = max(0, at - _LONGEST_START)
        start = max(statement.text.rfind(b"\n", earliest, at) + 1, earliest)
        # Where line ends were lost it follows another statement.
        after = max(start, statement.previous_end - statement.base)
        before = statement.text[start:at]
        is_command = any(_COMMAND_LINE.match(statement.text, one, at) for one in (start, after))
        is_title = any(_BEFORE_STEP.fullmatch(statement.text, one, at) for one in (start, after))
        if not (is_command or is_title or _IN_FOLD.search(before)):
            return
        if _FOLD_END.search(before):
            if self._step:
                self._step.ended = True
        elif _FAILED_AT_ONCE.match(statement.text, statement.match.end()):
            self._add("test-image", statement)
        else:
            self._step = _Step(statement, statement.end, is_heading=not is_command)

    def command_began(self, statement: Statement) -> None:
        """Handle the start of a command. It ends the step, unless the step was only announced so far."""
        if not statement.begins():
            return
        end = statement.match.end()
        is_echo = statement.match[0] == b"$ "
        self._command = _start_of(statement.text[end : end + _LONGEST_NAME]) if is_echo else b""
        self._of_command.clear()
        step = self._step
        if step is None:
            return
        if step.is_heading and not step.ended and statement.directly_after(step.end, heading=True):
            step.end = statement.end
            step.is_heading = not is_echo
        else:
            self._step = None

    def block_ended(self) -> None:
        """Handle the end of a timed block. It ends the step, except for the sentence with its exit code."""
        if self._step:
            self._step.ended = True

    def command_passed(self, command: bytes) -> None:
        """Handle a command's exit code 0: what it printed is no reason why something fails."""
        if self._command and self._command == _start_of(command):
            self._forget(self._of_command)
        self.command_ended(failed=False)

    def job_ended(self, *, failed: bool, passed: bool = False) -> None:
        """Handle the end of the job: in one that passed nothing is the reason why it fails."""
        self.command_ended(failed=failed)
        if passed:
            self._forget(self._of_job)
        self._of_job.clear()

    def command_ended(self, *, failed: bool) -> None:
        """Handle the exit code of a command, or the end of the job."""
        self._of_command.clear()
        if self._step and failed:
            self._add("test-image", self._step.start)
        self._step = None

    def _add(self, symptom_id: SymptomId, statement: Statement) -> None:
        if symptom_id not in self._found:
            # Only now: to clean a line takes long, and one may hold the words of a symptom thousands of times.
            line = statement.line() or "Ensure test image"
            self._found[symptom_id] = Symptom(symptom_id, line, *_MEANINGS[symptom_id])
            self._of_job.add(symptom_id)

    def _forget(self, symptom_ids: set[SymptomId]) -> None:
        for symptom_id in list(symptom_ids):
            self._found.pop(symptom_id, None)
            self._of_job.discard(symptom_id)


def _start_of(command: bytes) -> bytes:
    return command.partition(b"\n")[0][:_LONGEST_NAME].rstrip()


def explained(symptom: Symptom, log: JobLog) -> Symptom:
    """Return the symptom with what it means in this log, which proves something about caches or does not."""
    if symptom.id not in _OF_PACKAGES:
        return symptom
    match log.cache_use:
        case CacheUse.FETCHED if not log.several_jobs:
            return symptom
        case CacheUse.FETCHED:
            what_to_do = _PERHAPS_OF_ANOTHER_JOB
        case CacheUse.UNKNOWN:
            what_to_do = _PERHAPS_OF_A_CACHE
        case _:
            what_to_do = _NOT_OF_A_CACHE
    conflict = symptom.id in _CONFLICTS
    meaning = "The versions of packages contradict each other." if conflict else "A required package is not installed."
    return replace(symptom, meaning=meaning, what_to_do=what_to_do)
