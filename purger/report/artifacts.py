"""The folder that `--artifacts` names: where each file is in it, and writing each one as a whole."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from purger.core.errors import InputError
from purger.secrets.files import whole_file, write_whole
from purger.secrets.redaction import redacted

if TYPE_CHECKING:
    from purger.report.model import Report, TimelineEntry

REPORT = "report.json"
PAGE = "report.html"
BEFORE = "before.png"
AFTER = "after.png"
TRACE = "trace.zip"
_OF_A_REPOSITORY = (BEFORE, AFTER, TRACE)
_LONGEST_FOLDER = 100


class TraceMode(StrEnum):
    """When a Playwright trace is kept."""

    OFF = "off"
    ON_FAILURE = "on-failure"
    ON = "on"


class Artifacts:
    """The artifacts of one run. Raises InputError where the folder can't be made or written to.

    What an earlier run of purger made is deleted before this run makes its own, so that nobody takes it for this run's;
    but its report.json stays until this run's replaces it, since `--resume` may still need it. Other files stay, unless
    this run makes one of their name.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._several = False
        self._made: set[Path] = set()
        require_a_folder(directory)
        self._former = self._former_files()  # now, since reading what a large run left takes long

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep the folder for this run until the end of a `with` block: two at once would replace each other's files.

        Raises InputError where another run holds it. Where the system has no such locks, nothing is held.
        """
        with ExitStack() as stack:
            try:
                descriptor = os.open(self.directory, os.O_RDONLY)
                stack.callback(os.close, descriptor)
                import fcntl  # after `open`, which Windows refuses of a folder: it has no such module

                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise InputError(
                    "another run of purger keeps its artifacts there at this moment",
                    where=str(self.directory),
                    remedy="Name another folder with --artifacts, or wait until that run has ended.",
                ) from None
            except OSError:
                pass
            yield

    def delete_former(self) -> list[str]:
        """Delete the files of an earlier run, once; return a sentence about each that could not be deleted."""
        problems = []
        former, self._former = self._former, []
        for path in former:
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                problems.append(f"{path} of an earlier run could not be deleted: {_reason(error)}.")
        return problems

    def _former_files(self) -> list[Path]:
        """Return what the run may have made whose report.json is here, also in the folders of its repositories."""
        from purger.report.former import read_report

        try:
            former = read_report(self.report, "the former report") if self.report.is_file() else None
        except InputError:
            former = None
        if former is None:
            return []
        folders = [self.directory / folder_name(one.name) for one in former.repositories]
        ours = [self.directory, *(folder for folder in folders if folder.is_dir() and not folder.is_symlink())]
        return [self.page, *(folder / name for folder in ours for name in _OF_A_REPOSITORY)]

    def expect(self, repositories: Sequence[str]) -> list[str]:
        """Prepare for these repositories: of several, each one's files go into a folder of its own.

        Return a sentence about each problem; the run may go on.
        """
        self._several = len(repositories) > 1
        problems = self.delete_former()
        for name in repositories if self._several else ():
            folder = self.folder(name)
            try:
                folder.mkdir(exist_ok=True)
            except OSError as error:
                problems.append(trouble(folder, error))
        return problems

    def add(self, path: Path) -> None:
        """Note that this run made the file."""
        self._made.add(path)

    def has(self, path: Path) -> bool:
        """Whether this run made the file, and it is still there."""
        return path in self._made and path.is_file()

    @property
    def are_any(self) -> bool:
        """Whether anything that this run made is there."""
        return any(self.has(path) for path in self._made)

    def folder(self, repository: str) -> Path:
        """The folder of the pictures and the trace of a repository (its name as people write it)."""
        return self.directory / folder_name(repository) if self._several else self.directory

    def before(self, repository: str) -> Path:
        """The picture of the page before anything was clicked."""
        return self.folder(repository) / BEFORE

    def after(self, repository: str) -> Path:
        """The picture of the page as it was loaded last."""
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
        """The pictures that this run made, by `NAME before` and `NAME after`, as `html_chunks` expects them."""
        found = {}
        for name in repositories:
            for when, path in (("before", self.before(name)), ("after", self.after(name))):
                if self.has(path):
                    found[f"{name} {when}"] = path
        return found

    def write_report(self, report: Report) -> str | None:
        """Write report.json as a whole; return a sentence about it where that failed."""
        from purger.report.json_document import json_chunks

        # A lone surrogate in a branch's name has no UTF-8 form; its backslash escape is JSON's own.
        return self._write(self.report, chain(json_chunks(report), "\n"), errors="backslashreplace")

    def write_html(self, report: Report, timeline: Sequence[TimelineEntry]) -> str | None:
        """Write report.html as a whole; return a sentence about it where that failed."""
        from purger.report.html import html_chunks

        pictures = self.pictures([repository.name for repository in report.repositories])
        return self._write(self.page, html_chunks(report, timeline, pictures), errors="replace")

    def _write(self, path: Path, chunks: Iterable[str], *, errors: str) -> str | None:
        try:
            with whole_file(path) as file:
                file.writelines(block.encode("utf-8", errors) for block in redacted(chunks))
        except OSError as error:
            return trouble(path, error)
        self.add(path)
        return None


def folder_of(text: str) -> Path:
    """Return the folder that `--artifacts` names. Raises InputError for an empty name, which would be this folder."""
    if not text.strip():
        raise InputError("--artifacts is empty", remedy="Name a folder; . is the current one.")
    return Path(text)


def require_a_folder(directory: Path) -> None:
    """Make the folder, and raise InputError where that fails or nothing can be written to it."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        write_whole(directory / ".purger-can-write", b"")
        (directory / ".purger-can-write").unlink()
    except (OSError, ValueError) as error:
        raise _unusable(directory, error) from None


def _unusable(directory: Path, error: Exception) -> InputError:
    return InputError(
        f"the artifacts can't be written there: {_reason(error)}",
        where=str(directory),
        remedy="Name a folder with --artifacts that can be made and written to.",
    )


def trouble(path: Path, error: OSError) -> str:
    """Return a warning about an artifact that could not be written."""
    return f"{path} could not be written: {_reason(error)}."


def folder_name(repository: str) -> str:
    """Return a folder's name for `owner/name` that every file system allows, and that no other repository gets."""
    name = re.sub(r"[^A-Za-z0-9_.-]", "_", repository.replace("/", "--"))[:_LONGEST_FOLDER].rstrip(".")
    if name.replace("--", "/") == repository:
        return name
    return f"{name}-{hashlib.sha256(repository.encode('utf-8', 'replace')).hexdigest()[:8]}"


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
