"""The command `retry`: purge, wait, restart the jobs and read their logs."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from purger.browser.network import NetworkSettings
from purger.browser.settings import BrowserSettings
from purger.cli.options import (
    ArtifactOptions,
    DeletionOptions,
    FormerRetryOptions,
    JobNames,
    RequiredRepository,
    SiteOptions,
)
from purger.cli.output import Output
from purger.cli.parameters import Only, Without, command
from purger.core.errors import ExitCode
from purger.core.policies import Policies
from purger.core.selection import Selection
from purger.jobs.settings import RetrySettings
from purger.purge.settings import Pace


@command(
    "retry",
    examples=("purger retry owner/name 123 --yes", "purger retry owner/name 123 124 --wait 5m"),
    exits="0 passed, 1 still fetches a deleted cache, runs already or was cancelled, 2 bad input, 3 no access, "
    "4 site, or it never starts, 5 browser, 7 not a cache problem, 130/143 stopped",
)
def retry(
    output: Output,
    repository: RequiredRepository,
    selection: Selection,
    policies: Policies,
    deletion: Annotated[DeletionOptions, Only("yes")],
    retrying: RetrySettings,
    former: FormerRetryOptions,
    pace: Annotated[Pace, Without("concurrency", "attempts")],
    browser: Annotated[BrowserSettings, Without("keep_open", "pause")],
    site_options: SiteOptions,
    network: NetworkSettings,
    keep: ArtifactOptions,
    jobs: JobNames = None,
) -> ExitCode:
    """Purge, wait, restart failed jobs and read their logs; again while they fetch a deleted cache."""
    from loguru import logger

    from purger.cli.frame import execute
    from purger.cli.question import require_an_answer
    from purger.cli.run_settings import settings_of
    from purger.cli.targets import one_repository
    from purger.jobs.retry import Retry, RetryRequest
    from purger.travis.job_names import is_job_page, parse_job

    if former.attempts is not None:
        logger.warning("--attempts of retry is now called --retry-attempts.")
        retrying = replace(retrying, retry_attempts=former.attempts)
    site = site_options.site
    named = one_repository(output, repository, site)
    in_place_of_a_name = [repository] if not jobs or is_job_page(repository, site) else []
    job_ids = list(dict.fromkeys(parse_job(job, site) for job in [*in_place_of_a_name, *(jobs or [])]))
    require_an_answer(yes=deletion.yes)
    keep.require_a_folder()
    selection = replace(selection, policies=policies)
    settings = settings_of(output, site_options, network, pace, selection, browser)
    request = RetryRequest(repository=named, job_ids=job_ids, selection=selection)
    return execute(
        output,
        settings,
        lambda hooks: Retry(settings, request, retrying, hooks),
        yes=deletion.yes,
        keep=keep,
    )
