"""The options and arguments that only the command line knows; all others are declared on the settings classes.

See purger/core/filters.py, purger/core/policies.py, purger/purge/settings.py (pace), purger/browser/settings.py,
purger/browser/network.py and purger/jobs/settings.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from purger.core.errors import InputError
from purger.core.options import OUTPUT, SELECT, SITE, check_ranges, flag, number, text
from purger.purge.shard import Shard
from purger.report.artifacts import TraceMode, folder_of, require_a_folder
from purger.report.ordering import Order, SortBy
from purger.travis.addresses import DEFAULT_URL, Site


def complete_repository(incomplete: str) -> list[str]:
    """Return what the shell completes a repository to: the one of this folder's git remote."""
    from purger.cli.targets import targets_from

    try:
        found, _ = targets_from([], None, Site())
    except InputError:
        return []
    return [name for name in map(str, found) if name.startswith(incomplete)]


Repositories = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[REPO]...",
        help="owner/name, provider/owner/name, the URL of one of its pages, or owner/* for all of an owner's. "
        "Left out: TRAVIS_REPO_SLUG, else this folder's git remote: origin, or upstream.",
        show_default=False,
        autocompletion=complete_repository,
    ),
]
OneRepository = Annotated[str | None, typer.Argument(metavar="[REPO]", help="As for `purge`.", show_default=False)]
RequiredRepository = Annotated[
    str,
    typer.Argument(
        metavar="REPO",
        help="owner/name, or the URL of one of its pages. That of a job names this job, too.",
        show_default=False,
    ),
]
JobNames = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[JOB]...", help="The jobs to restart: numbers, or URLs of their pages.", show_default=False
    ),
]
LogSource = Annotated[
    str,
    typer.Argument(
        metavar="SOURCE", help="A file, - for stdin, a job's number, or the URL of its page.", show_default=False
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetOptions:
    """Where the repositories come from besides the arguments. `from_variables` are the fields that variables gave."""

    from_file: str | None = text(
        "--from-file",
        is_path=True,
        metavar="FILE",
        shown="none",
        panel=SELECT,
        refuse_empty=True,
        help="Repositories from a file, or - for stdin: one a line, # starts a comment.",
    )
    shard: Shard | None = text(
        "--shard",
        parse=Shard.parse,
        metavar="N/OF",
        shown="all",
        panel=SELECT,
        refuse_empty=True,
        help="Only this part of the repositories, such as 2/5: a stable split for a CI matrix.",
    )
    resume: Path | None = text(
        "--resume",
        raw=Path,
        is_path=True,
        metavar="REPORT",
        shown="none",
        panel=SELECT,
        refuse_empty=True,
        help="Delete what a former run's JSON report left: its repositories that were not ok, with its filters.",
    )
    from_variables: frozenset[str] = frozenset()

    @property
    def named_file(self) -> str | None:
        """The list that an option names; that of a variable is overridden by names and by a report."""
        return None if "from_file" in self.from_variables else self.from_file


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletionOptions:
    """Whether to delete, and whether to ask before."""

    dry_run: bool = flag(
        "--dry-run", "-n", panel=SELECT, refuse_empty=True, help="Show what would be deleted; delete nothing."
    )
    yes: bool = flag("--yes", "-y", panel=SELECT, help="Do not ask before deleting.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOptions:
    """In which order `list` shows the caches."""

    sort: SortBy | None = text(
        "--sort",
        raw=SortBy,
        metavar="|".join(SortBy),
        shown="rows of the page; with --limit oldest first",
        panel=OUTPUT,
        help="Show caches one by one: names from A to Z, the largest first, the newest first.",
    )
    reverse: bool = flag("--reverse", panel=OUTPUT, help="Turn the order of the caches round.")

    def order(self, limit: int | None) -> Order | None:
        """Return the order that is asked for; None for the rows of the page."""
        if self.sort is None and limit is None and not self.reverse:
            return None
        return Order(self.sort, self.reverse, limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteOptions:
    """Which installation of Travis CI, and where its sessions are kept."""

    url: str | None = text("--url", metavar="URL", shown=DEFAULT_URL, panel=SITE, help="The site's front end.")
    api_url: str | None = text(
        "--api-url",
        metavar="URL",
        more_variables=("TRAVIS_ENDPOINT",),
        shown="derived from --url",
        panel=SITE,
        help="The site's API. Neither of its variables wins: where both are set, they must name the same address.",
    )
    session_file: Path | None = text(
        "--session-file",
        raw=Path,
        is_path=True,
        metavar="FILE",
        shown="in your configuration folder",
        panel=SITE,
        help="Where `purger login` keeps sessions.",
    )

    @property
    def site(self) -> Site:
        """The site. Raises InputError for an address that is none."""
        return Site.at(self.url, self.api_url)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactOptions:
    """What to keep as files. Raises InputError for a trace without a folder to keep it in."""

    artifacts: Path | None = text(
        "--artifacts",
        parse=folder_of,
        is_path=True,
        metavar="DIR",
        shown="none",
        panel=OUTPUT,
        help="Keep report.json, report.html, before.png, after.png and, depending on --trace, trace.zip there.",
    )
    trace: TraceMode | None = text(
        "--trace",
        raw=TraceMode,
        metavar="|".join(TraceMode),
        shown="on-failure with --artifacts",
        panel=OUTPUT,
        help="When to keep a Playwright trace among the artifacts, with secrets taken out.",
    )

    def __post_init__(self) -> None:
        if self.trace not in {None, TraceMode.OFF} and self.artifacts is None:
            raise InputError("--trace has no place to be kept", remedy="Add --artifacts DIR.")

    def require_a_folder(self) -> None:
        """Raise InputError where nothing can be kept in the folder: before anybody asks for a token."""
        if self.artifacts is not None:
            require_a_folder(self.artifacts)

    @property
    def trace_mode(self) -> TraceMode:
        """When to keep a trace: as given, else on a failure."""
        return self.trace or TraceMode.ON_FAILURE


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultOptions:
    """How the result is shown."""

    json: bool = flag("--json", panel=OUTPUT, help="One JSON document on stdout, nothing else there.")
    wide: bool = flag(
        "--wide", panel=OUTPUT, help="Show names in full and one line each, as in a pipe; a terminal shortens them."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputOptions:
    """How much is written."""

    verbose: int = number(
        "--verbose",
        "-v",
        default=0,
        metavar="",
        panel=OUTPUT,
        help="Log each click and response; twice: the page's console too.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginOptions:
    """What happens to the token of a sign-in by hand."""

    print_token: bool = flag(
        "--print-token",
        panel=OUTPUT,
        help="Keep nothing; print the token to stdout, which must not be a terminal, for a secret store.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOptions:
    """How large the demo is. Raises InputError for an impossible size."""

    caches: int = number(
        "--caches", default=120, at_least=0, panel=None, has_variable=False, help="How many caches the stand-in has."
    )

    def __post_init__(self) -> None:
        check_ranges(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class FormerRetryOptions:
    """What `retry` called its options in version 0.1, so that scripts go on working."""

    attempts: int | None = text(
        "--attempts", raw=int, has_variable=False, is_hidden=True, panel=None, help="Now called --retry-attempts."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckLogOptions:
    """What to compare a log with."""

    report: Path | None = text(
        "--report",
        raw=Path,
        is_path=True,
        metavar="FILE",
        shown="none",
        panel=None,
        help="The JSON report of a purge: was the fetched cache one that it deleted, and which came first?",
    )
