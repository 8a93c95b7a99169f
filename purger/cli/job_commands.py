"""The commands about jobs: reading a log, and restarting what failed until no deleted cache is fetched."""

from __future__ import annotations

import typer

from purger.cli import options
from purger.core.selection import parse_selection
from purger.browser.settings import BrowserSettings
from purger.purge.settings import Settings, trace_of
from purger.travis.addresses import Site
from purger.core.units import parse_duration_s


def check_log(
    source: options.LogSource,
    report: options.PurgeReport = None,
    url: options.Url = None,
    api_url: options.ApiUrl = None,
    session_file: options.SessionFile = None,
    json: options.Json = False,
    verbose: options.Verbose = 0,
) -> None:
    """Tell which cache archives a job fetched, from its log, and whether a purge had deleted them."""
    from purger.jobs.check_log import check_log as check
    from purger.cli.frame import command, show_checked_log

    with command(json=json, verbosity=verbose) as output:
        site = Site.at(url, api_url)
        checked = check(source, site, lambda: output.token(site, session_file), report)
        show_checked_log(output, checked)
        raise typer.Exit(checked.exit_code)


def retry(
    repository: options.OneRepositoryNamed,
    jobs: options.JobNames,
    branch: options.Branches = None,
    match: options.Match = None,
    kind: options.OfKind = None,
    older_than: options.OlderThan = None,
    larger_than: options.LargerThan = None,
    yes: options.Yes = False,
    wait: options.Wait = "60s",
    attempts: options.RetryAttempts = 3,
    start_timeout: options.StartTimeout = "30m",
    job_timeout: options.JobTimeout = "3h",
    batch_size: options.BatchSize = 100,
    max_rate: options.MaxRate = 1500,
    recheck_timeout: options.RecheckTimeout = "5m",
    settle: options.Settle = "5s",
    answer_timeout: options.AnswerTimeout = "30s",
    page_timeout: options.PageTimeout = "60s",
    timeout: options.Timeout = None,
    headed: options.Headed = False,
    slow_mo: options.SlowMo = 0,
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
    """Purge, wait, restart failed jobs and read their logs; again while they fetch a deleted cache."""
    from purger.cli.frame import command, execute, require_an_answer
    from purger.jobs.follow import Limits
    from purger.jobs.retry import Retry
    from purger.travis.jobs import parse_job

    with command(json=json, verbosity=verbose) as output:
        site = Site.at(url, api_url)
        selection = parse_selection(branch, match, kind, older_than, larger_than)
        named = output.repository(repository, site)
        job_ids = list(dict.fromkeys(parse_job(job, site) for job in jobs))
        limits = Limits(parse_duration_s(start_timeout), parse_duration_s(job_timeout))
        wait_s = parse_duration_s(wait)
        require_an_answer(yes=yes)
        settings = Settings(
            site=site,
            token=output.token(site, session_file),
            browser=BrowserSettings(
                browser=browser,
                headed=headed,
                slow_mo_ms=slow_mo,
                connect=connect,
                allow_third_party=allow_third_party,
                page_console=verbose > 1,
            ),
            batch_size=batch_size,
            max_rate=max_rate,
            recheck_timeout_s=parse_duration_s(recheck_timeout),
            settle_s=parse_duration_s(settle),
            answer_timeout_s=parse_duration_s(answer_timeout),
            page_timeout_s=parse_duration_s(page_timeout),
            timeout_s=None if timeout is None else parse_duration_s(timeout),
            trace=trace_of(trace, artifacts),
        )
        work = Retry(settings, selection, named, job_ids, wait_s=wait_s, most_attempts=attempts, limits=limits)
        raise typer.Exit(execute(output, work, yes=yes, artifacts=artifacts))
