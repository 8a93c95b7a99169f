"""The stand-in's own calls below `/_standin/`: what is left, what came, and the knobs, for a person or a process."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Protocol

from aiohttp import web

from purger.standin.faults_json import BadKnobError, set_knobs
from purger.standin.repository import Repository
from purger.standin.world import World

PREFIX = "/_standin/"


class AddRepository(Protocol):
    """Makes an empty repository `owner/name`."""

    def __call__(self, slug: str, /) -> Repository:
        """Make it."""


class Control:
    """Answers the stand-in's own calls, without any authorization: it listens on loopback only."""

    def __init__(self, world: World, add_repository: AddRepository) -> None:
        """Tell of this state and change it; repositories that are named for the first time come from the maker."""
        self._world = world
        self._add_repository = add_repository

    async def answer(self, request: web.BaseRequest) -> web.Response:
        """Answer one call; what can't be done is answered 400 or 404 with a sentence."""
        try:
            match request.method, request.path.removeprefix(PREFIX):
                case "GET", "state":
                    pass
                case "PATCH", "faults":
                    told = await _json(request)
                    with self._world.clock.settled():
                        set_knobs(self._world.faults, told)
                case "POST", "reset":
                    self._world.faults.reset()
                case "POST", "repositories":
                    self._fill(await _json(request))
                case "DELETE", "requests":
                    with self._world.clock.settled():
                        self._world.requests.clear()
                case _:
                    return web.Response(status=404, text="The stand-in has no such call.\n")
        except BadKnobError as error:
            return web.Response(status=400, text=f"{error}\n")
        return web.json_response(self._state())

    def _state(self) -> dict[str, Any]:
        with self._world.clock.settled():
            return {
                "repositories": [_told_of(repository) for repository in self._world.repositories],
                "requests": self._world.count_by_method(),
                "knobs": asdict(self._world.faults),
            }

    def _fill(self, told: object) -> None:
        if not isinstance(told, dict) or not isinstance(told.get("slug"), str) or "/" not in told["slug"]:
            raise BadKnobError('Send {"slug": "owner/name", "caches": N, "archives": [{"branch": …}]}.')
        count, archives = told.get("caches", 0), told.get("archives", [])
        if not isinstance(count, int) or isinstance(count, bool) or count < 0:
            raise BadKnobError(f"'caches' wants a number of archives, not {count!r}.")
        if not isinstance(archives, list) or not all(map(_describes_archive, archives)):
            raise BadKnobError("'archives' wants objects with a branch, and name, size_bytes, age_s if you like.")
        with self._world.clock.settled():
            repository = self._world.repository(told["slug"]) or self._add_repository(told["slug"])
            repository.clear()
            for archive in archives:
                rest = {name: value for name, value in archive.items() if name != "branch"}
                repository.add(archive["branch"], **rest)
            repository.fill(count)


_PARTS: dict[str, type | tuple[type, ...]] = {
    "branch": str,
    "name": str,
    "size_bytes": int,
    "age_s": (int, float),
}


def _describes_archive(told: object) -> bool:
    return (
        isinstance(told, dict)
        and "branch" in told
        and all(name in _PARTS and isinstance(value, _PARTS[name]) for name, value in told.items())
    )


def _told_of(repository: Repository) -> dict[str, Any]:
    return {
        "slug": repository.slug,
        "id": repository.id,
        "provider": repository.provider,
        "left": len(repository.archives),
        "deleted": len(repository.deleted),
        "archives": [
            {
                "branch": archive.branch,
                "name": archive.name,
                "size_bytes": archive.size_bytes,
                "last_modified": archive.last_modified.strftime("%Y-%m-%dT%H:%M:%SZ"),
            }
            for archive in repository.archives
        ],
    }


async def _json(request: web.BaseRequest) -> object:
    try:
        told: object = await request.json()
    except ValueError as error:
        raise BadKnobError(f"That is not JSON: {error}.") from error
    return told
