"""Many purges with a random mix of faults, each checked against what the server really had: `scripts/soak`."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import AsyncIterator, Callable, Set
from contextlib import nullcontext
from dataclasses import dataclass, field, fields
from pathlib import Path
from unittest.mock import patch

from loguru import logger
from playwright.async_api import Playwright, async_playwright

from purger.browser.network import DIRECT, Network
from purger.browser.settings import BrowserSettings
from purger.browser.supervise import BrowserSupervisor
from purger.core.errors import InputError, PurgerError, StoppedError
from purger.purge.run import Hooks, Request, Run
from purger.purge.settings import Pace, Settings
from purger.secrets.token import Token
from purger.standin import StandIn
from purger.standin.repository import Repository as StoredRepository
from purger.travis.addresses import Repository, Site
from purger.travis.api import Api
from purger.travis.host import HostSettings
from purger.travis.rate_limit import Budget
from tests.soak.checks import Ending, History, Seen, shown_secrets, violations, written_by
from tests.soak.commands import run_command
from tests.soak.env_files import EnvFile
from tests.soak.happenings import deletes, happenings, turn
from tests.soak.places import Place, ProxyPark, place_of, site_for
from tests.soak.plan import Plan, plan_of
from tests.soak.processes import Process, descendants, still_running
from tests.support.browser import browsers_in, loopback
from tests.support.networks import secrets_of
from tests.support.retry_policies import FAST

WIDGETS = Repository("github", "acme", "widgets")
RUNS_A_BROWSER = 25
LONGEST_RUN_S = 60.0
ENDING_S = 30.0
CHROMIUMS_OWN = ("org.chromium.", ".org.chromium.")


@dataclass(slots=True)
class Figures:
    """What a soak did and found.

    `seeds` are the first and the last one of each batch. `kinds` and `codes` count runs, by kind of fault and by exit
    code; `longest` is the seconds of a run and its seed.
    """

    seeds: list[tuple[int, int]] = field(default_factory=list)
    runs: int = 0
    caches: int = 0
    deleted: int = 0
    requests: int = 0
    seconds: float = 0.0
    longest: tuple[float, int] = (0.0, 0)
    kinds: Counter[str] = field(default_factory=Counter)
    codes: Counter[int] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)

    def __add__(self, other: Figures) -> Figures:
        """Return the figures of both batches together."""
        sums = {one.name: getattr(self, one.name) + getattr(other, one.name) for one in fields(self)}
        return Figures(**sums | {"longest": max(self.longest, other.longest)})

    def to_json(self) -> str:
        """Return the figures as `from_json` reads them."""
        return json.dumps({one.name: getattr(self, one.name) for one in fields(self)})

    @classmethod
    def from_json(cls, text: str) -> Figures:
        """Return the figures of a former batch."""
        figures = cls(**json.loads(text))
        figures.longest = (figures.longest[0], figures.longest[1])
        figures.kinds = Counter(figures.kinds)
        figures.codes = Counter({int(code): count for code, count in figures.codes.items()})
        return figures

    def __str__(self) -> str:
        codes = ", ".join(f"exit {code}: {count}" for code, count in sorted(self.codes.items()))
        seeds = ", ".join(f"{first} to {last}" for first, last in self.seeds)
        lines = [
            f"seeds {seeds}",
            f"{self.runs} runs in {self.seconds:.0f} s, the longest {self.longest[0]:.1f} s (seed {self.longest[1]})",
            codes,
            f"{self.caches:,} caches, {self.deleted:,} deleted, {self.requests:,} requests",
            *(f"  {count:4} × {kind}" for kind, count in self.kinds.most_common()),
            f"{len(self.violations)} violations",
            *self.violations,
        ]
        return "\n".join(lines)


class Soak:
    """Runs plans one after the other in browsers and by proxies that they share; what came of them is in `figures`.

    `said` is the list that the lines of purger's log are added to; `others` are processes that ran before.
    """

    def __init__(
        self,
        playwright: Playwright,
        proxies: ProxyPark,
        said: list[str],
        others: Set[Process],
        *,
        verbose: bool = False,
    ) -> None:
        self.figures = Figures()
        self.processes: set[Process] = set()
        self._others = others
        self._playwright = playwright
        self._verbose = verbose
        self._browsers: BrowserSupervisor | None = None
        self._runs_of_browser = 0
        self._proxies = proxies
        self._said = said

    async def close(self) -> None:
        """Close the browser."""
        if self._browsers is not None:
            await self._browsers.close()
            self._browsers, self._runs_of_browser = None, 0

    def _shared(self) -> BrowserSupervisor:
        if self._browsers is None:
            settings = BrowserSettings(browser=os.environ.get("PURGER_BROWSER"))
            self._browsers = BrowserSupervisor(settings, loopback, start_driver=lambda: nullcontext(self._playwright))
        return self._browsers

    async def one(self, seed: int) -> None:
        """Do the run of this seed and check it."""
        plan = plan_of(seed)
        if self._runs_of_browser >= RUNS_A_BROWSER or (plan.network and plan.browser_dies_after is not None):
            await self.close()
        self._runs_of_browser += 1
        started = time.monotonic()
        found = await self._checked(plan)
        took_s = time.monotonic() - started
        self.processes |= descendants(besides=self._others)
        if plan.browser_dies_after is not None or found:
            await self.close()
        figures = self.figures
        figures.runs += 1
        figures.seeds = [((figures.seeds or [(seed, seed)])[0][0], seed)]
        figures.caches += len(plan.caches)
        figures.kinds.update(plan.kinds or ["none"])
        figures.longest = max(figures.longest, (took_s, seed))
        figures.violations += [f"seed {seed} ({', '.join(plan.kinds) or 'no fault'}): {what}" for what in found]

    async def _checked(self, plan: Plan) -> list[str]:
        self._said.clear()
        with site_for(plan.network) as site, contextlib.ExitStack() as stack:
            place = stack.enter_context(place_of(plan.network, site, self._proxies)) if plan.network else None
            history = History(_filled(site, plan))
            plan.choose(history.first)
            turn(site, plan.knobs)
            site.use_token_elsewhere(plan.used_elsewhere)
            try:
                if plan.env_file is not None:
                    ending, written = await self._command(plan.env_file, site, place)
                    endings = [ending]
                else:
                    endings = await self._runs(plan, site, place)
                    written = written_by(endings, self._said)
            except TimeoutError:
                return [f"it did not end within {LONGEST_RUN_S:g} s"]
            except Exception:  # noqa: BLE001 - an error that purger does not know is what a soak is for
                return [f"it ended with an error that no one caught:\n{traceback.format_exc()}"]
            self.figures.deleted += len(history.deleted)
            self.figures.requests += len(site.requests)
            self.figures.codes.update(ending.code for ending in endings)
            found = [problem for ending in endings for problem in violations(plan, ending, history)]
            secrets = place.secrets if place else secrets_of(site)
            return [*found, *shown_secrets(secrets, written), *(place.problems() if place else ())]

    async def _command(self, file: EnvFile, site: StandIn, place: Place | None) -> tuple[Ending, dict[str, bytes]]:
        """Run a command to its end. Nothing changes on the site after that, so its end counts as its looks."""
        noting = asyncio.create_task(self._note_processes())
        try:
            async with asyncio.timeout(LONGEST_RUN_S):
                command = await run_command(file, site, place)
        finally:
            noting.cancel()
        now = time.monotonic()
        looks = [(now, now)] * 3 if command.report["repositories"] and not command.report["error"] else []
        return Ending(command.code, command.report, looks, command.error), command.written

    async def _note_processes(self) -> None:
        """Note what runs below a command, while it does: what it leaves behind is nobody's descendant any more."""
        while True:
            self.processes |= descendants(besides=self._others)
            await asyncio.sleep(0.1)

    async def _runs(self, plan: Plan, site: StandIn, place: Place | None) -> list[Ending]:
        """Do the runs of a plan in one browser, while its faults happen."""
        try:
            network = place.network() if place else DIRECT
        except InputError as error:
            return [Ending.of_error(error)]
        observers = [Seen(self._said, self._verbose) for _ in range(plan.purgers)]
        runs = [(_run_of(plan, site, network, seen), seen) for seen in observers]
        async with (
            asyncio.timeout(LONGEST_RUN_S),
            self._browsers_for(network, site, place) as browsers,
            happenings(plan, site, browsers),
        ):
            await asyncio.gather(*(_execute(run, plan, site, browsers) for run, _ in runs))
        return [Ending.of_run(run, seen.looks, plan.selection) for run, seen in runs]

    @contextlib.asynccontextmanager
    async def _browsers_for(
        self, network: Network, site: StandIn, place: Place | None
    ) -> AsyncIterator[BrowserSupervisor]:
        """The shared browser, or where the site has keys or a proxy of its own, one for that."""
        if place is None:
            yield self._shared()
            return
        async with browsers_in(network, site, self._playwright, FAST) as own:
            yield own


