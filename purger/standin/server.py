"""The stand-in as a test holds it: where it is, what it has, what came, and how to make it fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Self

from purger.standin.faults import Faults
from purger.standin.jobs import Attempt, Job
from purger.standin.repository import Repository
from purger.standin.serving import Serving
from purger.standin.world import Request, World

DEFAULT_TOKEN = "standin-token-a1b2c3d4e5f6"  # noqa: S105 - it opens nothing but this


class StandIn:
    """A look-alike of the site, for the time of a `with` block.

    What `add_repository` and `add_job` give, `faults` and `requests` may be read and changed from any thread.
    """

    def __init__(
        self,
        *,
        token: str = DEFAULT_TOKEN,
        login: str = "octavia",
        seed: int = 0,
        costs: bool = True,
        web_port: int = 0,
        api_port: int = 0,
        rate_limit_per_minute: int | None = 2000,
    ) -> None:
        """Make it; it serves nothing yet.

        `token` is the only one accepted, `login` its owner's. `seed` is that of `fill`. Without `costs` the page's
        clicks and removals take no main thread of their own. Ports: 0 is a free one.
        """
        self.faults = Faults(rate_limit_per_minute=rate_limit_per_minute)
        self._world = World(token, login, self.faults, costs)
        self._seed = seed
        self._ports = (web_port, api_port, 0)
        self._serving: Serving | None = None

    @property
    def url(self) -> str:
        """The front end's origin."""
        return self._world.web_url

    @property
    def api_url(self) -> str:
        """The API's origin."""
        return self._world.api_url

    @property
    def third_party_url(self) -> str:
        """An origin on another host, that stands for payments, analytics and GitHub's sign-in."""
        return self._world.third_party_url

    @property
    def token(self) -> str:
        """The one token that is accepted."""
        return self._world.token

    @property
    def login(self) -> str:
        """Whose token it is."""
        return self._world.login

    @property
    def repositories(self) -> list[Repository]:
        """All repositories, in the order in which they were added."""
        with self._world.clock.settled():
            return list(self._world.repositories)

    @property
    def requests(self) -> list[Request]:
        """Every request that reached one of the origins so far, the stand-in's own calls excepted."""
        with self._world.clock.settled():
            return list(self._world.requests)

    def count(self, method: str, path_contains: str = "") -> int:
        """How many requests with this method, and this in their path, reached one of the origins."""
        return sum(entry.method == method and path_contains in entry.path for entry in self.requests)

    def forget_requests(self) -> None:
        """Begin to count anew."""
        with self._world.clock.settled():
            self._world.requests.clear()

    def use_token_elsewhere(self, requests: int) -> None:
        """Count so many requests against the token's rate limit, as if someone else had sent them."""
        with self._world.clock.settled() as now:
            self._world.limits.spend(f"token {self.token}", "GET", now, self.faults, requests=requests)

    def add_repository(
        self,
        slug: str,
        *,
        provider: str = "github",
        private: bool = True,
        active: bool = True,
        visible: bool = True,
        default_branch: str = "main",
        permissions: Mapping[str, bool] | None = None,
        branches: Sequence[str] | None = None,
    ) -> Repository:
        """Add an empty repository `owner/name`.

        `permissions` changes single ones; all are granted otherwise. With `visible=False` the token may not even
        see it. `branches` are the git branches that the API tells; by default those that `add` saw.
        """
        with self._world.clock.settled():
            repository = Repository(
                next(self._world.ids),
                slug,
                self._world.clock,
                self.faults,
                provider=provider,
                private=private,
                active=active,
                visible=visible,
                default_branch=default_branch,
                permissions=permissions,
                branches=branches,
                seed=self._seed,
            )
            self._world.repositories.append(repository)
            return repository

    def add_job(
        self,
        repository: Repository,
        *,
        branch: str = "main",
        pull_request: int | None = None,
        target_branch: str = "main",
        script: Sequence[Attempt] = (),
        archive_name: str | None = None,
        build_id: int | None = None,
    ) -> Job:
        """Add a job that has just finished `script[0]`; each restart plays the next attempt, at the end the last.

        `pull_request` is a number, and makes the job's own branch `PR.NUMBER`. `archive_name` is what it fetches
        and stores; by default the name of the first archive that its branches have now. Jobs with the same
        `build_id` belong to one build.
        """
        with self._world.clock.settled():
            job = Job(
                next(self._world.ids),
                repository,
                self._world.clock,
                build_id=next(self._world.ids) if build_id is None else build_id,
                web_url=self.url,
                branch=branch,
                pull_request=pull_request,
                target_branch=target_branch,
                script=script,
                name=archive_name,
            )
            self._world.jobs[job.id] = job
            return job

    def __enter__(self) -> Self:
        """Serve, on loopback only. Raises OSError where a port is taken."""
        self._serving = Serving(self._world, self._ports, self.add_repository)
        self._serving.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop serving; calls that are under way end without an answer."""
        if self._serving is not None:
            self._serving.stop()
