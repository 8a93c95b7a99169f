"""Define the faults and delays of the stand-in, which tests and control calls switch on."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field, fields
from random import Random
from typing import Any, Literal, Protocol, TypeVar

Origin = Literal["web", "api", "third-party"]
Applied = Literal["none", "all", "half"]
FaultKind = Literal["status", "broken_json", "reset", "hang", "reset_stream", "refuse_stream"]
ChangedPage = Literal["icon-class", "list-markup", "confirm-text", "hang-script", "empty-lists"]
DateHeader = Literal["sent", "empty"]
Hostile = Literal["dialogs", "popup", "download", "exfiltrate", "files"]


@dataclass(slots=True)
class DeleteFault:
    """How deletions fail.

    `branch` is the decoded branch of the DELETE; None matches any. `times` counts down; None means always. `applied`
    is how much is deleted anyway. With `kind` "status" the response has `status`, and `retry_after_s` as Retry-After
    if set; with "broken_json" it is 200 with half a document; "reset" resets the connection, with all calls that are
    in flight on it; "hang" never responds. "reset_stream" ends the HTTP/2 stream alone, with an error;
    "refuse_stream" refuses it, and nothing is deleted, whatever `applied` says. Over HTTP/1.1, where a connection has
    no streams, both reset the connection.
    `share` (0 to 1) is how many of the matching DELETEs fail, spread without a pattern.
    """

    branch: str | None = None
    status: int = 500
    times: int | None = None
    applied: Applied = "none"
    retry_after_s: float | None = None
    kind: FaultKind = "status"
    share: float = 1.0


@dataclass(slots=True)
class ListFault:
    """How GET caches fails: as in DeleteFault, with nothing to apply.

    `after` counts down, too: so many lists are answered well before the first fails.
    """

    status: int = 500
    times: int | None = None
    kind: FaultKind = "status"
    after: int = 0


@dataclass(slots=True)
class GoAway:
    """HTTP/2 connections to `origin` end gracefully after some streams.

    A connection answers the first `after` of its streams. At the next one it sends GOAWAY: that stream and later ones
    are not processed, and the client has to send them again on a new connection; the earlier ones are answered. `times`
    counts the connections down; None means always.
    """

    after: int = 1
    times: int | None = 1
    origin: Origin = "api"


@dataclass(slots=True)
class Reupload:
    """A running job that uploads deleted caches of `branch` (None: any) again, `delay_s` seconds after the deletion.

    The cache has the same name and a newer date. `times` counts down; None means always. `share` (0 to 1) is how many
    of the matching deletions it follows.
    """

    branch: str | None = None
    times: int | None = 1
    delay_s: float = 1.0
    share: float = 1.0


@dataclass(slots=True)
class OddAnswer:
    """A call that is answered with `body` and `status`, and does nothing: those whose path ends with `path_end`.

    `after` counts down: so many of them are answered as ever before the first that is not.
    """

    path_end: str
    body: str
    method: str = "GET"
    status: int = 200
    after: int = 0


@dataclass
class Faults:
    """All faults of the stand-in. A change applies from the next request on.

    delete_fault: rules for DELETE caches with a branch; the first match is used.
    delete_all_fault: rules for DELETE caches without a branch.
    list_fault: how GET caches fails.
    delete_latency_s: seconds before each DELETE caches is applied.
    delete_all_latency_per_archive_s: seconds for each cache that a DELETE without a branch deletes.
    api_latency_s: seconds that every API call takes, except for preflights.
    list_latency_s: additional seconds that GET caches takes.
    list_headers: additional headers of GET caches, such as those by which a browser may keep its response.
    page_latency_s: seconds that the front end's pages take.
    permissions_delay_s: seconds that GET /users/permissions takes; if it ends after the list, the page's script fails.
    deletion_delay_s: seconds that a cache is still stored and listed after the response to its deletion.
    lost_deletions: full branch names whose deletions are answered but never applied.
    reupload: running jobs that upload deleted caches again.
    token_expires_after: the number of authorized calls, counted from the first one after this was set, before the
        token is rejected.
    rate_limit_per_minute: requests that a token may send in a window; None switches the limit off.
    rate_limit_window_s: length of the window in seconds; it starts with its first request.
    post_limit: POSTs within `post_window_s` seconds that ban a token for `post_ban_s` seconds; None: never.
    changed_page: the page is not the known one: icons have another class, lists another markup, the question
        another text, a script never ends, or no list is shown although there are caches.
    hostile: the page asks other questions, opens a window, offers a download, or tries to send the token or a local
        file to the third-party origin.
    redirect_api_to: an origin to which every API call is redirected (302).
    third_party_scripts: URLs of scripts that block the page's parser until they are loaded.
    third_party_latency_s: seconds that the third-party origin takes to answer.
    clock_offset_s: how far the site's `Date` headers are ahead of this machine's clock.
    date_header: whether responses have a date; "empty" has none in it.
    odd_answers: API calls that are answered with something else.
    host_status: the status that the host's API answers with from now on, in place of a pull request's state.
    host_calls: how many calls the host's API answers before its rate limit, 403; None: all.
    goaway: HTTP/2 connections that end after some streams.
    """

    delete_fault: list[DeleteFault] = field(default_factory=list)
    delete_all_fault: list[DeleteFault] = field(default_factory=list)
    list_fault: ListFault | None = None
    delete_latency_s: float = 0.0
    delete_all_latency_per_archive_s: float = 0.0
    api_latency_s: float = 0.0
    list_latency_s: float = 0.0
    list_headers: dict[str, str] = field(default_factory=dict)
    page_latency_s: float = 0.0
    permissions_delay_s: float = 0.0
    deletion_delay_s: float = 0.0
    lost_deletions: list[str] = field(default_factory=list)
    reupload: list[Reupload] = field(default_factory=list)
    token_expires_after: int | None = None
    rate_limit_per_minute: int | None = 2000
    rate_limit_window_s: float = 60.0
    post_limit: int | None = 50
    post_window_s: float = 30.0
    post_ban_s: float = 3600.0
    changed_page: ChangedPage | None = None
    hostile: Hostile | None = None
    redirect_api_to: str | None = None
    third_party_scripts: list[str] = field(default_factory=list)
    third_party_latency_s: float = 0.0
    clock_offset_s: float = 0.0
    date_header: DateHeader = "sent"
    odd_answers: list[OddAnswer] = field(default_factory=list)
    host_status: int | None = None
    host_calls: int | None = None
    goaway: GoAway | None = None

    def __post_init__(self) -> None:
        """Remember the initial values, for `reset`."""
        self._initial = deepcopy(self.as_dict())

    def as_dict(self) -> dict[str, Any]:
        """Return all faults by name."""
        return {fault.name: getattr(self, fault.name) for fault in fields(self)}

    def reset(self) -> None:
        """Set all faults back to their initial values."""
        vars(self).update(deepcopy(self._initial))


def take_odd_answer(answers: Sequence[OddAnswer], method: str, path: str) -> OddAnswer | None:
    """Return the first odd answer for this call, and count down those that are not due yet."""
    for odd in answers:
        if odd.method == method and path.endswith(odd.path_end):
            if odd.after == 0:
                return odd
            odd.after -= 1
    return None


class _Rule(Protocol):
    branch: str | None
    times: int | None
    share: float


_RuleT = TypeVar("_RuleT", bound=_Rule)

# Seeded, so that a run of the same requests fails in the same way.
_DICE = Random(15)


def take_rule(rules: Sequence[_RuleT], branch: str | None) -> _RuleT | None:
    """Return the first rule for this branch with uses left, and count the use down."""
    for rule in rules:
        if rule.branch in {None, branch} and rule.times != 0 and _DICE.random() < rule.share:
            if rule.times is not None:
                rule.times -= 1
            return rule
    return None
