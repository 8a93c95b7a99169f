"""Every option and argument, declared once, with its help and its environment variable."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from purger.core.cache import Kind
from purger.purge.settings import Trace

_SELECT = "Which caches"
_SITE = "Which site"
_PACE = "How it works"
_BROWSER = "Browser"
_OUTPUT = "Output"


def complete_repository(incomplete: str) -> list[str]:
    """For the shell's completion: the repository of this folder's git remote."""
    from purger.core.errors import InputError
    from purger.cli.targets import targets_from
    from purger.travis.addresses import Site

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
        "Left out: TRAVIS_REPO_SLUG, else the git remote origin of this folder.",
        show_default=False,
        autocompletion=complete_repository,
    ),
]
FromFile = Annotated[
    str | None,
    typer.Option(
        "--from-file",
        metavar="FILE",
        envvar="PURGER_FROM_FILE",
        help="Repositories from a file, or - for stdin: one a line, # starts a comment.",
        show_default="none",
        rich_help_panel=_SELECT,
    ),
]
Part = Annotated[
    str | None,
    typer.Option(
        "--shard",
        metavar="N/OF",
        envvar="PURGER_SHARD",
        help="Only this part of the repositories, such as 2/5: a stable split for a CI matrix.",
        show_default="all",
        rich_help_panel=_SELECT,
    ),
]
Resume = Annotated[
    Path | None,
    typer.Option(
        "--resume",
        metavar="REPORT",
        envvar="PURGER_RESUME",
        help="Do what a former run's JSON report left: its repositories that were not ok, with its filters.",
        show_default="none",
        rich_help_panel=_SELECT,
    ),
]
Branches = Annotated[
    list[str] | None,
    typer.Option(
        "--branch",
        "-b",
        metavar="NAME",
        envvar="PURGER_BRANCH",
        help="Only this branch, in full; a glob (*, ?, [...]) matches displayed names. Repeatable.",
        show_default="all",
        rich_help_panel=_SELECT,
    ),
]
Match = Annotated[
    str | None,
    typer.Option(
        "--match",
        "-m",
        metavar="TEXT",
        envvar="PURGER_MATCH",
        help="Only archives whose name contains TEXT.",
        show_default="all",
        rich_help_panel=_SELECT,
    ),
]
OfKind = Annotated[
    Kind | None,
    typer.Option(
        "--kind",
        metavar="|".join(Kind),
        envvar="PURGER_KIND",
        help="Only of pushes, or only of pull requests.",
        show_default="both",
        rich_help_panel=_SELECT,
    ),
]
OlderThan = Annotated[
    str | None,
    typer.Option(
        "--older-than",
        metavar="AGE",
        envvar="PURGER_OLDER_THAN",
        help="Only archives last modified longer ago: 45m, 12h, 30d, 2w.",
        show_default="any",
        rich_help_panel=_SELECT,
    ),
]
LargerThan = Annotated[
    str | None,
    typer.Option(
        "--larger-than",
        metavar="SIZE",
        envvar="PURGER_LARGER_THAN",
        help="Only archives above this size: 500KB, 100MB, 1.5GB.",
        show_default="any",
        rich_help_panel=_SELECT,
    ),
]
DryRun = Annotated[
    bool,
    typer.Option(
        "--dry-run",
        "-n",
        envvar="PURGER_DRY_RUN",
        help="Show what would be deleted; touch nothing.",
        rich_help_panel=_SELECT,
    ),
]
Yes = Annotated[
    bool,
    typer.Option("--yes", "-y", envvar="PURGER_YES", help="Do not ask before deleting.", rich_help_panel=_SELECT),
]
Url = Annotated[
    str | None,
    typer.Option(
        "--url",
        metavar="URL",
        envvar="PURGER_URL",
        help="The site's front end.",
        show_default="https://app.travis-ci.com",
        rich_help_panel=_SITE,
    ),
]
ApiUrl = Annotated[
    str | None,
    typer.Option(
        "--api-url",
        metavar="URL",
        envvar=["PURGER_API_URL", "TRAVIS_ENDPOINT"],
        help="The site's API.",
        show_default="derived from --url",
        rich_help_panel=_SITE,
    ),
]
SessionFile = Annotated[
    Path | None,
    typer.Option(
        "--session-file",
        metavar="FILE",
        envvar="PURGER_SESSION_FILE",
        help="Where `purger login` keeps sessions.",
        show_default="in your configuration folder",
        dir_okay=False,
        rich_help_panel=_SITE,
    ),
]
BatchSize = Annotated[
    int,
    typer.Option(
        "--batch-size",
        metavar="N",
        envvar="PURGER_BATCH_SIZE",
        help="Rows clicked together.",
        rich_help_panel=_PACE,
    ),
]
MaxRate = Annotated[
    int,
    typer.Option(
        "--max-rate",
        metavar="N",
        envvar="PURGER_MAX_RATE",
        help="Requests a minute for the whole run; 0 means no limit.",
        rich_help_panel=_PACE,
    ),
]
Attempts = Annotated[
    int,
    typer.Option(
        "--attempts",
        metavar="N",
        envvar="PURGER_ATTEMPTS",
        help="Tries an archive gets.",
        rich_help_panel=_PACE,
    ),
]
RecheckTimeout = Annotated[
    str,
    typer.Option(
        "--recheck-timeout",
        metavar="TIME",
        envvar="PURGER_RECHECK_TIMEOUT",
        help="How long to wait for deletion to apply.",
        rich_help_panel=_PACE,
    ),
]
Settle = Annotated[
    str,
    typer.Option(
        "--settle",
        metavar="TIME",
        envvar="PURGER_SETTLE",
        help="Nothing may come back between the last two looks, this far apart.",
        rich_help_panel=_PACE,
    ),
]
AnswerTimeout = Annotated[
    str,
    typer.Option(
        "--answer-timeout",
        metavar="TIME",
        envvar="PURGER_ANSWER_TIMEOUT",
        help="Give up on deletions that are not answered while nothing else is for so long.",
        rich_help_panel=_PACE,
    ),
]
PageTimeout = Annotated[
    str,
    typer.Option(
        "--page-timeout",
        metavar="TIME",
        envvar="PURGER_PAGE_TIMEOUT",
        help="How long one load of the page may take.",
        rich_help_panel=_PACE,
    ),
]
Timeout = Annotated[
    str | None,
    typer.Option(
        "--timeout",
        metavar="TIME",
        envvar="PURGER_TIMEOUT",
        help="How long the whole command may take.",
        show_default="no limit",
        rich_help_panel=_PACE,
    ),
]
Jobs = Annotated[
    int,
    typer.Option(
        "--jobs", "-j", metavar="N", envvar="PURGER_JOBS", help="Repositories at once.", rich_help_panel=_PACE
    ),
]
Headed = Annotated[
    bool, typer.Option("--headed", envvar="PURGER_HEADED", help="Show the browser.", rich_help_panel=_BROWSER)
]
SlowMo = Annotated[
    float,
    typer.Option(
        "--slow-mo",
        metavar="MS",
        envvar="PURGER_SLOW_MO",
        help="Pause so long before each of the browser's actions.",
        rich_help_panel=_BROWSER,
    ),
]
KeepOpen = Annotated[
    bool,
    typer.Option(
        "--keep-open",
        envvar="PURGER_KEEP_OPEN",
        help="Leave the headed browser standing at the end, until you close it.",
        rich_help_panel=_BROWSER,
    ),
]
Pause = Annotated[
    bool,
    typer.Option(
        "--pause",
        envvar="PURGER_PAUSE",
        help="Open Playwright's inspector before the first click and on a failure.",
        rich_help_panel=_BROWSER,
    ),
]
BrowserName = Annotated[
    str | None,
    typer.Option(
        "--browser",
        metavar="PATH|chrome|msedge|chromium",
        envvar="PURGER_BROWSER",
        help="Which browser to use.",
        show_default="the first that is found",
        rich_help_panel=_BROWSER,
    ),
]
Connect = Annotated[
    str | None,
    typer.Option(
        "--connect",
        metavar="URL",
        envvar="PURGER_CONNECT",
        help="Use a remote browser: ws:// of a Playwright server, http(s):// or wss:// of a CDP endpoint.",
        show_default="none",
        rich_help_panel=_BROWSER,
    ),
]
AllowThirdParty = Annotated[
    bool,
    typer.Option(
        "--allow-third-party",
        envvar="PURGER_ALLOW_THIRD_PARTY",
        help="Let the page load what is not Travis's own (analytics, chat, payments).",
        rich_help_panel=_BROWSER,
    ),
]
Json = Annotated[
    bool,
    typer.Option(
        "--json",
        envvar="PURGER_JSON",
        help="One JSON document on stdout, nothing else there.",
        rich_help_panel=_OUTPUT,
    ),
]
ArtifactsFolder = Annotated[
    Path | None,
    typer.Option(
        "--artifacts",
        metavar="DIR",
        envvar="PURGER_ARTIFACTS",
        help="Keep report.json, report.html, before.png, after.png and, as --trace says, trace.zip there.",
        show_default="none",
        rich_help_panel=_OUTPUT,
    ),
]
KeepTrace = Annotated[
    Trace | None,
    typer.Option(
        "--trace",
        metavar="|".join(Trace),
        envvar="PURGER_TRACE",
        help="When to keep a Playwright trace among the artifacts, with secrets taken out.",
        show_default="on-failure with --artifacts",
        rich_help_panel=_OUTPUT,
    ),
]
Verbose = Annotated[
    int,
    typer.Option(
        "--verbose",
        "-v",
        count=True,
        envvar="PURGER_VERBOSE",
        help="Tell each click and answer; twice: the page's console too.",
        rich_help_panel=_OUTPUT,
        show_default=False,
        metavar="",
    ),
]
Caches = Annotated[
    int, typer.Option("--caches", metavar="N", min=0, max=20_000, help="How many caches the stand-in has.")
]
OneRepository = Annotated[
    str | None,
    typer.Argument(metavar="[REPO]", help="As `purge` takes it.", show_default=False),
]
SignInTimeout = Annotated[
    str,
    typer.Option(
        "--timeout", metavar="TIME", envvar="PURGER_TIMEOUT", help="How long to wait for you.", rich_help_panel=_PACE
    ),
]
PrintToken = Annotated[
    bool,
    typer.Option(
        "--print-token",
        envvar="PURGER_PRINT_TOKEN",
        help="Keep nothing; print the token to stdout, which must not be a terminal, for a secret store.",
        rich_help_panel=_OUTPUT,
    ),
]
OneRepositoryNamed = Annotated[str, typer.Argument(metavar="REPO", help="As `purge` takes it.", show_default=False)]
JobNames = Annotated[
    list[str],
    typer.Argument(metavar="JOB", help="The jobs to restart: numbers, or URLs of their pages.", show_default=False),
]
LogSource = Annotated[
    str,
    typer.Argument(
        metavar="SOURCE", help="A file, - for stdin, a job's number, or the URL of its page.", show_default=False
    ),
]
PurgeReport = Annotated[
    Path | None,
    typer.Option(
        "--report",
        metavar="FILE",
        envvar="PURGER_REPORT",
        help="The JSON report of a purge: was the fetched cache one that it deleted, and which came first?",
        show_default="none",
    ),
]
Wait = Annotated[
    str,
    typer.Option(
        "--wait",
        metavar="TIME",
        envvar="PURGER_WAIT",
        help="How long to wait after the first purge before the restart; twice as long after each further one.",
        rich_help_panel=_PACE,
    ),
]
RetryAttempts = Annotated[
    int,
    typer.Option(
        "--attempts",
        metavar="N",
        envvar="PURGER_RETRY_ATTEMPTS",
        help="How often to purge and restart, while the job fetches a deleted cache.",
        rich_help_panel=_PACE,
    ),
]
StartTimeout = Annotated[
    str,
    typer.Option(
        "--start-timeout",
        metavar="TIME",
        envvar="PURGER_START_TIMEOUT",
        help="How long restarted jobs may wait for their start while none of them runs.",
        rich_help_panel=_PACE,
    ),
]
JobTimeout = Annotated[
    str,
    typer.Option(
        "--job-timeout",
        metavar="TIME",
        envvar="PURGER_JOB_TIMEOUT",
        help="How long a restarted job may run.",
        rich_help_panel=_PACE,
    ),
]
Version = Annotated[bool, typer.Option("--version", help="Print the version and end.", is_eager=True)]


def unknown_variables(environ: Mapping[str, str]) -> list[str]:
    """Variables that begin as ours do and that no option reads."""
    known: set[str] = set()
    for annotated in globals().values():
        for parameter in getattr(annotated, "__metadata__", ()):
            given = parameter.envvar or ()
            known.update([given] if isinstance(given, str) else given)
    return sorted(name for name in environ if name.startswith("PURGER_") and name not in known)