def _filled(site: StandIn, plan: Plan) -> StoredRepository:
    """Add the caches of a plan to its site."""
    repository = site.add_repository(WIDGETS.slug)
    for stored in plan.caches:
        repository.add(stored.branch, name=stored.name, size_bytes=stored.size_bytes, age_s=stored.age_s)
    for name in plan.gone:
        repository.remove_branch(name)
        if name.removeprefix("PR.").isdecimal():
            repository.close_pull_request(int(name.removeprefix("PR.")))
    return repository


def _run_of(plan: Plan, site: StandIn, network: Network, seen: Seen) -> Run:
    settings = Settings(
        site=Site.at(site.url, site.api_url),
        network=network,
        token=Token(site.token),
        pace=Pace(**plan.settings),
        policies=FAST,
        host=HostSettings(api_url=site.third_party_url),
    )
    return Run(settings, Request(repositories=[WIDGETS], selection=plan.selection), Hooks(observe=seen.see))


async def _execute(run: Run, plan: Plan, site: StandIn, browsers: BrowserSupervisor) -> None:
    """Do what `Run.execute` does, in a browser that is there, and stop it in the middle where the plan says so."""
    settings, budget = run.settings, Budget(run.settings.pace.max_rate, pauses=FAST.rate_limit)
    async with Api.open(settings.network, settings.site, settings.token, budget, FAST) as api:
        work = asyncio.ensure_future(_with_api(run, api, browsers))
        if plan.stopped_after is not None:
            await deletes(site, plan.stopped_after, work)
            work.cancel()
        try:
            await work
        except asyncio.CancelledError:
            if plan.stopped_after is None:
                raise
            run._error = StoppedError("stopped by the soak")


