"""Many purges with a random mix of faults, each checked against what the server really had: `scripts/soak`."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

from loguru import logger
from playwright.async_api import Playwright, async_playwright
from tenacity import wait_random_exponential

from purger.browser.supervise import Browsers
from purger.core.errors import PurgerError, StoppedError
from purger.travis.rate_limit import Budget
from purger.purge.run import Run
from purger.browser.settings import BrowserSettings
from purger.purge.settings import Settings
from purger.secrets.token import Token
from purger.standin import StandIn
from purger.travis.api import Api
from purger.travis.addresses import Repository, Site
from tests.soak.checks import History, Seen, violations
from tests.soak.happenings import deletes, happenings, turn
from tests.soak.plan import Plan, plan_of
from tests.soak.processes import descendants

WIDGETS = Repository("github", "acme", "widgets")
RUNS_A_BROWSER = 25
LONGEST_RUN_S = 60.0
ENDING_S = 5.0
CHROMIUMS_OWN = ("org.chromium.", ".org.chromium.")
SHORTER: dict[str, Any] = {
    "purger.travis.rate_limit.FIRST_PAUSE_S": 0.1,
    "purger.travis.rate_limit.LONGEST_PAUSE_S": 0.8,
    "purger.purge.repository.passes.BUTTON_SILENCE_S": 1.0,
    "purger.travis.client.CALL_TIMEOUT_S": 1.0,
    "purger.travis.page.cache_page.RENDER_GRACE_S": 1.5,
    "purger.travis.page.cache_page.CRASH_GRACE_S": 1.0,
    "purger.travis.page.cache_page.PATIENCE_S": 1.0,
}
"""Waits that are made for the real site, shortened so that a run takes a few seconds."""


@dataclass(slots=True)
class Figures:
    """What a soak did and found.

    `kinds` and `codes` count runs, by kind of fault and by exit code; `longest` is the seconds of a run and its seed.
    """

    runs: int = 0
    archives: int = 0
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
            f"{self.archives:,} archives, {self.deleted:,} deleted, {self.requests:,} requests",
            *(f"  {count:4} × {kind}" for kind, count in self.kinds.most_common()),
            f"{len(self.violations)} violations",
            *self.violations,
        ]
        return "\n".join(lines)


@contextlib.contextmanager
def shorter_waits() -> Iterator[None]:
    """The pauses and graces of purger, shortened."""

    def wait(*, multiplier: float, max: float) -> wait_random_exponential:  # noqa: A002 - tenacity's name
        return wait_random_exponential(multiplier=multiplier / 10, max=max / 10)

    with contextlib.ExitStack() as stack:
        for name, value in SHORTER.items():
            stack.enter_context(patch(name, value))
        for module in ("purger.purge.repository.passes", "purger.purge", "purger.travis.client"):
            stack.enter_context(patch(f"{module}.wait_random_exponential", wait))
        yield


class Soak:
    """Runs plans one after the other in browsers that it shares; what came of them stands in `figures`."""

    def __init__(self, playwright: Playwright, *, verbose: bool = False) -> None:
        self.figures = Figures()
        self.processes: set[tuple[int, str]] = set()
        self._playwright = playwright
        self._verbose = verbose
        self._browsers: Browsers | None = None
        self._runs_of_browser = 0

    async def close(self) -> None:
        """Close the browser."""
        if self._browsers is not None:
            await self._browsers.close()
            self._browsers, self._runs_of_browser = None, 0

    def _shared(self) -> Browsers:
        if self._browsers is None:
            settings = BrowserSettings(browser=os.environ.get("PURGER_BROWSER"))
            self._browsers = Browsers(self._playwright, settings, ["127.0.0.1"])
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
        figures.archives += len(plan.archives)
        figures.kinds.update(plan.kinds or ["none"])
        figures.longest = max(figures.longest, (took_s, seed))
        figures.violations += [f"seed {seed} ({', '.join(plan.kinds) or 'no fault'}): {what}" for what in found]

    async def _checked(self, plan: Plan) -> list[str]:
        with StandIn(costs=False) as site:
            repository = site.add_repository(WIDGETS.slug)
            for stored in plan.archives:
                repository.add(stored.branch, name=stored.name, size_bytes=stored.size_bytes, age_s=stored.age_s)
            history = History(repository)
            turn(site, plan.knobs)
            site.use_token_elsewhere(plan.used_elsewhere)
            runs = [(self._run(plan, site), Seen(self._verbose)) for _ in range(plan.purgers)]
            try:
                async with asyncio.timeout(LONGEST_RUN_S), happenings(plan, site, self._shared()):
                    await asyncio.gather(*(self._execute(run, plan, site, seen) for run, seen in runs))
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

    def _run(self, plan: Plan, site: StandIn) -> Run:
        settings = Settings(site=Site.at(site.url, site.api_url), token=Token(site.token), **plan.settings)
        return Run(settings, plan.selection, [WIDGETS])

    async def _execute(self, run: Run, plan: Plan, site: StandIn, seen: Seen) -> None:
        """What `Run.execute` does, in the shared browser, and stopped in the middle where the plan says so."""
        run.observers = [seen.see]
        budget = Budget(run.settings.max_rate)
        browsers = self._shared()
        async with Api.open(self._playwright, run.settings.site, run.settings.token, budget) as api:
            work = asyncio.ensure_future(_with_api(run, api, budget, browsers))
            if plan.stopped_after is not None:
                await deletes(site, plan.stopped_after, work)
                work.cancel()
            try:
                await work
            except asyncio.CancelledError:
                if plan.stopped_after is None:
                    raise
                run.error = StoppedError("stopped by the soak")


async def _with_api(run: Run, api: Api, budget: Budget, browsers: Browsers) -> None:
    try:
        await run._with_api(api, budget, browsers)
    except PurgerError as error:
        run.error = error


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
    with tempfile.TemporaryDirectory(prefix="purger-soak-") as folder, shorter_waits():
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
