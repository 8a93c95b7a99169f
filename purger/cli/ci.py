"""Detect the CI and write what it shows: annotations, folds, a Markdown summary, outputs."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any, TextIO, cast

from purger.core.text import sentence_of, visible
from purger.report.json_document import CI_COMMAND
from purger.report.model import Report
from purger.report.phrases import error_words, errors_of, remedy_lines, verdict_of
from purger.secrets.files import appended
from purger.secrets.redaction import redact

MOST_ANNOTATIONS = 10
"""GitHub shows ten errors and ten warnings of a step, and drops the others silently."""
MOST_SUMMARY_BYTES = 1_000_000
"""GitHub refuses a step's summary altogether when it is larger than 1 MiB."""
_LONGEST_NAME = 256
"""No repository has a longer name."""
_LONGEST_TEXT = 1000


class CiKind(StrEnum):
    """The CI services that purger knows."""

    GITHUB = "github"
    TRAVIS = "travis"
    AZURE = "azure"
    TEAMCITY = "teamcity"
    OTHER = "other"
    NONE = "none"


_COMMANDS = {
    CiKind.GITHUB: re.compile(rf"^[^\S\n]*::|{CI_COMMAND.pattern}", re.MULTILINE),
    CiKind.AZURE: CI_COMMAND,
    CiKind.TEAMCITY: CI_COMMAND,
}
"""What begins a command of the CI; on GitHub `::command::` at the start of a line, too."""


@dataclass(frozen=True, slots=True)
class Ci:
    """The CI that the command runs in, and the markers that its log understands."""

    kind: CiKind

    def __bool__(self) -> bool:
        return self.kind is not CiKind.NONE

    @property
    def folds(self) -> bool:
        """Whether parts of its log can be folded."""
        return self.kind in {CiKind.GITHUB, CiKind.TRAVIS}

    @property
    def annotates(self) -> bool:
        """Whether it shows errors and warnings beside its log, where lines in that say so."""
        return self.kind is CiKind.GITHUB

    def annotations(self, report: Report) -> list[str]:
        """Return lines that make the CI show errors and warnings beside its log; none where it has no such lines.

        GitHub reads them on stdout and on stderr alike; stderr keeps them out of `--json`.
        """
        if not self.annotates:
            return []
        errors = [_command("error", title, text) for title, text in _errors(report)]
        warnings = [_command("warning", title, text) for title, text in _warnings(report)]
        return [*_at_most(errors, "error"), *_at_most(warnings, "warning")]

    def line(self, text: str) -> str:
        """Return a line outside of folds in which the CI takes nothing that others wrote for a command of its own."""
        commands = _COMMANDS.get(self.kind)
        return commands.sub(lambda found: " ".join(found[0]), text) if commands else text

    def stream(self, stream: TextIO) -> TextIO | None:
        """Return a stream that makes a `line` of all that is written; None where that is for no CI, or for parts."""
        is_for_all = self.kind in _COMMANDS and not self.folds
        return cast("TextIO", _LineStream(stream, self.line)) if is_for_all else None

    def fold(self, name: str) -> tuple[str, str]:
        """Return what to print before and after a part of the log that may be folded; empty where there are no folds.

        On GitHub nothing between the two is taken for a workflow command, whatever a branch is called: the runner
        obeys `::command::` at the start of a line and `##[command]` anywhere in it, unless it is stopped.
        """
        if self.kind is CiKind.GITHUB:
            token = secrets.token_hex(16)
            return (
                f"::group::{_data(visible(name, _LONGEST_NAME))}\n::stop-commands::{token}",
                f"::{token}::\n::endgroup::",
            )
        if self.kind is CiKind.TRAVIS:
            mark = re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-.")[:_LONGEST_NAME] or "purger"
            title = visible(name, _LONGEST_NAME)
            # The carriage return and "erase the line" hide the mark from whoever reads the raw log.
            return f"travis_fold:start:{mark}\r\x1b[0K{title}", f"travis_fold:end:{mark}\r\x1b[0K"
        return "", ""


class _LineStream:
    """A text stream that changes all text before it writes it to another one."""

    def __init__(self, stream: TextIO, change: Callable[[str], str]) -> None:
        self._stream = stream
        self._change = change

    def write(self, text: str) -> int:
        """Change the text and write it; return its original length."""
        self._stream.write(self._change(text))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def detect(environ: Mapping[str, str]) -> Ci:
    """Return the CI that sets these variables: by its own variable, else by `CI`."""
    if environ.get("GITHUB_ACTIONS") == "true":
        return Ci(CiKind.GITHUB)
    if environ.get("TRAVIS") == "true":
        return Ci(CiKind.TRAVIS)
    if environ.get("TF_BUILD"):
        return Ci(CiKind.AZURE)
    if environ.get("TEAMCITY_VERSION"):
        return Ci(CiKind.TEAMCITY)
    # Jenkins' own command line reads JENKINS_URL as well.
    is_jenkins = bool(environ.get("JENKINS_URL") and environ.get("BUILD_ID"))
    is_other = environ.get("CI", "").strip().lower() not in {"", "0", "false", "no"}
    return Ci(CiKind.OTHER if is_jenkins or is_other else CiKind.NONE)


