"""Many purges with a random mix of faults, each checked against what the server really had: `scripts/soak`."""

from __future__ import annotations

import asyncio
import itertools
import os
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

from loguru import logger
from playwright.async_api import Playwright, async_playwright

from purger.browser.settings import BrowserSettings
from purger.browser.supervise import BrowserSupervisor
from purger.core.errors import PurgerError, StoppedError
from purger.purge.run import Hooks, Request, Run
from purger.purge.settings import Pace, Settings
from purger.secrets.token import Token
from purger.standin import StandIn
from purger.travis.addresses import Repository, Site
from purger.travis.api import Api
from purger.travis.rate_limit import Budget
from tests.soak.checks import History, Seen, violations
from tests.soak.happenings import deletes, happenings, turn
from tests.soak.plan import Plan, plan_of
from tests.soak.processes import descendants
from tests.support.browser import loopback
from tests.support.retry_policies import FAST

WIDGETS = Repository("github", "acme", "widgets")
RUNS_A_BROWSER = 25
LONGEST_RUN_S = 60.0
ENDING_S = 5.0
CHROMIUMS_OWN = ("org.chromium.", ".org.chromium.")


@dataclass(slots=True)
class Figures:
    """What a soak did and found.

    `kinds` and `codes` count runs, by kind of fault and by exit code; `longest` is the seconds of a run and its seed.
    """

    runs: int = 0
    caches: int = 0
    deleted: int = 0
    requests: int = 0
    seconds: float = 0.0
    longest: tuple[float, int] = (0.0, 0)
    kinds: Counter[str] = field(default_factory=Counter)
    codes: Counter[int] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        codes = ", ".join(f"exit {code}: {count}" for code, count in sorted(self.codes.items()))
        lines = [
            f"{self.runs} runs in {self.seconds:.0f} s, the longest {self.longest[0]:.1f} s (seed {self.longest[1]})",
            codes,
            f"{self.caches:,} caches, {self.deleted:,} deleted, {self.requests:,} requests",
            *(f"  {count:4} × {kind}" for kind, count in self.kinds.most_common()),
            f"{len(self.violations)} violations",
            *self.violations,
        ]
        return "\n".join(lines)


class Soak:
    """Runs plans one after the other in browsers that it shares; what came of them stands in `figures`."""

    def __init__(self, playwright: Playwright, *, verbose: bool = False) -> None:
        self.figures = Figures()
        self.processes: set[tuple[int, str]] = set()
        self._playwright = playwright
        self._verbose = verbose
        self._browsers: BrowserSupervisor | None = None
        self._runs_of_browser = 0

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
        if self._runs_of_browser >= RUNS_A_BROWSER:
            await self.close()
        self._runs_of_browser += 1
        started = time.monotonic()
        found = await self._checked(plan)
        took_s = time.monotonic() - started
        self.processes |= descendants()
        if plan.browser_dies_after is not None or found:
            await self.close()
        figures = self.figures
        figures.runs += 1
        figures.caches += len(plan.caches)
        figures.kinds.update(plan.kinds or ["none"])
        figures.longest = max(figures.longest, (took_s, seed))
        figures.violations += [f"seed {seed} ({', '.join(plan.kinds) or 'no fault'}): {what}" for what in found]

    async def _checked(self, plan: Plan) -> list[str]:
        with StandIn(costs=False) as site:
            repository = site.add_repository(WIDGETS.slug)
            for stored in plan.caches:
                repository.add(stored.branch, name=stored.name, size_bytes=stored.size_bytes, age_s=stored.age_s)
            history = History(repository)
            turn(site, plan.knobs)
            site.use_token_elsewhere(plan.used_elsewhere)
            observers = [Seen(self._verbose) for _ in range(plan.purgers)]
            runs = [(self._run(plan, site, seen), seen) for seen in observers]
            try:
                async with asyncio.timeout(LONGEST_RUN_S), happenings(plan, site, self._shared()):
                    await asyncio.gather(*(self._execute(run, plan, site) for run, _ in runs))
            except TimeoutError:
                return [f"it did not end within {LONGEST_RUN_S:g} s"]
            except Exception:  # noqa: BLE001 - an error that purger does not know is what a soak is for
                return [f"it ended with an error that no one caught:\n{traceback.format_exc()}"]
            self.figures.deleted += len(repository.deleted)
            self.figures.requests += len(site.requests)
            found = []
            for run, seen in runs:
                code, problems = violations(plan, run, seen, history)
                self.figures.codes[code] += 1
                found += problems
            return found

    def _run(self, plan: Plan, site: StandIn, seen: Seen) -> Run:
        settings = Settings(
            site=Site.at(site.url, site.api_url), token=Token(site.token), pace=Pace(**plan.settings), policies=FAST
        )
        return Run(settings, Request(repositories=[WIDGETS], selection=plan.selection), Hooks(observe=seen.see))

    async def _execute(self, run: Run, plan: Plan, site: StandIn) -> None:
        """Do what `Run.execute` does, in the shared browser, and stop it in the middle where the plan says so."""
        settings, budget = run.settings, Budget(run.settings.pace.max_rate, pauses=FAST.rate_limit)
        async with Api.open(settings.network, settings.site, settings.token, budget, FAST) as api:
            work = asyncio.ensure_future(_with_api(run, api, self._shared()))
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
    logger.disable("purger")
    started = time.monotonic()
    before = descendants()
    with tempfile.TemporaryDirectory(prefix="purger-soak-") as folder:
        with patch.dict(os.environ, {"TMPDIR": folder}):
            async with async_playwright() as playwright:
                one = Soak(playwright, verbose=verbose)
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
        figures.violations += await _left_over(Path(folder), one.processes - before, figures.kinds["browser dies"])
    logger.enable("purger")
    figures.seconds = time.monotonic() - started
    return figures


async def _left_over(folder: Path, processes: set[tuple[int, str]], browsers_killed: int) -> list[str]:
    """Files in the folder for temporary ones, and processes, that do not go by themselves within a few seconds."""
    deadline = time.monotonic() + ENDING_S
    while True:
        alive = processes & descendants(everyone=True)
        files = sorted(entry.name for entry in folder.iterdir())
        # Chromium's own folder for its socket stays where it is killed: nobody is left who knows of it.
        of_chromium = [name for name in files if name.startswith(CHROMIUMS_OWN)]
        if len(of_chromium) <= browsers_killed:
            files = [name for name in files if name not in of_chromium]
        if not alive and not files:
            return []
        if time.monotonic() > deadline:
            left = [f"process {pid} is left over" for pid, _ in sorted(alive)]
            return [*left, *(f"{name} is left over among the temporary files" for name in files)]
        await asyncio.sleep(0.05)
