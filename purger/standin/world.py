"""The server's whole state: repositories, jobs, who may do what, and every request that came."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from purger.standin.clock import Clock
from purger.standin.faults import Faults
from purger.standin.jobs import Job
from purger.standin.limits import Limits
from purger.standin.repository import Repository

Origin = Literal["web", "api", "third-party"]
USER_ID = 4711


@dataclass(slots=True)
class Request:
    """One request as it reached an origin; `at` is monotonic seconds, `status` None until (or if never) answered."""

    method: str
    origin: Origin
    path: str
    raw_query: str
    at: float
    headers: Mapping[str, str] = field(repr=False)
    authorized: bool = False
    status: int | None = None


@dataclass(slots=True)
class World:
    """What the three origins share. Whoever reads or changes it does so inside `clock.settled()`."""

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
        """Whether the token is the right one and has not expired; counts the call where it can expire."""
        if token != self.token:
            return False
        if self.faults.token_expires_after is None:
            self._authorized_calls = 0
            return True
        self._authorized_calls += 1
        return self._authorized_calls <= self.faults.token_expires_after

    def repository(self, slug: str, provider: str | None = None) -> Repository | None:
        """The repository of this `owner/name`."""
        fitting = (one for one in self.repositories if one.slug == slug and provider in {None, one.provider})
        return next(fitting, None)

    def count_by_method(self) -> dict[str, int]:
        """How many requests came, by method."""
        return dict(Counter(request.method for request in self.requests))
