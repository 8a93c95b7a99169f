"""The command `doctor`: would a purge work?"""

from __future__ import annotations

from typing import Annotated

from purger.browser.network import NetworkSettings
from purger.browser.settings import BrowserSettings
from purger.cli.options import OneRepository, SiteOptions
from purger.cli.output import Output
from purger.cli.parameters import Only, command
from purger.core.errors import ExitCode
from purger.purge.settings import Pace


@command(
    "doctor",
    examples=("purger doctor", "purger doctor owner/name --json"),
    exits="0 a purge would work, else what the purge would end with: 2, 3, 4 or 5",
)
def doctor(
    output: Output,
    pace: Annotated[Pace, Only("page_timeout_s")],
    browser: Annotated[BrowserSettings, Only("headed", "browser", "connect", "allow_third_party")],
    site_options: SiteOptions,
    network: NetworkSettings,
    repository: OneRepository = None,
) -> ExitCode:
    """Check whether a purge would work: browser, site, token, rights and page, each with its remedy."""
    from purger.cli.check_lines import show_check
    from purger.cli.doctor_checks import Doctor, attempt
    from purger.cli.run_settings import found_token, network_of
    from purger.cli.signals import run_to_the_end
    from purger.cli.targets import one_repository
    from purger.report.build import doctor_report

    site = site_options.site
    checks = Doctor(
        site,
        network_of(network, browser),
        browser,
        attempt(lambda: one_repository(output, repository, site)),
        attempt(lambda: found_token(site_options)),
        page_timeout_s=pace.page_timeout_s,
        notify=lambda check: show_check(output.notes if output.json else output.data, check),
    )
    findings = run_to_the_end(checks.run(), None)
    if output.json:
        output.print_json(doctor_report(findings.checks, findings.exit_code))
    else:
        output.check_stdout()
    return findings.exit_code
