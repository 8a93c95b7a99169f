"""Passes under each fault of the site, checked against the stand-in's own state."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from itertools import product
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.async_api import BrowserContext
from tenacity import stop_after_attempt

from purger.browser.settings import BrowserSettings
from purger.core import events
from purger.core.cache import Method, Outcome
from purger.core.errors import AccessError, SiteError, UnknownPageError
from purger.core.retry_policies import PageWaits, RetryPolicies
from purger.core.selection import Selection
from purger.purge.entry import NOT_APPLIED
from purger.purge.passes import LOW_WATER
from purger.report.timeline import Timeline
from purger.standin import DeleteFault, GoAway, Reupload, StandIn
from purger.standin.faults import Applied, FaultKind, ListFault
from purger.standin.repository import Repository
from purger.travis.page.cache_page import CachePage
from tests.support.browser import FOR_EVER, Purge, Purger, full_state, loads, long_enough, over_both
from tests.support.clocks import Virtual
from tests.support.retry_policies import FAST, QUICK

pytestmark = pytest.mark.browser

APPLIED: list[Applied] = ["all", "half"]
ALL_OR_NOTHING: list[Applied] = ["all", "none"]
MOST_LOADS = 3
"""So many attempts the production policy has for a load of the page."""
REFUSALS = [
    DeleteFault(status=500),
    DeleteFault(status=502),
    DeleteFault(status=503),
    DeleteFault(status=429),
    DeleteFault(status=429, retry_after_s=1.0),
    DeleteFault(kind="broken_json", applied="none"),
]


def named(fault: DeleteFault) -> str:
    return f"{fault.kind}-{fault.status}-{fault.retry_after_s or 0:g}"


def waiting(**waits: float) -> RetryPolicies:
    """Short pauses, with other waits for the page."""
    return replace(QUICK, page=PageWaits(**waits))


@pytest.mark.parametrize(("site", "times"), [("http1", 1), ("http1", 3), ("http2", 3)], indirect=["site"])
async def test_refusals_that_pass_are_retried(purge: Purge, site: StandIn, repository: Repository, times: int) -> None:
    """Each branch is refused in one of these ways, and so often; what the rate limit holds up is no attempt."""
    for number, fault in enumerate(REFUSALS * 2):
        branch = f"{named(fault)}-{number}"
        repository.add(branch)
        site.faults.delete_fault.append(replace(fault, branch=branch, times=times))
    record = await purge()
    assert repository.caches == []
    assert record.ok
    assert {rule.times for rule in site.faults.delete_fault} == {0}
    for entry in record.ledger.entries:
        assert entry.attempts == (1 if "429" in entry.cache.branch else times + 1), entry.cache.branch


async def test_the_counts_of_clicks_are_summed_over_the_pass(
    purge: Purge, site: StandIn, repository: Repository
) -> None:
    repository.fill(3)
    site.faults.delete_fault = [DeleteFault(status=500, applied="none", times=6)]
    timeline, seen = Timeline(), list[events.Event]()

    def observe(event: events.Event) -> None:
        timeline.see(event)
        seen.append(event)

    record = await purge(observe=observe)
    assert (record.ok, record.passes) == (True, 1)
    last = [event for event in seen if isinstance(event, events.BatchClicked)][-1]
    assert (last.clicked, last.accepted, last.refused) == (9, 3, 6)
    assert sum(entry.rows for entry in timeline.entries) == 9


async def test_in_slow_motion_there_is_a_pause_before_each_click(
    purge: Purge, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.fill(3)
    course = list[float | str]()

    async def sleep(seconds: float) -> None:
        course.append(seconds)

    def observe(event: events.Event) -> None:
        if isinstance(event, events.Clicking):
            course.extend(event.branches)

    monkeypatch.setattr("purger.purge.passes.asyncio", SimpleNamespace(sleep=sleep))
    branches = [cache.branch for cache in repository.caches]
    assert (await purge(observe=observe, browser=BrowserSettings(slow_mo_ms=200))).ok
    assert course[::2] == [0.2] * 3
    assert sorted(map(str, course[1::2])) == sorted(branches)


@over_both
async def test_a_branch_that_is_always_refused(purge: Purge, site: StandIn, repository: Repository) -> None:
    """Each of them with a status of its own."""
    repository.fill(8)
    statuses = {named(fault): fault.status for fault in REFUSALS[:4]}
    for branch, status in statuses.items():
        repository.add(branch)
        site.faults.delete_fault.append(DeleteFault(branch, status))
    site.faults.delete_all_fault = [DeleteFault(None, 503)]
    record = await purge(attempts=2)
    assert {cache.branch for cache in repository.caches} == set(statuses)
    assert not record.ok
    left = record.ledger.left
    assert {entry.cache.branch for entry in left} == set(statuses)
    for failed in left:
        assert failed.outcome is Outcome.FAILED
        assert f"answered {statuses[failed.cache.branch]}" in (failed.reason or "")
    assert all(entry.outcome is Outcome.DELETED for entry in record.ledger.entries if entry not in left)


async def test_a_refusal_that_is_final_is_not_repeated(purge: Purge, site: StandIn, repository: Repository) -> None:
    repository.add("locked")
    repository.add("main")
    site.faults.delete_fault = [DeleteFault("locked", 403)]
    record = await purge()
    assert [cache.branch for cache in repository.caches] == ["locked"]
    assert [(entry.outcome, entry.cache.branch) for entry in record.ledger.left] == [(Outcome.FAILED, "locked")]
    assert site.count("DELETE") == 2


@pytest.mark.parametrize(("status", "is_final"), [(400, True), (409, False), (503, False)])
async def test_an_exact_call_is_repeated_where_its_refusal_may_pass(
    purge: Purge, site: StandIn, repository: Repository, status: int, is_final: bool
) -> None:
    repository.add("feature/a")
    site.faults.delete_fault = [DeleteFault("feature/a", status, times=None if is_final else 1)]
    record = await purge(Selection(branches=("feature/a",)))
    assert len(repository.caches) == is_final
    assert site.count("DELETE") == (1 if is_final else 2)
    assert record.ok is not is_final


async def test_a_refusal_that_says_that_it_passes_is_repeated(
    purge: Purge, site: StandIn, repository: Repository
) -> None:
    fail_each(site, repository, *(DeleteFault("", status) for status in (408, 409, 421, 423, 425)))
    record = await purge()
    assert record.ok
    assert (repository.caches, unmet(site)) == ([], [])


def fail_each(site: StandIn, repository: Repository, *faults: DeleteFault, caches: int = 1) -> None:
    """Add a branch for each of the faults, whose first deletion meets it."""
    for number, fault in enumerate(faults):
        branch = f"{fault.kind}-{fault.status}-{fault.applied}-{number}"
        for _ in range(caches):
            repository.add(branch)
        site.faults.delete_fault.append(replace(fault, branch=branch, times=fault.times or 1))


def unmet(site: StandIn) -> list[DeleteFault]:
    """The faults that no deletion met so often as they say."""
    return [fault for fault in site.faults.delete_fault if fault.times]


@over_both
async def test_a_refusal_although_it_was_applied(purge: Purge, site: StandIn, repository: Repository) -> None:
    faults = product((502, 504), APPLIED)
    fail_each(site, repository, *(DeleteFault(status=status, applied=applied) for status, applied in faults), caches=4)
    record = await purge()
    assert repository.caches == []
    assert unmet(site) == []
    assert record.ok
    assert {entry.outcome for entry in record.ledger.entries} == {Outcome.DELETED}


@over_both
async def test_a_deletion_without_a_response_is_retried(purge: Purge, site: StandIn, repository: Repository) -> None:
    """Chromium itself sends a DELETE again when a kept-alive connection is reset."""
    repository.fill(8)
    kinds: list[FaultKind] = ["reset", "hang"]
    faults = [DeleteFault(kind=kind, applied=applied) for kind, applied in product(kinds, ALL_OR_NOTHING)]
    fail_each(site, repository, *faults * 2)
    record = await purge(answer_timeout_s=3.0)
    assert repository.caches == []
    assert unmet(site) == []
    assert record.ok


@pytest.mark.parametrize("site", ["http2"], indirect=True)
async def test_a_stream_that_ends_without_a_response_is_retried(
    purge: Purge, site: StandIn, repository: Repository
) -> None:
    repository.fill(8)
    faults = [DeleteFault(kind="reset_stream", applied=applied) for applied in ALL_OR_NOTHING]
    fail_each(site, repository, *faults * 2, DeleteFault(kind="refuse_stream", times=2))
    record = await purge()
    assert repository.caches == []
    assert unmet(site) == []
    assert record.ok


@pytest.mark.parametrize("site", ["http2"], indirect=True)
async def test_connections_that_go_away_cost_no_deletion(purge: Purge, site: StandIn, repository: Repository) -> None:
    repository.fill(150)
    site.faults.goaway = GoAway(after=40, times=3)
    record = await purge()
    assert repository.caches == []
    assert record.ok
    assert site.faults.goaway.times == 0


@over_both
async def test_one_that_never_answers_holds_up_no_other(purge: Purge, site: StandIn, repository: Repository) -> None:
    repository.fill(30)
    repository.add("mute")
    site.faults.delete_fault = [DeleteFault("mute", kind="hang")]
    site.faults.delete_all_fault = [DeleteFault(None, kind="hang")]
    policies = replace(FAST, call_timeout_s=5.0, api_busy=replace(FAST.api_busy, stop=stop_after_attempt(1)))
    record = await purge(answer_timeout_s=2.0, attempts=2, batch_size=10, policies=policies)
    assert [cache.branch for cache in repository.caches] == ["mute"]
    (mute,) = record.ledger.left
    assert mute.outcome is Outcome.FAILED
    assert mute.attempts >= 4, "two by its icon, and two by another method"


@pytest.mark.parametrize(("status", "share", "caches"), [(503, 0.37, 120), (500, 0.6, 40)])
async def test_refusals_that_pass_are_outlasted(
    purge: Purge, site: StandIn, repository: Repository, status: int, share: float, caches: int
) -> None:
    repository.fill(caches)
    site.faults.delete_fault = [DeleteFault(None, status, share=share)]
    site.faults.delete_all_fault = [DeleteFault(None, status)]
    # So many that the last cache, whose every attempt may be refused by chance, is not given up.
    record = await purge(attempts=50)
    assert repository.caches == []
    assert record.ok


async def test_a_button_that_fails_once_is_pressed_again(purge: Purge, site: StandIn, repository: Repository) -> None:
    """No branch of the repository leads to the row, so that nothing but the button deletes it."""
    repository.fill(5)
    repository.add("gone/long-ago")
    repository._branches = []
    site.faults.delete_all_fault = [DeleteFault(None, 503, times=2)]
    record = await purge()
    assert repository.caches == []
    assert record.ok


async def test_an_icon_that_is_always_refused_gives_way_to_the_button(
    purge: Purge, site: StandIn, repository: Repository
) -> None:
    repository.fill(5)
    repository.add("stubborn")
    site.faults.delete_fault = [DeleteFault("stubborn", 500)]
    record = await purge()
    assert repository.caches == []
    assert {entry.method for entry in record.ledger.entries if entry.cache.branch == "stubborn"} == {Method.BUTTON}
    assert record.ok


async def test_an_icon_that_is_always_refused_gives_way_to_exact_calls(
    purge: Purge, site: StandIn, repository: Repository
) -> None:
    repository.fill(5)
    stubborn = repository.add("stubborn")
    # The icon's four attempts, and the first call.
    site.faults.delete_fault = [DeleteFault("stubborn", 500, times=5)]
    site.faults.delete_all_fault = [DeleteFault(None, 500)]
    record = await purge()
    assert repository.caches == []
    (entry,) = [entry for entry in record.ledger.entries if entry.cache.name == stubborn.name]
    assert entry.method is Method.API
    assert record.ok


@over_both
async def test_the_rate_limit_of_a_token_that_others_use(purge: Purge, site: StandIn, repository: Repository) -> None:
    repository.fill(1100, branches=80)
    # The first window lasts until the limit is met, however slowly that comes.
    site.faults.rate_limit_per_minute, site.faults.rate_limit_window_s = 60, FOR_EVER
    site.use_token_elsewhere(40)
    task = asyncio.ensure_future(purge())
    while not any(request.status == 429 for request in site.requests) and not task.done():
        await asyncio.sleep(0.01)
    site.faults.rate_limit_window_s = 1.0
    record = await task
    assert repository.caches == []
    assert record.ok
    assert len(record.ledger.entries) == 1100
    assert any(request.status == 429 for request in site.requests)


@over_both
async def test_the_budget_keeps_below_the_limit(
    purge: Purge, site: StandIn, repository: Repository, virtual_clock: Virtual
) -> None:
    repository.fill(60)
    # The clock stands still while requests are under way, so those of one window may reach the site in the next.
    site.faults.rate_limit_per_minute = 30 + LOW_WATER
    record = await purge(max_rate=30, clock=virtual_clock)
    assert record.ok
    assert repository.caches == []
    assert not any(request.status == 429 for request in site.requests)
    assert virtual_clock.now > 60


async def test_a_running_job_uploads_once_more(purge: Purge, site: StandIn, repository: Repository) -> None:
    repository.add("busy")
    repository.add("main")
    site.faults.reupload = [Reupload("busy", times=1, delay_s=0.0)]
    record = await purge()
    assert repository.caches == []
    assert record.ok
    assert {entry.cache.branch: entry.recreated for entry in record.ledger.entries} == {"busy": 1, "main": 0}
    assert len(repository.deleted) == 3


async def test_a_running_job_uploads_every_time(purge: Purge, site: StandIn, repository: Repository) -> None:
    repository.add("busy")
    repository.add("main")
    site.faults.reupload = [Reupload("busy", times=None, delay_s=0.0)]
    record = await purge(attempts=3)
    assert [cache.branch for cache in repository.caches] == ["busy"]
    assert not record.ok
    (busy,) = record.ledger.left
    assert (busy.outcome, busy.attempts, busy.recreated) == (Outcome.RECREATED, 3, 3)
    assert "running" in record.warnings[0]


async def test_an_upload_between_the_last_two_loads(purge: Purge, site: StandIn, repository: Repository) -> None:
    cache = repository.add("busy")
    clear_loads: list[events.Event] = []

    def upload_after_the_first(event: events.Event) -> None:
        if isinstance(event, events.PageLoaded) and event.left == 0:
            clear_loads.append(event)
            if len(clear_loads) == 1:
                repository.add("busy", name=cache.name, age_s=0)

    record = await purge(settle_s=0.1, observe=upload_after_the_first)
    assert repository.caches == []
    assert record.ok
    assert record.ledger.entries[0].recreated == 1
    assert len(clear_loads) == 3


async def test_a_deletion_that_takes_too_long(purge: Purge, site: StandIn, repository: Repository) -> None:
    repository.fill(5)
    site.faults.deletion_delay_s = FOR_EVER
    record = await purge(recheck_timeout_s=2.0)
    assert not record.ok
    assert record.loads > 2
    assert {entry.reason for entry in record.ledger.entries} == {NOT_APPLIED}
    assert site.count("DELETE") == 5


@over_both
async def test_the_token_expires_in_the_middle(purge: Purge, site: StandIn, repository: Repository) -> None:
    repository.fill(30)
    site.faults.token_expires_after = 20
    with pytest.raises(AccessError, match="token was refused"):
        await purge()
    assert 0 < len(repository.caches) < 30


# All with `after=1`: the survey has its own list.
@pytest.mark.parametrize(
    "fault",
    [
        ListFault(500, times=1, after=1),
        ListFault(kind="reset", times=1, after=1),
        ListFault(kind="broken_json", times=1, after=1),
    ],
    ids=lambda fault: fault.kind,
)
@over_both
async def test_a_list_that_fails_once_is_loaded_again(
    purge: Purge, site: StandIn, repository: Repository, fault: ListFault
) -> None:
    repository.fill(5)
    site.faults.list_fault = fault
    assert (await purge()).ok
    assert repository.caches == []


async def test_a_list_that_is_slow_is_waited_for(purge: Purge, site: StandIn, repository: Repository) -> None:
    repository.fill(5)
    site.faults.list_latency_s = 2.0
    assert (await purge()).ok


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (ListFault(500, after=1), SiteError),
        (ListFault(403, after=1), SiteError),
        (ListFault(kind="hang", after=1), SiteError),
    ],
    ids=["500", "403", "hang"],
)
async def test_a_list_that_never_comes_is_an_error_of_the_site(
    purge: Purge, site: StandIn, repository: Repository, fault: ListFault, error: type[Exception]
) -> None:
    repository.fill(5)
    site.faults.list_fault = fault
    with pytest.raises(error):
        await purge(page_timeout_s=1.0)
    assert len(repository.caches) == 5


@pytest.mark.parametrize("change", ["icon-class", "list-markup", "empty-lists", "confirm-text"])
async def test_a_page_that_changed_is_never_taken_for_an_empty_one(
    purge: Purge, site: StandIn, repository: Repository, change: str
) -> None:
    repository.fill(5)
    site.faults.changed_page = change  # type: ignore[assignment]
    with pytest.raises(UnknownPageError, match="not the one we know"):
        await purge(policies=waiting(render_grace_s=0.5))
    assert len(repository.caches) == 5
    assert site.count("DELETE") == 0
    assert loads(site) <= MOST_LOADS


async def test_a_script_that_hangs_ends_in_an_error_or_a_verified_purge(
    purge: Purge, site: StandIn, repository: Repository
) -> None:
    """It hangs after the page was read: what was clicked before counts as what a later load shows."""
    repository.fill(5)
    site.faults.changed_page = "hang-script"
    with contextlib.suppress(SiteError):
        assert (await purge(page_timeout_s=2.0, policies=waiting(crash_grace_s=1.0, patience_s=1.0))).ok
        assert repository.caches == []


@pytest.mark.parametrize("times", [1, None], ids=["once", "always"])
async def test_a_page_that_dies_while_it_renders(
    purge: Purge, site: StandIn, repository: Repository, times: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The race on the user's permissions, which only a page with the full sign-in can lose."""
    prepare = CachePage.prepare

    async def prepare_full_state(context: BrowserContext, *arguments: Any, **more: Any) -> None:
        await context.add_init_script(full_state(site))
        await prepare(context, *arguments, **more)

    monkeypatch.setattr(CachePage, "prepare", staticmethod(prepare_full_state))
    repository.fill(5)
    site.faults.permissions_delay_s = 1.0
    task = asyncio.ensure_future(purge(policies=waiting(render_grace_s=0.3)))
    if times is None:
        with pytest.raises(UnknownPageError, match="shows 0 items"):
            await task
        assert len(repository.caches) == 5
        assert site.count("GET", "/users/permissions") > 1
    else:
        while site.count("GET", "/users/permissions") == 0 and not task.done():
            await asyncio.sleep(0.01)
        site.faults.permissions_delay_s = 0.0
        assert (await task).ok
        assert repository.caches == []


