"""The command `list`: show the caches, without a browser."""

from __future__ import annotations

import os
from typing import Annotated

from purger.browser.network import NetworkSettings
from purger.cli.options import Repositories, SiteOptions, TargetOptions
from purger.cli.output import Output
from purger.cli.parameters import Only, Without, command
from purger.cli.purge import PurgeTask
from purger.core.errors import ExitCode
from purger.core.selection import Selection
from purger.purge.settings import Pace, Settings


@command(
    "list",
    examples=("purger list owner/name", "purger list owner/name --branch 'release-*' --json"),
    exits="0 shown, 1 a full list may hide what the filters select, 2 bad input, 3 no access, 4 site, "
    "8 not written in full",
)
def list_caches(
    output: Output,
    targets: Annotated[TargetOptions, Without("resume")],
    selection: Selection,
    pace: Annotated[Pace, Only("max_rate", "concurrency")],
    site_options: SiteOptions,
    network: NetworkSettings,
    repositories: Repositories = None,
) -> ExitCode:
    """Show the caches: branch, kind, number, size and age, with totals."""
    from purger.cli.frame import execute
    from purger.cli.targets import what_to_purge
    from purger.purge.run import Request, Run

    site = site_options.site
    meant = what_to_purge(output, repositories or [], targets, selection, site)
    reached_by = network.network(os.environ)
    token = output.token(site, site_options.session_file)
    settings = Settings(site=site, token=token, network=reached_by, pace=pace)
    request = Request(repositories=meant.repositories, selection=meant.selection, dry_run=True, shard=meant.shard)
    return execute(output, settings, lambda hooks: PurgeTask(Run(settings, request, hooks)), as_table=True)
