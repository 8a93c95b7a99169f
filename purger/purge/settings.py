"""The settings of a run, frozen and validated once, before anything starts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from purger.browser.network import DIRECT, Network
from purger.browser.settings import BrowserSettings
from purger.core.options import PACE, check_ranges, number, wait
from purger.secrets.token import Token
from purger.travis.addresses import Site
from purger.travis.host import HostSettings

if TYPE_CHECKING:
    from purger.core.retry_policies import RetryPolicies


def _default_policies() -> RetryPolicies:
    from purger.core.retry_policies import DEFAULT_POLICIES

    return DEFAULT_POLICIES


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast and how persistently a run works. Times are in seconds; `max_rate` is a minute's.

    Raises InputError for a value that makes no sense.
    """

    batch_size: int = number("--batch-size", default=100, at_least=1, panel=PACE, help="Rows clicked together.")
    max_rate: int = number(
        "--max-rate",
        default=1500,
        at_least=0,
        panel=PACE,
        help="Requests a minute for the whole run; 0 means no limit.",
    )
    attempts: int = number(
        "--attempts",
        default=4,
        at_least=1,
        panel=PACE,
        help="Attempts in a row without progress, for each cache and method.",
    )
    recheck_timeout_s: float = wait(
        "--recheck-timeout", default="5m", panel=PACE, help="How long to wait for a deletion to apply."
    )
    settle_s: float = wait(
        "--settle",
        default="5s",
        panel=PACE,
        help="Nothing may come back between the last two loads of the page, this far apart.",
    )
    answer_timeout_s: float = wait(
        "--answer-timeout",
        default="30s",
        at_least=0.1,
        panel=PACE,
        help="Give up on deletions without a response when no other response arrives for so long.",
    )
    page_timeout_s: float = wait(
        "--page-timeout", default="60s", at_least=1, panel=PACE, help="How long one load of the page may take."
    )
    timeout_s: float | None = wait(
        "--timeout",
        default=None,
        at_least=0.1,
        shown="no limit",
        panel=PACE,
        help="How long the whole command may take.",
    )
    concurrency: int = number("--jobs", "-j", default=4, at_least=1, panel=PACE, help="Repositories at once.")

    def __post_init__(self) -> None:
        check_ranges(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything a run needs to know besides what to purge; `page_console` logs what the page writes there."""

    site: Site
    token: Token
    network: Network = DIRECT
    browser: BrowserSettings = field(default_factory=BrowserSettings)
    pace: Pace = field(default_factory=Pace)
    page_console: bool = False
    policies: RetryPolicies = field(default_factory=_default_policies)
    host: HostSettings = field(default_factory=HostSettings)
