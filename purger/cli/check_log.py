"""The command `check-log`: which caches did a job fetch?"""

from __future__ import annotations

import os
import sys

from purger.browser.network import NetworkSettings
from purger.cli.options import CheckLogOptions, LogSource, SiteOptions
from purger.cli.output import Output
from purger.cli.parameters import command
from purger.core.errors import ExitCode


@command(
    "check-log",
    examples=(
        "purger check-log log.txt",
        "purger check-log 123 --report report.json",
    ),
    exits="0 fetched no cache (with --report: no deleted one), 1 fetched one, 2 no such log, 3 no access, 4 site, "
    "6 the log does not tell, 8 not written in full",
)
def check_log(
    output: Output,
    source: LogSource,
    options: CheckLogOptions,
    site_options: SiteOptions,
    network: NetworkSettings,
) -> ExitCode:
    """Show which archives a job fetched from the cache, from its log, and whether a purge had deleted them."""
    from purger.cli import ci
    from purger.cli.run_settings import token_of
    from purger.cli.signals import run_to_the_end
    from purger.core.text import printable
    from purger.jobs import check_log as jobs
    from purger.jobs.log_phrases import lines_about

    if source == jobs.STDIN and sys.stdin.isatty():
        output.notes.print("Paste the log, then press Enter and Ctrl-D.")
    site = site_options.site
    checking = jobs.check_log(
        source,
        site,
        lambda: token_of(output, site_options),
        options.report,
        lambda: network.network(os.environ),
    )
    checked = run_to_the_end(checking, None)
    report = checked.report()
    if output.json:
        output.print_json(report)
    else:
        place = ci.detect(os.environ)
        for line in lines_about(report):
            output.data.print(place.line(printable(line)))
        output.check_stdout()
    return output.code_of_a_result(checked.exit_code)
