"""Serve the API's calls to list and delete caches, with their faults."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from aiohttp import web

from purger.standin.caches import Cache
from purger.standin.calls import Call, NoResponseError, wait_until_gone
from purger.standin.faults import Applied, DeleteFault, FaultKind, take_rule
from purger.standin.query import read_query
from purger.standin.repository import Repository
from purger.standin.responses import json_error
from purger.standin.state import SiteState

_REASONS = {
    429: "Retry later",
    500: "Sorry, we experienced an error.",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


class CacheCalls:
    """Answers the calls for a repository's caches. The caller checks the permissions.

    `closing` ends the calls that never get a response.
    """

    def __init__(self, state: SiteState, closing: asyncio.Event) -> None:
        self._state = state
        self._closing = closing

    async def list(self, call: Call, repository: Repository, raw_query: str) -> web.Response:
        """Answer with the caches below the branch's prefix, as the object store lists them."""
        branch, match = _selection(raw_query)
        faults = self._state.faults
        await asyncio.sleep(faults.list_latency_s)
        with self._state.clock.settled():
            fault = faults.list_fault
            is_on = fault is not None and fault.times != 0 and not fault.after
            if fault is not None and fault.after:
                fault.after -= 1
            elif fault is not None and fault.times:
                fault.times -= 1
        text = _text_of(repository.listed(branch, match))
        if fault is not None and is_on:
            return await self._fail(call, fault.kind, fault.status, text)
        return web.Response(text=text, content_type="application/json", headers=faults.list_headers)

    async def delete(self, call: Call, repository: Repository, raw_query: str) -> web.Response:
        """Delete the caches that the same GET would list, one after the other, and answer with them."""
        branch, match = _selection(raw_query)
        faults = self._state.faults
        await asyncio.sleep(faults.delete_latency_s)
        with self._state.clock.settled():
            rule = take_rule(faults.delete_fault if branch else faults.delete_all_fault, branch)
            caches = repository.listed(branch, match)
        await self._apply(repository, caches, _applied(rule), is_for_all=not branch)
        text = _text_of(caches)
        if rule is not None:
            return await self._fail(call, rule.kind, rule.status, text, rule)
        return web.Response(text=text, content_type="application/json")

    async def _apply(
        self, repository: Repository, caches: Sequence[Cache], applied: Applied, *, is_for_all: bool
    ) -> None:
        count = {"none": 0, "half": len(caches) // 2, "all": len(caches)}[applied]
        latency_s = self._state.faults.delete_all_latency_per_archive_s if is_for_all else 0.0
        if not latency_s:
            repository.delete(caches[:count])
            return
        for cache in caches[:count]:
            await asyncio.sleep(latency_s)
            repository.delete([cache])

    async def _fail(
        self,
        call: Call,
        kind: FaultKind,
        status: int,
        text: str,
        rule: DeleteFault | None = None,
    ) -> web.Response:
        match kind:
            case "hang":
                await wait_until_gone(call, self._closing)
                raise NoResponseError(kind)
            case "reset" | "reset_stream" | "refuse_stream":
                raise NoResponseError(kind)
            case "broken_json":
                return web.Response(text=text[: len(text) // 2], content_type="application/json")
            case "status":
                response = _failure(status)
                if rule is not None and rule.retry_after_s is not None:
                    response.headers["Retry-After"] = f"{rule.retry_after_s:g}"
                return response


def _applied(rule: DeleteFault | None) -> Applied:
    """Return how much of a deletion is done. To refuse a stream is to promise that nothing was."""
    if rule is None:
        return "all"
    return "none" if rule.kind == "refuse_stream" else rule.applied


def _failure(status: int) -> web.Response:
    """Return an error as the site sends it: JSON from the API itself, text or HTML from a proxy in front of it."""
    reason = _REASONS.get(status, f"answered {status}")
    if status == 429:
        return web.Response(status=status, text=f"{reason}\n")
    if status in {502, 504}:
        page = f"<html><head><title>{status} {reason}</title></head><body><h1>{status} {reason}</h1></body></html>"
        return web.Response(status=status, text=page, content_type="text/html")
    if status == 403:
        return json_error(403, "insufficient_access", "operation requires more access")
    return json_error(status, "error", reason)


def _selection(raw_query: str) -> tuple[str | None, str | None]:
    parameters = read_query(raw_query)
    return parameters.get("branch") or None, parameters.get("match") or None


def _text_of(caches: Sequence[Cache]) -> str:
    return json.dumps({"@type": "caches", "caches": [_item(cache) for cache in caches]})


def _item(cache: Cache) -> dict[str, Any]:
    return {
        "@type": "cache",
        "repository_id": cache.repository_id,
        "name": cache.displayed_name,
        "branch": cache.displayed_branch,
        "size": cache.size_bytes,
        "last_modified": cache.last_modified.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
