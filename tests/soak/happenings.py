"""What happens to a run of the soak from outside, in its own time: faults, dying pages and browsers."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from copy import deepcopy
from typing import Any

from playwright.async_api import Error as PlaywrightError

from purger.browser.supervise import BrowserSupervisor
from purger.standin import StandIn
from tests.soak.plan import Plan
from tests.soak.processes import browsers_below


def turn(site: StandIn, knobs: dict[str, Any]) -> None:
    """Set the stand-in's knobs, with rules of their own that it may use up."""
    for name, value in knobs.items():
        setattr(site.faults, name, deepcopy(value))


async def deletes(site: StandIn, count: int, unless: asyncio.Future[Any] | None = None) -> None:
    """Wait until the server got so many DELETEs; for none, until the page asked for its list."""
    while not (unless and unless.done()):
        if site.count("DELETE") >= count if count else any(request.origin == "web" for request in site.requests):
            return
        await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def happenings(plan: Plan, site: StandIn, browsers: BrowserSupervisor) -> AsyncIterator[None]:
    """What happens to the run from outside, in its own time."""

    async def faults() -> None:
        await deletes(site, plan.late_after)
        turn(site, plan.late_knobs)

    async def page_death() -> None:
        await deletes(site, plan.page_dies_after or 0)
        for context in (await browsers.get()).contexts[:1]:
            for page in context.pages[:1]:
                with contextlib.suppress(PlaywrightError, TimeoutError):
                    session = await context.new_cdp_session(page)
                    async with asyncio.timeout(1):
                        await session.send("Page.crash")

    async def browser_death() -> None:
        await deletes(site, plan.browser_dies_after or 0)
        for pid in browsers_below():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    wanted = [
        (faults, bool(plan.late_knobs)),
        (page_death, plan.page_dies_after is not None),
        (browser_death, plan.browser_dies_after is not None),
    ]
    tasks = [asyncio.ensure_future(happen()) for happen, is_wanted in wanted if is_wanted]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for done in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(done, Exception):
                raise done
