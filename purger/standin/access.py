"""Decide whether an API call is allowed: version header, rate limit, ban, token and permissions."""

from __future__ import annotations

from aiohttp import web

from purger.standin.calls import Call
from purger.standin.repository import Repository
from purger.standin.responses import Refusal, refusal
from purger.standin.state import Request, SiteState


def admit(state: SiteState, call: Call, entry: Request, now: float) -> None:
    """Check the limits and the token, and set `entry.authorized`. Raises Refusal.

    A call without a token is admitted, but not authorized.
    """
    authorization = call.headers.get("Authorization", "")
    verdict = state.limits.spend(authorization, call.method, now, state.faults)
    if verdict == "banned":
        raise Refusal(web.Response(status=403, text="Forbidden\n"))
    if verdict == "too many":
        raise Refusal(web.Response(status=429, text="Retry later\n"))
    if call.headers.get("Travis-API-Version") != "3":
        raise Refusal(web.Response(status=404, text="Not Found: this API answers version 3 only\n"))
    if authorization:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "token" or not state.accepts(token):
            denied = "<html><body><h1>access denied</h1></body></html>"
            raise Refusal(web.Response(status=403, text=denied, content_type="text/html"))
        entry.authorized = True


def require_sign_in(entry: Request) -> None:
    """Raise a Refusal for a call without a token."""
    if not entry.authorized:
        raise refusal(403, "login_required", "login required")


def may_see(repository: Repository, entry: Request) -> bool:
    """Return whether the sender of the request can see the repository."""
    return repository.visible if entry.authorized else not repository.private


def permissions_of(repository: Repository, entry: Request) -> dict[str, bool]:
    """Return the permissions that the API lists for the sender of the request."""
    granted = repository.permissions if entry.authorized else dict.fromkeys(repository.permissions, False)
    return {"read": True, "admin": False} | granted


def require_permission(repository: Repository, permission: str, entry: Request) -> None:
    """Raise a Refusal for a sender without this permission."""
    require_sign_in(entry)
    if not repository.permissions.get(permission, False):
        raise refusal(403, "insufficient_access", "operation requires more access")
