"""The command `list`: show the caches, without a browser."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from purger.browser.network import NetworkSettings
from purger.cli.options import ListOptions, Repositories, SiteOptions, TargetOptions
from purger.cli.output import Output
from purger.cli.parameters import Only, Without, command
from purger.cli.purge import PurgeTask
from purger.core.errors import ExitCode, PurgerError
from purger.core.events import Event, Observer, Shown, Surveyed
from purger.core.policies import Policies
from purger.core.selection import Selection
from purger.purge.settings import Pace
from purger.report.ordering import Order

if TYPE_CHECKING:
    from purger.purge.run import Hooks
    from purger.report.model import Report


@dataclass(frozen=True, slots=True)
class ListTask(PurgeTask):
    """A dry run whose report shows the caches in an order, if any; `observe` gets how many are left out."""

    order: Order | None
    observe: Observer

    def report(self, started_at: datetime, stopped: PurgerError | None) -> Report:
        """Return the report of what was listed so far, in the order."""
        report = PurgeTask.report(self, started_at, stopped)
        if self.order is None:
            return report
        shown = self.order.of(report)
        count, of = (sum(one.selected for one in each.repositories) for each in (shown, report))
        if count < of:
            self.observe(Shown("", count, of))
        return shown


def _limited(hooks: Hooks) -> Hooks:
    """Return hooks that mark each survey as one of which not all will be shown."""

    def observe(event: Event) -> None:
        hooks.observe(replace(event, is_limited=True) if isinstance(event, Surveyed) else event)

    return replace(hooks, observe=observe)


@command(
    "list",
    examples=("purger list owner/name --sort size --limit 10", "purger list owner/name --branch 'release-*' --json"),
    exits="0 shown, 1 a full list may hide what is selected, 2 bad input, 3 no access, 4 site, 8 not written in full",
)
def list_caches(
    output: Output,
    targets: Annotated[TargetOptions, Without("resume")],
    selection: Selection,
    policies: Policies,
    listing: ListOptions,
    pace: Annotated[Pace, Only("max_rate", "concurrency")],
    site_options: SiteOptions,
    network: NetworkSettings,
    repositories: Repositories = None,
) -> ExitCode:
    """Show the caches: branch, kind, number, size and age, with totals; in an order, one by one."""
    from purger.cli.frame import execute
    from purger.cli.run_settings import settings_of
    from purger.cli.targets import what_to_purge
    from purger.purge.run import Run

    selection = replace(selection, policies=replace(policies, limit=None))
    meant = what_to_purge(output, repositories or [], targets, selection, site_options.site)
    settings = settings_of(output, site_options, network, pace, meant.selection)
    order, request = listing.order(policies.limit), meant.request(dry_run=True, to_delete=False)

    def task(hooks: Hooks) -> ListTask:
        run = Run(settings, request, _limited(hooks) if policies.limit else hooks)
        return ListTask(run, order, hooks.observe)

    return execute(output, settings, task, as_table="rows" if order is None else "caches")
