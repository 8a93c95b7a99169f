"""Turn a command's options into the settings of its run, with the tokens and the network that they need."""

from __future__ import annotations

import os

from loguru import logger

from purger.browser.network import Network, NetworkSettings
from purger.browser.settings import BrowserSettings
from purger.cli.ci import detect
from purger.cli.options import SiteOptions
from purger.cli.output import Output
from purger.core.selection import Selection
from purger.purge.settings import Pace, Settings
from purger.secrets import env_file
from purger.secrets.child_environment import HOST_TOKEN_VARIABLE
from purger.secrets.token import Token
from purger.travis.auth.tokens import FoundToken, find_token
from purger.travis.host import HostSettings, host_token


def settings_of(
    output: Output,
    site_options: SiteOptions,
    network: NetworkSettings,
    pace: Pace,
    selection: Selection,
    browser: BrowserSettings | None = None,
) -> Settings:
    """Return the settings of a run; one that opens no page has no `browser`.

    Raises AccessError where there is no token, and InputError for what describes no site or network.
    """
    browser = browser or BrowserSettings()
    site, reached_by = site_options.site, network_of(network, browser)
    return Settings(
        site=site,
        token=token_of(output, site_options),
        network=reached_by,
        browser=browser,
        pace=pace,
        page_console=output.verbosity > 1,
        host=HostSettings(token=_token_of_the_host() if selection.policies.gone else None),
    )


def token_of(output: Output, site_options: SiteOptions) -> Token:
    """Return the token for the site, and note the file that it is from and whether others can read that.

    Raises AccessError where there is none, and InputError for one that can't be sent.
    """
    found = found_token(site_options)
    if found.file:
        output.notes.print(f"Token from {found.source}.")
    for warning in found.warnings:
        logger.warning("{}", warning)
    return found.token


def found_token(site_options: SiteOptions) -> FoundToken:
    """Return the token for the site, and where it is from. Raises as `token_of` does."""
    return find_token(site_options.site, site_options.session_file, is_ci=bool(detect(os.environ)))


def network_of(network: NetworkSettings, browser: BrowserSettings) -> Network:
    """Return the network of a command that uses a browser.

    Raises InputError where `.env` alone decides who hears the address of a remote browser, and for options that
    describe no network.
    """
    if browser.connect:
        env_file.refuse_to_decide_about("--connect", "PURGER_CONNECT")
    return network.network(os.environ)


def _token_of_the_host() -> Token | None:
    """Return the token for the host, which is asked what is gone, if any. Raises InputError for a bad one."""
    token = host_token(os.environ)
    if token is not None:
        env_file.refuse_to_decide_about(HOST_TOKEN_VARIABLE, HOST_TOKEN_VARIABLE)
    return token