async def test_two_purges_at_once_delete_everything(purge: Purge, repository: Repository) -> None:
    repository.fill(40)
    records = await asyncio.gather(purge(), purge())
    assert repository.caches == []
    assert [record.ok for record in records] == [True, True]


def test_a_report_of_what_was_done_before_the_token_expired(
    purger: Purger, site: StandIn, repository: Repository
) -> None:
    repository.fill(40)
    site.faults.token_expires_after = 25
    ended = purger("purge", "acme/widgets", "--yes")
    assert ended.code == 3
    assert not ended.repository["ok"]
    assert ended.repository["error"]["exit_code"] == 3
    assert ended.repository["seen"] == 40
    assert ended.repository["deleted"] == 0, "no later load showed it"
    reasons = {cache["reason"] for cache in ended.repository["caches"]}
    assert any("its deletion was accepted, but no recheck" in reason for reason in reasons)


def test_the_time_of_the_whole_command(purger: Purger, site: StandIn, repository: Repository) -> None:
    repository.fill(5)
    site.faults.deletion_delay_s = FOR_EVER
    for seconds in long_enough(4):
        site.forget_requests()
        ended = purger("purge", "acme/widgets", "--yes", "--timeout", f"{seconds:g}s", "--recheck-timeout", "1h")
        assert ended.code == 1
        assert "Timed out after" in ended.err
        if loads(site) > 2:  # it waits for what it deleted
            break
    assert ended.repository["remaining"] == 5


