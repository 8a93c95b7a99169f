"""Decides whether an API call may pass: version header, rate limit, ban, token."""

from __future__ import annotations

from aiohttp import web

from purger.standin.answers import Refusal, refusal
from purger.standin.repository import Repository
from purger.standin.world import Request, World


def let_in(world: World, request: web.BaseRequest, entry: Request, now: float) -> None:
    """Note on `entry` whether the call is authorized; without any token it is not. Raises Refusal."""
    given = request.headers.get("Authorization", "")
    verdict = world.limits.spend(given, request.method, now, world.faults)
    if verdict == "banned":
        raise Refusal(web.Response(status=403, text="Forbidden\n"))
    if verdict == "too many":
        raise Refusal(web.Response(status=429, text="Retry later\n"))
    if request.headers.get("Travis-API-Version") != "3":
        raise Refusal(web.Response(status=404, text="Not Found: this API answers version 3 only\n"))
    if given:
        scheme, _, token = given.partition(" ")
        if scheme.lower() != "token" or not world.accepts(token):
            denied = "<html><body><h1>access denied</h1></body></html>"
            raise Refusal(web.Response(status=403, text=denied, content_type="text/html"))
        entry.authorized = True


def need_sign_in(entry: Request) -> None:
    """Raise what the API answers where a token is needed and there is none."""
    if not entry.authorized:
        raise refusal(403, "login_required", "login required")


def may_see(repository: Repository, entry: Request) -> bool:
    """Whether the repository exists as far as this caller is concerned."""
    return repository.visible if entry.authorized else not repository.private


def permissions_of(repository: Repository, entry: Request) -> dict[str, bool]:
    """What the API tells that this caller may do."""
    granted = repository.permissions if entry.authorized else dict.fromkeys(repository.permissions, False)
    return {"read": True, "admin": False} | granted


def need(repository: Repository, permission: str, entry: Request) -> None:
    """Raise what the API answers to a caller without this permission."""
    need_sign_in(entry)
    if not repository.permissions.get(permission, False):
        raise refusal(403, "insufficient_access", "operation requires more access")
