"""Serve the stand-in's control calls below `/_standin/`: read its state, and change its caches and faults."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any, Protocol

from aiohttp import web

from purger.standin.calls import Call
from purger.standin.faults_json import InvalidRequestError, set_faults
from purger.standin.repository import Repository
from purger.standin.state import SiteState

PREFIX = "/_standin/"


class AddRepository(Protocol):
    """A function that adds an empty repository."""

    def __call__(self, slug: str, /) -> Repository:
        """Add the repository `slug` (`owner/name`)."""


class Control:
    """Answers the control calls, without authorization, because the stand-in listens on loopback only."""

    def __init__(self, state: SiteState, add_repository: AddRepository) -> None:
        self._state = state
        self._add_repository = add_repository

    def answer(self, call: Call) -> web.Response:
        """Answer one call; an invalid one is answered 400 or 404 with a sentence."""
        try:
            match call.method, call.raw_path.partition("?")[0].removeprefix(PREFIX):
                case "GET", "state":
                    pass
                case "PATCH", "faults":
                    document = _json(call)
                    with self._state.clock.settled():
                        set_faults(self._state.faults, document)
                case "POST", "reset":
                    self._state.faults.reset()
                case "POST", "repositories":
                    self._fill(_json(call))
                case "DELETE", "requests":
                    with self._state.clock.settled():
                        self._state.requests.clear()
                case _:
                    return web.Response(status=404, text="The stand-in has no such call.\n")
        except InvalidRequestError as error:
            return web.Response(status=400, text=f"{error}\n")
        return web.json_response(self._description())

    def _description(self) -> dict[str, Any]:
        with self._state.clock.settled():
            return {
                "repositories": [_describe(repository) for repository in self._state.repositories],
                "requests": self._state.count_by_method(),
                "faults": asdict(self._state.faults),
            }

    def _fill(self, document: object) -> None:
        if not isinstance(document, dict) or not isinstance(document.get("slug"), str) or "/" not in document["slug"]:
            raise InvalidRequestError('Send {"slug": "owner/name", "count": N, "caches": [{"branch": …}]}.')
        count, caches = document.get("count", 0), document.get("caches", [])
        if not isinstance(count, int) or isinstance(count, bool) or count < 0:
            raise InvalidRequestError(f"'count' must be a number of caches, not {count!r}.")
        if not isinstance(caches, list) or not all(map(_is_cache, caches)):
            raise InvalidRequestError("'caches' must be objects with a branch, and optionally name, size_bytes, age_s.")
        with self._state.clock.settled():
            repository = self._state.repository(document["slug"]) or self._add_repository(document["slug"])
            repository.clear()
            for cache in caches:
                rest = {name: value for name, value in cache.items() if name != "branch"}
                repository.add(cache["branch"], **rest)
            repository.fill(count)


_FIELDS: dict[str, type | tuple[type, ...]] = {
    "branch": str,
    "name": str,
    "size_bytes": int,
    "age_s": (int, float),
}


def _is_cache(item: object) -> bool:
    return (
        isinstance(item, dict)
        and "branch" in item
        and all(name in _FIELDS and isinstance(value, _FIELDS[name]) for name, value in item.items())
    )


def _describe(repository: Repository) -> dict[str, Any]:
    return {
        "slug": repository.slug,
        "id": repository.id,
        "provider": repository.provider,
        "left": len(repository.caches),
        "deleted": len(repository.deleted),
        "caches": [
            {
                "branch": cache.branch,
                "name": cache.name,
                "size_bytes": cache.size_bytes,
                "last_modified": cache.last_modified.strftime("%Y-%m-%dT%H:%M:%SZ"),
            }
            for cache in repository.caches
        ],
    }


def _json(call: Call) -> object:
    try:
        document: object = json.loads(call.body)
    except ValueError as error:
        raise InvalidRequestError(f"The body is not JSON: {error}.") from error
    return document
