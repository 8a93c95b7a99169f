"""The knobs: everything that can go wrong on the site, or be slow, switched on by a test or over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field, fields
from typing import Any, Literal, Protocol, TypeVar

Applied = Literal["none", "all", "half"]
DeleteKind = Literal["status", "broken_json", "reset", "hang"]
ListKind = Literal["status", "broken_json", "reset", "hang"]
ChangedPage = Literal["icon-class", "list-markup", "confirm-text", "hang-script", "empty-lists"]
Hostile = Literal["dialogs", "popup", "download", "exfiltrate", "files"]


@dataclass(slots=True)
class DeleteFault:
    """How deletions fail.

    `branch` is the exact, decoded one that a DELETE names; None is any. `times` counts down; None is for ever.
    `applied` says how much is deleted all the same. `kind` "status" answers `status`, with `retry_after_s` as its
    Retry-After where given; "broken_json" answers 200 with half a document; "reset" resets the connection; "hang"
    never answers.
    """

    branch: str | None = None
    status: int = 500
    times: int | None = None
    applied: Applied = "none"
    retry_after_s: float | None = None
    kind: DeleteKind = "status"


@dataclass(slots=True)
class ListFault:
    """How GET caches fails: as in DeleteFault, with nothing to apply.

    `after` counts down, too: so many lists are answered well before the first fails.
    """

    status: int = 500
    times: int | None = None
    kind: ListKind = "status"
    after: int = 0


@dataclass(slots=True)
class Reupload:
    """A running job: `delay_s` seconds after an archive of `branch` (None: any) is gone, it is there again.

    The archive has the same name and a newer date. `times` counts down; None is for ever.
    """

    branch: str | None = None
    times: int | None = 1
    delay_s: float = 1.0


@dataclass
class Faults:
    """Every knob of the stand-in. What is changed counts from the next request on.

    delete_fault: rules for DELETE caches with a branch; the first one that fits is used.
    delete_all_fault: rules for DELETE caches without a branch.
    list_fault: how GET caches fails.
    delete_latency_s: seconds that each DELETE caches takes before it does anything.
    delete_all_latency_per_archive_s: seconds for each archive that a DELETE without a branch deletes.
    api_latency_s: seconds that every API call takes, preflights excepted.
    list_latency_s: seconds that GET caches takes in addition.
    page_latency_s: seconds that the front end's pages take.
    permissions_delay_s: seconds that GET /users/permissions takes; after the list it makes the page die.
    deletion_delay_s: seconds that an archive stays, and stays listed, after its deletion was answered.
    lost_deletions: full branch names whose deletions are answered and never applied.
    reupload: running jobs that upload what was deleted.
    token_expires_after: so many authorized calls, counted from the first one that sees this knob, and the token
        is refused.
    rate_limit_per_minute: requests that a token has in a window; None switches it off.
    rate_limit_window_s: seconds of such a window, which begins with its first request.
    post_limit: POSTs within `post_window_s` seconds that ban a token for `post_ban_s` seconds; None: never.
    changed_page: the page is not the one we know: icons have another class, lists other markup, the question
        other words, a script runs for ever after load, or no list is shown although there are caches.
    hostile: the page misbehaves: it asks other questions, opens a window, offers a download, or tries to send the
        token, or a local file, to the third-party origin.
    redirect_api_to: an origin to which every API call is redirected (302).
    third_party_scripts: addresses of scripts that stop the parser until they are loaded.
    third_party_latency_s: seconds that the third-party origin takes to answer.
    """

    delete_fault: list[DeleteFault] = field(default_factory=list)
    delete_all_fault: list[DeleteFault] = field(default_factory=list)
    list_fault: ListFault | None = None
    delete_latency_s: float = 0.0
    delete_all_latency_per_archive_s: float = 0.0
    api_latency_s: float = 0.0
    list_latency_s: float = 0.0
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

    def __post_init__(self) -> None:
        """Remember how it was made, for `reset`."""
        self._at_rest = deepcopy(self.knobs())

    def knobs(self) -> dict[str, Any]:
        """All knobs by name, with what they are set to."""
        return {knob.name: getattr(self, knob.name) for knob in fields(self)}

    def reset(self) -> None:
        """Set every knob back to what it was when the stand-in was made."""
        vars(self).update(deepcopy(self._at_rest))


class _Rule(Protocol):
    branch: str | None
    times: int | None


_RuleT = TypeVar("_RuleT", bound=_Rule)


def take_rule(rules: Sequence[_RuleT], branch: str | None) -> _RuleT | None:
    """The first rule for this branch that is not used up, used once more."""
    for rule in rules:
        if rule.branch in {None, branch} and rule.times != 0:
            if rule.times is not None:
                rule.times -= 1
            return rule
    return None