async def _with_api(run: Run, api: Api, browsers: BrowserSupervisor) -> None:
    try:
        await run._with_api(api, browsers)
    except PurgerError as error:
        run._error = error


async def soak(
    first_seed: int,
    *,
    runs: int,
    seconds: float,
    only: str | None = None,
    verbose: bool = False,
    told: Callable[[str], None] = lambda _line: None,
) -> Figures:
    """So many runs from this seed on, or as many as begin within the seconds; what is left over is a violation, too.

    `only` passes over the seeds without that kind of fault. `told` gets a line now and then, and each violation at
    once; `verbose` writes each event to stderr.
    """
    said: list[str] = []
    logger.remove()
    logger.add(said.append, level=0, format="{message}\n{exception}")
    started = time.monotonic()
    others = descendants()
    with tempfile.TemporaryDirectory(prefix="purger-soak-") as folder:
        with patch.dict(os.environ, {"TMPDIR": folder}):
            async with async_playwright() as playwright:
                proxies = ProxyPark()
                one = Soak(playwright, proxies, said, others, verbose=verbose)
                figures = one.figures
                try:
                    seeds = (seed for seed in itertools.count(first_seed) if only in {None, *plan_of(seed).kinds})
                    for seed in itertools.islice(seeds, runs):
                        if time.monotonic() - started > seconds:
                            break
                        known = len(figures.violations)
                        await one.one(seed)
                        for line in figures.violations[known:]:
                            told(line)
                        if figures.runs % 25 == 0:
                            told(f"{figures.runs} runs, {time.monotonic() - started:.0f} s")
                finally:
                    await one.close()
                    proxies.close()
        figures.violations += await _left_over(Path(folder), one.processes, figures.kinds["browser dies"])
    logger.remove()
    figures.seconds = time.monotonic() - started
    return figures


async def _left_over(folder: Path, processes: set[Process], browsers_killed: int) -> list[str]:
    """Files in the folder for temporary ones, and processes, that do not go by themselves within a few seconds."""
    deadline = time.monotonic() + ENDING_S
    while True:
        alive = still_running(processes)
        files = sorted(entry.name for entry in folder.iterdir())
        # Chromium's own folder for its socket stays where it is killed: nobody is left who knows of it.
        of_chromium = [name for name in files if name.startswith(CHROMIUMS_OWN)]
        if len(of_chromium) <= browsers_killed:
            files = [name for name in files if name not in of_chromium]
        if not alive and not files:
            return []
        if time.monotonic() > deadline:
            left = [f"process {pid} is left over: {command}" for pid, command in alive.items()]
            return [*left, *(f"{name} is left over among the temporary files" for name in files)]
        await asyncio.sleep(0.05)
