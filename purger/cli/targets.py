"""Find the repositories that a command is about: as named, else of the CI job, else of this folder's git remote."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from purger.cli import git
from purger.cli.console import stderr
from purger.cli.options import TargetOptions
from purger.cli.output import Output
from purger.core.decision import Decision
from purger.core.errors import InputError
from purger.core.selection import Selection
from purger.core.shown_address import shown_address
from purger.core.text import decoded, visible
from purger.purge.shard import Shard
from purger.secrets import env_file
from purger.secrets.files import read_whole
from purger.travis.addresses import Owner, Repository, Site, parse_repository, parse_target
from purger.travis.remote_addresses import is_address

if TYPE_CHECKING:
    from purger.purge.run import Request
    from purger.report.model import Report

_FROM_FILE_VARIABLE = "PURGER_FROM_FILE"
_JOB_VARIABLE = "TRAVIS_REPO_SLUG"
_LONGEST_SHOWN = 60
_NO_NAME = "the line does not name a repository"
_COMMENT = re.compile(r"(?:(?:\A|\s)#|#(?=\s|\Z)).*")
"""What is glued to a name at both sides may be a branch: `owner/name#main` is none for all of the repository's."""
_HOW_TO_LIST = "Write one name a line: owner/name, or owner/* for all of an owner's."


@dataclass(frozen=True, slots=True)
class Meant:
    """What a command is about: the repositories, which part of them, and which caches, as far as that was decided.

    `former` is the report of the run that it resumes.
    """

    repositories: list[Repository | Owner]
    selection: Selection
    shard: Shard | None
    decisions: Mapping[Repository, Decision] = field(default_factory=dict)
    former: Report | None = None

    def request(self, *, dry_run: bool, to_delete: bool = True) -> Request:
        """Return the request of a run about these: to delete their caches, or to show them to whom may see them."""
        from purger.purge.run import Request

        return Request(
            repositories=self.repositories,
            selection=self.selection,
            dry_run=dry_run,
            to_delete=to_delete,
            shard=self.shard,
            decisions=self.decisions,
            is_first=self.selection.not_after is None,
        )


def what_to_purge(
    output: Output, names: Sequence[str], targets: TargetOptions, selection: Selection, site: Site
) -> Meant:
    """Return the repositories and caches that the arguments and options mean, or that a former report left.

    Raises InputError for what is not understood, and where a report is combined with names or filters.
    """
    if targets.resume is None:
        from_file = targets.named_file if names else targets.from_file
        return Meant(_noted_targets(output, names, from_file, site), selection, targets.shard)
    from purger.report.resume import refuse_more_than_resume, what_is_left

    left = what_is_left(targets.resume, site)
    is_named = bool(names) or targets.named_file is not None
    refuse_more_than_resume(left.report, selection, named=is_named)
    if targets.shard is not None and left.selection.policies.limit is not None:
        raise InputError(
            "--shard can't be used with --resume of a run with --limit: no part knows what the others delete",
            remedy="Leave --shard out.",
        )
    if left.error:
        output.notes.print(f"The former run also failed otherwise, which is not resumed: {left.error}.")
    if not left.repositories:
        output.notes.print("Nothing is left to do: every repository of the report was done.")
    return Meant(left.repositories, left.selection, targets.shard, left.decisions, left.report)


def one_repository(output: Output, name: str | None, site: Site) -> Repository:
    """Return the one repository that is meant. Raises InputError where an owner or none is named."""
    target = _noted_targets(output, [name] if name else [], None, site)[0]
    if not isinstance(target, Repository):
        raise InputError(f"{shown_address(str(name))!r} means many repositories", remedy="Name one: owner/name.")
    return target


def _noted_targets(output: Output, names: Sequence[str], from_file: str | None, site: Site) -> list[Repository | Owner]:
    """Return the repositories and owners that are meant, and note where a repository that is not named is from."""
    targets, source = targets_from(names, from_file, site)
    if source:
        output.notes.print(f"Repository {targets[0]}, from {source}.")
    if not targets:
        output.notes.print("Nothing is to do: the list names no repository.")
    return targets


def refuse_to_replace(artifacts: Path, resumed: Path | None) -> None:
    """Raise InputError where a run that does not go on with the whole of a former one would overwrite its report."""
    if holds_report(artifacts, resumed):
        raise InputError(
            "this run would replace the report that it resumes, and with it what is left to do",
            where=str(resumed),
            remedy="Name another folder with --artifacts.",
        )


def holds_report(artifacts: Path, resumed: Path | None) -> bool:
    """Return whether the report that is resumed is the one in this folder for artifacts."""
    from purger.report.artifacts import REPORT

    try:
        return resumed is not None and (artifacts / REPORT).samefile(resumed)
    except OSError:
        return False


