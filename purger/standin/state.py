"""The stand-in's whole state: repositories, jobs, the token, limits, faults and received requests."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from purger.standin.calls import HttpVersion
from purger.standin.clock import Clock
from purger.standin.faults import Faults, Origin
from purger.standin.jobs import Job
from purger.standin.limits import Limits
from purger.standin.repository import Repository

USER_ID = 4711


@dataclass(slots=True)
class Request:
    """A request that an origin received. `at` is in monotonic seconds; `status` is None without a response.

    `http_version` is that of the connection.
    """

    method: str
    origin: Origin
    path: str
    raw_query: str
    at: float
    headers: Mapping[str, str] = field(repr=False)
    http_version: HttpVersion = "1.1"
    authorized: bool = False
    status: int | None = None


@dataclass(slots=True)
class SiteState:
    """The state that the three origins share. Read and change it inside `clock.settled()`."""

    token: str
    login: str
    faults: Faults
    costs: bool
    clock: Clock = field(default_factory=Clock)
    limits: Limits = field(default_factory=Limits)
    repositories: list[Repository] = field(default_factory=list)
    jobs: dict[int, Job] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    sign_in_codes: set[str] = field(default_factory=set)
    web_url: str = ""
    api_url: str = ""
    third_party_url: str = ""
    ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1001))
    _authorized_calls: int = 0

    def accepts(self, token: str) -> bool:
        """Return whether the token is valid and has not expired; count the call if the token can expire."""
        if token != self.token:
            return False
        if self.faults.token_expires_after is None:
            self._authorized_calls = 0
            return True
        self._authorized_calls += 1
        return self._authorized_calls <= self.faults.token_expires_after

    def repository(self, slug: str, provider: str | None = None) -> Repository | None:
        """Return the repository `slug` (`owner/name`), or None."""
        matches = (one for one in self.repositories if one.slug == slug and provider in {None, one.provider})
        return next(matches, None)

    def count_by_method(self) -> dict[str, int]:
        """Count the received requests by method."""
        return dict(Counter(request.method for request in self.requests))
