"""The folder that `--artifacts` names: what lies where in it, and writing so that no half a file is ever left there."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from purger.core.errors import InputError
from purger.secrets.redaction import redact
from purger.report.build import to_json

REPORT = "report.json"
PAGE = "report.html"
BEFORE = "before.png"
AFTER = "after.png"
TRACE = "trace.zip"
_OF_A_REPOSITORY = (BEFORE, AFTER, TRACE)
_LONGEST_FOLDER = 100


class Artifacts:
    """The artifacts of one run. Raises InputError where the folder can't be made or written to.

    What an earlier run left there under the same names is taken away, so that nobody takes it for this run's; but its
    report.json stays until this run's replaces it, since `--resume` may need it still.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._several = False
        try:
            directory.mkdir(parents=True, exist_ok=True)
            write_whole(directory / ".purger-can-write", b"")
            (directory / ".purger-can-write").unlink()
            self._take_away(directory, (PAGE, *_OF_A_REPOSITORY))
        except OSError as error:
            raise InputError(
                f"the artifacts can't be written there: {_reason(error)}",
                where=str(directory),
                remedy="Name a folder with --artifacts that can be made and written to.",
            ) from None

    def expect(self, repositories: Sequence[str]) -> list[str]:
        """Tell which repositories the run is about: with several, each one's files go into a folder of its own.

        Gives sentences about folders that could not be made; the run may go on without.
        """
        self._several = len(repositories) > 1
        problems = []
        for name in repositories if self._several else ():
            folder = self.folder(name)
            try:
                folder.mkdir(exist_ok=True)
                self._take_away(folder, _OF_A_REPOSITORY)
            except OSError as error:
                problems.append(trouble(folder, error))
        return problems

    def folder(self, repository: str) -> Path:
        """Where the pictures and the trace of a repository lie (its name as people write it)."""
        return self.directory / folder_name(repository) if self._several else self.directory

    def before(self, repository: str) -> Path:
        """The picture of the page before anything was clicked."""
        return self.folder(repository) / BEFORE

    def after(self, repository: str) -> Path:
        """The picture of the page as it was seen last."""
        return self.folder(repository) / AFTER

    def trace(self, repository: str) -> Path:
        """The Playwright trace."""
        return self.folder(repository) / TRACE

    @property
    def report(self) -> Path:
        """The JSON report."""
        return self.directory / REPORT

    @property
    def page(self) -> Path:
        """The report for people."""
        return self.directory / PAGE

    def pictures(self, repositories: Sequence[str]) -> dict[str, Path]:
        """The pictures that exist, by `NAME before` and `NAME after`, as `report_html.write_html` wants them."""
        found = {}
        for name in repositories:
            for when, path in (("before", self.before(name)), ("after", self.after(name))):
                if path.is_file():
                    found[f"{name} {when}"] = path
        return found

    def write_report(self, report: dict[str, Any]) -> str | None:
        """Write report.json, all of it or nothing; gives a sentence about it where that failed."""
        # A lone surrogate in a branch's name has no UTF-8 form; its backslash escape is JSON's own.
        return self._write(self.report, redact(to_json(report) + "\n").encode("utf-8", "backslashreplace"))

    def write_html(self, report: dict[str, Any], timeline: Sequence[Mapping[str, Any]]) -> str | None:
        """Write report.html, all of it or nothing; gives a sentence about it where that failed."""
        from purger.report.html import write_html
        from purger.report.phrases import name_of

        pictures = self.pictures([name_of(repository) for repository in report["repositories"]])
        return self._write(self.page, redact(write_html(report, timeline, pictures)).encode("utf-8", "replace"))

    def _write(self, path: Path, content: bytes) -> str | None:
        try:
            write_whole(path, content)
        except OSError as error:
            return trouble(path, error)
        return None

    @staticmethod
    def _take_away(folder: Path, names: Sequence[str]) -> None:
        for name in names:
            (folder / name).unlink(missing_ok=True)


def trouble(path: Path, error: OSError) -> str:
    """A warning about an artifact that could not be written."""
    return f"{path} could not be written: {_reason(error)}."


def folder_name(repository: str) -> str:
    """A folder's name for `owner/name` that every file system takes, and that no other repository gets."""
    name = re.sub(r"[^A-Za-z0-9_.-]", "_", repository.replace("/", "--"))[:_LONGEST_FOLDER].rstrip(".")
    if name.replace("--", "/") == repository:
        return name
    return f"{name}-{hashlib.sha256(repository.encode('utf-8', 'replace')).hexdigest()[:8]}"


def write_whole(path: Path, content: bytes) -> None:
    """Write a file beside its place and move it there, so that a reader sees the old one or the new one."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