def targets_from(
    names: Sequence[str], from_file: str | None, site: Site
) -> tuple[list[Repository | Owner], str | None]:
    """The repositories and owners meant, each once, and where the name came from if none was given.

    `from_file` is a path, or `-` for stdin: one a line, with `#` comments. Raises InputError for a name that is none, a
    file that can't be read, and where nothing is given and nothing is found.
    """
    if names or from_file is not None:
        given = [parse_target(name, site, git.real_host) for name in names]
        given += _targets_in(from_file, site) if from_file is not None else []
        return list(dict.fromkeys(given)), None
    if slug := os.environ.get(_JOB_VARIABLE):
        try:
            return [_of_the_job(parse_repository(slug, site), site)], _JOB_VARIABLE
        except InputError as error:
            raise InputError(error.what, where=_JOB_VARIABLE, remedy=error.remedy) from None
    repository, remote = _of_git_remote(site)
    return [repository], remote


def _of_the_job(named: Repository, site: Site) -> Repository:
    """Return the repository of a job of Travis, whose variable names no provider: its clone's remote does.

    Another provider may have a repository of the same name.
    """
    if os.environ.get("TRAVIS") != "true":
        return named
    try:
        cloned, _ = _of_git_remote(site)
    except InputError:
        return named
    return cloned if cloned.slug.lower() == named.slug.lower() else named


def _of_git_remote(site: Site) -> tuple[Repository, str]:
    """Return the repository that this folder's remotes mean, and which remote says so."""
    meant: dict[Repository, str] = {}
    refused: list[InputError] = []
    for remote in git.remotes_to_try():
        try:
            meant.setdefault(_repository_of(remote, site), remote.name)
        except InputError as error:
            refused.append(error)
    if len(meant) == 1:
        ((repository, name),) = meant.items()
        return repository, f"the git remote {name}"
    if not meant and len(refused) == 1:
        raise refused[0]
    why = [*(f"{name} is {repository}" for repository, name in meant.items()), *(error.what for error in refused)]
    raise InputError(
        f"no repository is named, and none of this folder's git remotes is called origin or upstream: {'; '.join(why)}",
        remedy=git.HOW_TO_NAME,
    )


def _repository_of(remote: git.Remote, site: Site) -> Repository:
    """Return the repository of a remote. Raises InputError with its name and its address, without secrets."""
    shown = f"the git remote {visible(remote.name)}, {visible(shown_address(remote.address))},"
    if not is_address(remote.address):
        raise InputError(f"no repository is named, and {shown} is a folder", remedy=git.HOW_TO_NAME)
    try:
        return parse_repository(remote.address, site, git.real_host)
    except InputError as error:
        raise InputError(
            f"no repository is named, and {shown} does not tell which it is on {site.url}", remedy=error.remedy
        ) from None


def _targets_in(path: str, site: Site) -> list[Repository | Owner]:
    """Return what a file names, one a line. Raises InputError with the number of a line that is not understood.

    It shows the line itself only where that can hardly be a secret.
    """
    file = "stdin" if path == "-" else shown_address(path)
    try:
        text = decoded(_of_stdin() if path == "-" else read_whole(Path(path)))
    except (OSError, UnicodeDecodeError) as error:
        why = "it is not text" if isinstance(error, UnicodeDecodeError) else error.strerror
        raise InputError(
            f"the list of repositories can't be read: {why}", where=file, remedy="Give a text file, one name a line."
        ) from None
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if name := _COMMENT.sub("", line).strip():
            try:
                found.append(parse_target(name, site, git.real_host))
            except InputError as error:
                what, remedy = (error.what, error.remedy) if _may_be_shown(line) else (_NO_NAME, _HOW_TO_LIST)
                raise InputError(what, where=f"{file}, line {number}", remedy=remedy) from None
    return found


def _of_stdin() -> bytes:
    """Read stdin to its end; at a terminal, say first what to write there."""
    if sys.stdin.isatty():
        stderr().print("Write the repositories, one a line, then press Ctrl-D.")
    return sys.stdin.buffer.read()


def _may_be_shown(line: str) -> bool:
    """Return whether a line of a list is likely to be a mistyped name, and not of a file with secrets.

    A file of a folder may name any other one as the list. What seems to be a comment with an `@` may be the rest of a
    password: `https://me:secret#1@host/…`.
    """
    name = _COMMENT.sub("", line).strip()
    is_whole = "@" not in line.partition("#")[2] and len(name) <= _LONGEST_SHOWN
    is_of_a_stranger = _FROM_FILE_VARIABLE in env_file.current().taken
    return is_whole and not is_of_a_stranger and name.isprintable() and not {" ", "="} & set(name)
