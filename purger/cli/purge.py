"""The command `purge`: delete every selected cache, and prove it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from purger.browser.network import NetworkSettings
from purger.browser.settings import BrowserSettings
from purger.cli.options import ArtifactOptions, DeletionOptions, Repositories, SiteOptions, TargetOptions
from purger.cli.output import Output
from purger.cli.parameters import command
from purger.core.errors import ExitCode, PurgerError
from purger.core.policies import Policies
from purger.core.selection import Selection
from purger.purge.settings import Pace

if TYPE_CHECKING:
    from purger.purge.run import Hooks, Run
    from purger.report.model import Report


@dataclass(frozen=True, slots=True)
class PurgeTask:
    """A run as the frame of a command does it."""

    run: Run

    async def execute(self) -> None:
        """Do the run."""
        await self.run.execute()

    def report(self, started_at: datetime, stopped: PurgerError | None) -> Report:
        """Return the report of what the run did so far."""
        from purger.report.build import run_report

        result, request = self.run.result(stopped), self.run.request
        return run_report(
            result.records,
            result.error,
            started_at,
            selection=self.run.selection,
            dry_run=request.dry_run,
            warnings=result.warnings,
        )


@dataclass(frozen=True, slots=True)
class ResumedTask:
    """A run that resumes the one of the report `former`."""

    purge: PurgeTask
    former: Report

    async def execute(self) -> None:
        """Do the run."""
        await self.purge.execute()

    def report(self, started_at: datetime, stopped: PurgerError | None) -> Report:
        """Return the report of both runs about the repositories of this one."""
        from purger.report.continued import continued

        report, records = self.purge.report(started_at, stopped), self.purge.run.result().records
        surveyed = {(one.repository.provider, one.repository.slug) for one in records if one.surveyed}
        return continued(report, self.former, surveyed)


@command(
    "purge",
    examples=("purger purge owner/name --dry-run", "purger purge 'owner/*' --yes --older-than 30d --json"),
    exits="0 all gone, 1 something is left, 2 bad input, 3 no access, 4 site, 5 browser, 130/143 stopped",
)
def purge(
    output: Output,
    targets: TargetOptions,
    selection: Selection,
    policies: Policies,
    deletion: DeletionOptions,
    pace: Pace,
    browser: BrowserSettings,
    site_options: SiteOptions,
    network: NetworkSettings,
    keep: ArtifactOptions,
    repositories: Repositories = None,
) -> ExitCode:
    """Delete every selected cache, recheck until it is really gone, and report what became of each."""
    from purger.cli.frame import execute
    from purger.cli.question import require_an_answer
    from purger.cli.run_settings import settings_of
    from purger.cli.targets import holds_report, refuse_to_replace, what_to_purge
    from purger.purge.run import Run

    site = site_options.site
    selection = replace(selection, policies=policies)
    meant = what_to_purge(output, repositories or [], targets, selection, site)
    if meant.former and not meant.repositories and keep.artifacts and holds_report(keep.artifacts, targets.resume):
        keep = ArtifactOptions()  # a report of nothing would replace that of what was done
    if meant.former and keep.artifacts and (deletion.dry_run or meant.shard):
        refuse_to_replace(keep.artifacts, targets.resume)
    if not deletion.dry_run:
        require_an_answer(yes=deletion.yes, instead=", or --dry-run to delete nothing")
    keep.require_a_folder()
    settings = settings_of(output, site_options, network, pace, meant.selection, browser)
    request = meant.request(dry_run=deletion.dry_run)

    def make_task(hooks: Hooks) -> PurgeTask | ResumedTask:
        task = PurgeTask(Run(settings, request, hooks))
        return ResumedTask(task, meant.former) if meant.former and not deletion.dry_run else task

    return execute(output, settings, make_task, yes=deletion.yes, keep=keep)
