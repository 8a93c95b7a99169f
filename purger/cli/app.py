"""The commands: each builds its settings, makes one call, shows the report and ends with its exit code."""

from __future__ import annotations

import typer

from purger import __version__
from purger.cli import job_commands as cli_jobs, options
from purger.core.selection import Selection, parse_selection
from purger.browser.settings import BrowserSettings
from purger.purge.settings import Settings, trace_of
from purger.purge.shard import Shard
from purger.travis.addresses import Owner, Repository, Site
from purger.core.units import parse_duration_s

app = typer.Typer(
    name="purger",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # its frames would break a line, and a secret in it, where none is found again
    pretty_exceptions_show_locals=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _epilog(*examples: str, exits: str) -> str:
    """What stands at the end of a command's help: examples, and its exit codes."""
    shown = "\n\n".join(f"`{example}`" for example in examples)
    return f"Examples:\n\n{shown}\n\nExit codes: {exits}."


@app.callback(invoke_without_command=True)
def purger(version: options.Version = False) -> None:
    """Delete every build cache of a Travis CI repository through its cache page, and prove that they are gone."""
    if version:
        typer.echo(__version__)
        raise typer.Exit


@app.command(
    epilog=_epilog(
        "purger purge owner/name --dry-run",
        "purger purge 'owner/*' --yes --older-than 30d --json",
        exits="0 all gone, 1 something is left, 2 bad input, 3 no access, 4 site, 5 browser, 130/143 stopped",
    )
)
def purge(
    repositories: options.Repositories = None,
    from_file: options.FromFile = None,
    shard: options.Part = None,
    resume: options.Resume = None,
    branch: options.Branches = None,
    match: options.Match = None,
    kind: options.OfKind = None,
    older_than: options.OlderThan = None,
    larger_than: options.LargerThan = None,
    dry_run: options.DryRun = False,
    yes: options.Yes = False,
    batch_size: options.BatchSize = 100,
    max_rate: options.MaxRate = 1500,
    attempts: options.Attempts = 4,
    recheck_timeout: options.RecheckTimeout = "5m",
    settle: options.Settle = "5s",
    answer_timeout: options.AnswerTimeout = "30s",
    page_timeout: options.PageTimeout = "60s",
    timeout: options.Timeout = None,
    jobs: options.Jobs = 4,
    headed: options.Headed = False,
    slow_mo: options.SlowMo = 0,
    keep_open: options.KeepOpen = False,
    pause: options.Pause = False,
    browser: options.BrowserName = None,
    connect: options.Connect = None,
    allow_third_party: options.AllowThirdParty = False,
    url: options.Url = None,
    api_url: options.ApiUrl = None,
    session_file: options.SessionFile = None,
    artifacts: options.ArtifactsFolder = None,
    trace: options.KeepTrace = None,
    json: options.Json = False,
    verbose: options.Verbose = 0,
) -> None:
    """Delete every selected cache, look again until it is really gone, and tell what became of each."""
    from purger.cli.frame import command, execute, require_an_answer
    from purger.report.resume import refuse_more_than_resume, what_is_left
    from purger.purge.run import Run

    with command(json=json, verbosity=verbose) as output:
        site = Site.at(url, api_url)
        selection = parse_selection(branch, match, kind, older_than, larger_than)
        part = None if shard is None else Shard.parse(shard)
        targets: list[Repository | Owner]
        if resume is None:
            targets = output.targets(repositories or [], from_file, site)
        else:
            refuse_more_than_resume(named=bool(repositories or from_file), filtered=not selection.everything)
            targets, selection = what_is_left(resume, site)
            if not targets:
                output.notes.print("Nothing is left to do: every repository of the report was done.")
        if not dry_run:
            require_an_answer(yes=yes, instead=", or --dry-run to look only")
        settings = Settings(
            site=site,
            token=output.token(site, session_file),
            browser=BrowserSettings(
                browser=browser,
                headed=headed,
                slow_mo_ms=slow_mo,
                keep_open=keep_open,
                pause=pause,
                connect=connect,
                allow_third_party=allow_third_party,
                page_console=verbose > 1,
            ),
            batch_size=batch_size,
            max_rate=max_rate,
            attempts=attempts,
            recheck_timeout_s=parse_duration_s(recheck_timeout),
            settle_s=parse_duration_s(settle),
            answer_timeout_s=parse_duration_s(answer_timeout),
            page_timeout_s=parse_duration_s(page_timeout),
            timeout_s=None if timeout is None else parse_duration_s(timeout),
            jobs=jobs,
            trace=trace_of(trace, artifacts),
        )
        run = Run(settings, selection, targets, dry_run=dry_run, shard=part)
        raise typer.Exit(execute(output, run, yes=yes, artifacts=artifacts))


@app.command(
    "list",
    epilog=_epilog(
        "purger list owner/name",
        "purger list owner/name --branch 'release-*' --json",
        exits="0 shown, 2 bad input, 3 no access, 4 site",
    ),
)
def list_caches(
    repositories: options.Repositories = None,
    from_file: options.FromFile = None,
    shard: options.Part = None,
    branch: options.Branches = None,
    match: options.Match = None,
    kind: options.OfKind = None,
    older_than: options.OlderThan = None,
    larger_than: options.LargerThan = None,
    max_rate: options.MaxRate = 1500,
    jobs: options.Jobs = 4,
    url: options.Url = None,
    api_url: options.ApiUrl = None,
    session_file: options.SessionFile = None,
    json: options.Json = False,
    verbose: options.Verbose = 0,
) -> None:
    """Show the caches: branch, kind, archives, size and age, with totals."""
    from purger.cli.frame import command, execute
    from purger.purge.run import Run

    with command(json=json, verbosity=verbose) as output:
        site = Site.at(url, api_url)
        selection = parse_selection(branch, match, kind, older_than, larger_than)
        part = None if shard is None else Shard.parse(shard)
        targets = output.targets(repositories or [], from_file, site)
        settings = Settings(site=site, token=output.token(site, session_file), max_rate=max_rate, jobs=jobs)
        raise typer.Exit(execute(output, Run(settings, selection, targets, dry_run=True, shard=part), as_table=True))


@app.command(
    epilog=_epilog(
        "purger login",
        "purger login --print-token | gh secret set TRAVIS_TOKEN",
        exits="0 signed in, 2 no one to ask, 3 out of time or refused, 4 site, 5 no display, 130 window closed",
    )
)
def login(
    print_token: options.PrintToken = False,
    timeout: options.SignInTimeout = "5m",
    browser: options.BrowserName = None,
    url: options.Url = None,
    api_url: options.ApiUrl = None,
    session_file: options.SessionFile = None,
    verbose: options.Verbose = 0,
) -> None:
    """Sign in by hand in a browser window, and keep the session for the other commands."""
    from purger.cli.frame import command
    from purger.travis.auth.manual_sign_in import SignInByHand, log_in
    from purger.travis.auth.sessions import Sessions

    with command(json=False, verbosity=verbose) as output:
        timeout_s = parse_duration_s(timeout)
        by_hand = SignInByHand(Site.at(url, api_url), browser, timeout_s=timeout_s, tell=output.notes.print)
        log_in(by_hand, Sessions(session_file), print_it=print_token)


@app.command(
    epilog=_epilog("purger logout", "purger logout --url https://travis.acme.org", exits="0 forgotten, 2 bad input")
)
def logout(
    url: options.Url = None,
    api_url: options.ApiUrl = None,
    session_file: options.SessionFile = None,
    verbose: options.Verbose = 0,
) -> None:
    """Forget the session that `purger login` keeps for the site."""
    from purger.cli.frame import command
    from purger.travis.auth.sessions import Sessions

    with command(json=False, verbosity=verbose) as output:
        site, sessions = Site.at(url, api_url), Sessions(session_file)
        said = "The session is forgotten" if sessions.forget(site) else "There is no session to forget"
        output.notes.print(f"{said}: {site.url}, in {sessions.path}.")


@app.command(
    epilog=_epilog(
        "purger doctor",
        "purger doctor owner/name --json",
        exits="0 a purge would work, else what the purge would end with: 2, 3, 4 or 5",
    )
)
def doctor(
    repository: options.OneRepository = None,
    page_timeout: options.PageTimeout = "60s",
    headed: options.Headed = False,
    browser: options.BrowserName = None,
    connect: options.Connect = None,
    allow_third_party: options.AllowThirdParty = False,
    url: options.Url = None,
    api_url: options.ApiUrl = None,
    session_file: options.SessionFile = None,
    json: options.Json = False,
    verbose: options.Verbose = 0,
) -> None:
    """Check whether a purge would work: browser, site, token, rights and page, each with its remedy."""
    from purger.cli.frame import command
    from purger.cli.doctor_checks import Doctor, attempt, examine
    from purger.travis.auth.tokens import find_token

    with command(json=json, verbosity=verbose) as output:
        site = Site.at(url, api_url)
        patient = Doctor(
            site,
            BrowserSettings(browser=browser, connect=connect, headed=headed, allow_third_party=allow_third_party),
            attempt(lambda: output.repository(repository, site)),
            attempt(lambda: find_token(site, session_file)),
            parse_duration_s(page_timeout),
        )
        raise typer.Exit(examine(output, patient))


@app.command(
    epilog=_epilog("purger demo", "purger demo --headed --slow-mo 200 --caches 40", exits="those of the purge command")
)
def demo(
    caches: options.Caches = 120,
    headed: options.Headed = False,
    slow_mo: options.SlowMo = 0,
    keep_open: options.KeepOpen = False,
    browser: options.BrowserName = None,
    artifacts: options.ArtifactsFolder = None,
    trace: options.KeepTrace = None,
    json: options.Json = False,
    verbose: options.Verbose = 0,
) -> None:
    """Purge an embedded look-alike of the site: the whole thing, with nothing to configure."""
    from purger.cli.frame import command, execute
    from purger.cli.demo import demo_site
    from purger.purge.run import Run

    with command(json=json, verbosity=verbose) as output, demo_site(caches) as site:
        settings = Settings(
            site=site.site,
            token=site.token,
            browser=BrowserSettings(
                browser=browser,
                headed=headed,
                slow_mo_ms=slow_mo,
                keep_open=keep_open,
                page_console=verbose > 1,
            ),
            trace=trace_of(trace, artifacts),
        )
        exit_code = execute(output, Run(settings, Selection(), [site.repository]), artifacts=artifacts)
        site.tell_what_is_left(output.notes.print)
        raise typer.Exit(exit_code)


app.command(
    "check-log",
    epilog=_epilog(
        "purger check-log log.txt",
        "purger check-log https://app.travis-ci.com/github/owner/name/jobs/123 --report report.json",
        exits="0 fetched no cache (with --report: no deleted one), 1 fetched one, 2 no such log, 3 no access, 4 site",
    ),
)(cli_jobs.check_log)
app.command(
    epilog=_epilog(
        "purger retry owner/name 123 --yes",
        "purger retry owner/name 123 124 --wait 5m",
        exits="0 passed, 1 still fetches a deleted cache, runs already or was cancelled, 2 bad input, 3 no access, "
        "4 site, or it never starts, 5 browser, 7 not a cache problem, 130/143 stopped",
    ),
)(cli_jobs.retry)