def outputs(report: Report, report_path: Path | None) -> dict[str, str]:
    """Return the outputs for later steps. `remaining` counts what was selected and is not gone, for any reason.

    What a retry deleted is that of all its attempts.
    """
    return {
        "ok": "true" if report.ok else "false",
        "exit_code": str(report.exit_code),
        "deleted": str(sum(repository.deleted for repository in report.purges)),
        "remaining": str(sum(len(repository.left) for repository in report.repositories)),
        "bytes_deleted": str(sum(repository.bytes_deleted for repository in report.purges)),
        "report": str(report_path) if report_path else "",
    }


def output_lines(values: Mapping[str, str]) -> str:
    """Return the values in the format of GITHUB_OUTPUT: each between delimiters that no value can guess."""
    parts = []
    for name, value in values.items():
        mark = f"purger_{secrets.token_hex(16)}"
        parts.append(f"{name}<<{mark}\n{value}\n{mark}\n")
    return "".join(parts)


def write_github_files(
    report: Report, environ: Mapping[str, str], report_path: Path | None = None, *, as_list: bool = False
) -> list[str]:
    """Append the summary and the outputs to the files that GitHub Actions names; without such files do nothing.

    `report_path` is where report.json lies. With `as_list` the report is of a list: it has no outputs, which would
    replace those of a purge in the same step. Return a sentence about each file that can't be written.
    """
    problems = []
    if path := environ.get("GITHUB_STEP_SUMMARY"):
        text_for = partial(_fitting_summary, report, as_list=as_list)
        problems += _append(Path(path), text_for, "summary")
    if (path := environ.get("GITHUB_OUTPUT")) and not as_list:
        problems += _append(Path(path), lambda _: output_lines(outputs(report, report_path)), "outputs")
    return problems


def _fitting_summary(report: Report, size_bytes: int, *, as_list: bool) -> str:
    from purger.report.markdown import markdown_summary, short_summary

    text = markdown_summary(report, as_list=as_list)
    fits = size_bytes + len(text.encode("utf-8", "replace")) <= MOST_SUMMARY_BYTES
    return text if fits else short_summary(report, as_list=as_list)


def _append(path: Path, text_for: Callable[[int], str], what: str) -> list[str]:
    try:
        size_bytes = path.stat().st_size if path.exists() else 0
        with appended(path) as file:
            file.write(redact(text_for(size_bytes)))
    except OSError as error:
        return [f"The {what} for GitHub Actions could not be written to {path}: {error.strerror or error}."]
    return []


def _errors(report: Report) -> Iterator[tuple[str, str]]:
    for error, names in errors_of(report).items():
        lines = [error_words(error), *remedy_lines(error)]
        yield _title(", ".join(names)), "\n".join(visible(line, _LONGEST_TEXT) for line in lines)
    for repository in report.repositories:
        if not repository.ok and not repository.error and not report.dry_run:
            yield _title(repository.name), visible(verdict_of(repository, dry_run=False), _LONGEST_TEXT)


def _warnings(report: Report) -> Iterator[tuple[str, str]]:
    for name, text in report.repository_warnings:
        yield _title(name), visible(sentence_of(text), _LONGEST_TEXT)
    # Together in one: of a large owner much may be left out, and that is no reason to drop the others.
    if lines := [visible(sentence_of(text), _LONGEST_TEXT) for text in report.warnings]:
        more = [f"{len(lines) - MOST_ANNOTATIONS:,} more: see the summary or the report."]
        yield _title(None), "\n".join(lines[:MOST_ANNOTATIONS] + more * (len(lines) > MOST_ANNOTATIONS))


def _title(name: str | None) -> str:
    return f"purger: {visible(name, _LONGEST_NAME)}" if name else "purger"


def _at_most(lines: list[str], level: str) -> list[str]:
    if len(lines) <= MOST_ANNOTATIONS:
        return lines
    kept = lines[: MOST_ANNOTATIONS - 1]
    return [*kept, _command(level, "purger", f"{len(lines) - len(kept):,} more: see the summary or the report.")]


def _command(level: str, title: str, text: str) -> str:
    return f"::{level} title={_property(title)}::{_data(text)}"


def _data(text: str) -> str:
    """Escape a message of a workflow command, as the runner unescapes it."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """Escape a property of a workflow command, as the runner unescapes it."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")
