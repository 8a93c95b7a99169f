"""The stand-in's interface for tests and the demo: addresses, repositories, jobs, faults and received requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Self

from purger.standin.faults import Faults, Origin
from purger.standin.jobs import Attempt, Job, JobOptions
from purger.standin.repository import Repository, RepositoryOptions
from purger.standin.serving import Serving
from purger.standin.state import Request, SiteState

if TYPE_CHECKING:
    from purger.standin.certificates import Certificate, Certificates

DEFAULT_TOKEN = "standin-token-a1b2c3d4e5f6"  # noqa: S105 - it opens nothing but this


class StandIn:
    """A look-alike of the site that serves during a `with` block.

    `token` is the only token that it accepts, and `login` the login of its user. `seed` is the seed of
    `Repository.fill`. With `costs` the page's script takes as long as the real one (docs/TRAVIS.md section 6). `ports`
    are those of the front end and the API; 0 means a free port. Repositories, jobs, `faults` and `requests` may be used
    from any thread.

    With `tls` the two are served at the names `hosts` (loopback all the same), with certificates of an authority that
    exists for this run alone, and over HTTP/2 unless `http2` is off.
    """

    def __init__(
        self,
        *,
        token: str = DEFAULT_TOKEN,
        login: str = "octavia",
        seed: int = 0,
        costs: bool = True,
        ports: tuple[int, int] = (0, 0),
        tls: bool = False,
        http2: bool = True,
        hosts: tuple[str, str] = ("app.localhost", "api.localhost"),
    ) -> None:
        self.faults = Faults()
        self._state = SiteState(token, login, self.faults, costs)
        self._seed = seed
        self._ports = (*ports, 0)
        web_host, api_host = hosts if tls else ("127.0.0.1", "127.0.0.1")
        self._hosts: dict[Origin, str] = {"web": web_host, "api": api_host, "third-party": "localhost"}
        self._tls, self._http2 = tls, http2
        self._certificates: Certificates | None = None
        self._serving: Serving | None = None
        self._opened = ExitStack()

    @property
    def url(self) -> str:
        """The front end's origin."""
        return self._state.web_url

    @property
    def api_url(self) -> str:
        """The API's origin."""
        return self._state.api_url

    @property
    def third_party_url(self) -> str:
        """The third party's origin, on another host: payments, analytics and GitHub's sign-in."""
        return self._state.third_party_url

    @property
    def authority_file(self) -> Path:
        """The certificate (PEM) of the authority to trust; it exists while the stand-in serves over TLS."""
        if self._certificates is None:
            raise ValueError("Only a running stand-in with tls=True has an authority.")
        return self._certificates.authority_file

    def use_certificate(self, kind: Certificate, origins: Sequence[Origin] = ("web", "api")) -> None:
        """Serve these origins with another certificate from now on, and close their connections."""
        assert self._serving is not None  # noqa: S101 - for the type checker
        self._serving.use_certificate(kind, origins)

    @property
    def token(self) -> str:
        """The only accepted token."""
        return self._state.token

    @property
    def login(self) -> str:
        """The login of the token's user."""
        return self._state.login

    @property
    def repositories(self) -> list[Repository]:
        """All repositories, in the order of their creation."""
        with self._state.clock.settled():
            return list(self._state.repositories)

    @property
    def requests(self) -> list[Request]:
        """All requests that the origins received, except for control calls."""
        with self._state.clock.settled():
            return list(self._state.requests)

    def count(self, method: str, path_contains: str = "") -> int:
        """Count the received requests with this method and this text in their path."""
        return sum(entry.method == method and path_contains in entry.path for entry in self.requests)

    def forget_requests(self) -> None:
        """Clear the list of requests."""
        with self._state.clock.settled():
            self._state.requests.clear()

    def use_token_elsewhere(self, requests: int) -> None:
        """Count requests against the token's rate limit, as if another client had sent them."""
        with self._state.clock.settled() as now:
            self._state.limits.spend(f"token {self.token}", "GET", now, self.faults, requests=requests)

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

        `permissions` overrides single permissions; the others are granted. With `visible=False` the token can't see
        the repository. `branches` are the git branches that the API lists; by default those that `add` was called with.
        """
        options = RepositoryOptions(
            slug=slug,
            provider=provider,
            private=private,
            active=active,
            visible=visible,
            default_branch=default_branch,
            permissions=permissions,
            branches=branches,
            seed=self._seed,
        )
        with self._state.clock.settled():
            repository = Repository(next(self._state.ids), self._state.clock, self.faults, options)
            self._state.repositories.append(repository)
            return repository

    def add_job(
        self,
        repository: Repository,
        *,
        branch: str = "main",
        pull_request: int | None = None,
        target_branch: str = "main",
        script: Sequence[Attempt] = (),
        cache_name: str | None = None,
        build_id: int | None = None,
    ) -> Job:
        """Add a job that has just finished `script[0]`. Each restart runs the next attempt, or the last one again.

        With the number of a `pull_request` the job's own branch is `PR.NUMBER`. `cache_name` is the cache that it
        fetches and stores; by default the name of the first cache of its branches. Jobs with the same `build_id`
        belong to one build.
        """
        options = JobOptions(branch, pull_request, target_branch, script, cache_name)
        with self._state.clock.settled():
            job = Job(
                next(self._state.ids),
                repository,
                self._state.clock,
                options,
                build_id=next(self._state.ids) if build_id is None else build_id,
                web_url=self.url,
            )
            self._state.jobs[job.id] = job
            return job

    def __enter__(self) -> Self:
        """Start serving, on loopback only. Raises OSError if a port is in use."""
        with ExitStack() as opened:
            if self._tls:
                from purger.standin.certificates import Certificates  # its library is not needed without TLS

                self._certificates = opened.enter_context(Certificates(self._hosts, http2=self._http2))
            self._serving = Serving(self._state, self._hosts, self._ports, self.add_repository, self._certificates)
            self._serving.start()
            opened.callback(self._serving.stop)
            self._opened = opened.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop serving; pending calls end without a response."""
        self._opened.close()