async def test_a_row_of_which_caches_are_left_alone_is_warned_of_once_with_all_of_them(
    purge: Purge, repository: Repository
) -> None:
    for branch in ("main", "dev", "qa"):
        for number, age_s in enumerate((9 * 86_400, 86_400)):
            name = f"cache-linux-{str(number) * 64}--gemfile-a/b/c.gemfile.tgz"
            repository.add(branch, name=name, age_s=age_s)
    record = await purge(Selection(older_than_s=8 * 86_400))
    (warning,) = [one for one in record.warnings if "left alone" in one]
    assert warning.startswith("3 caches of 'b' are left alone: ")


async def test_what_is_left_alone_is_warned_of_although_the_page_fails_meanwhile(
    purge: Purge, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is planned once, in the pass that failed."""
    for branch in ("feature", "feature/foo"):
        repository.add(branch, name="cache-linux.tgz", age_s=9 * 86_400 if branch == "feature" else 60)
    repository.add("main", age_s=9 * 86_400)
    click, failures = CachePage.click, [SiteError("the page failed")]

    async def fail_once(page: CachePage, *given: Any, **more: Any) -> Any:
        if failures:
            raise failures.pop()
        return await click(page, *given, **more)

    monkeypatch.setattr(CachePage, "click", fail_once)
    record = await purge(Selection(older_than_s=8 * 86_400))
    assert [cache.branch for cache in repository.caches] == ["feature", "feature/foo"]
    assert any("of 'feature' is left alone" in one for one in record.warnings)
