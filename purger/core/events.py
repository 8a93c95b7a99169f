"""Define the events that a purge reports to its observers while it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Event:
    """Base class of all events. `repository` is its name as the user writes it."""

    repository: str


@dataclass(frozen=True, slots=True)
class SignedIn(Event):
    """The API accepted the token, which belongs to the user `login`. Not specific to a repository."""

    login: str


@dataclass(frozen=True, slots=True)
class Surveyed(Event):
    """The API listed the caches: how many were seen and selected, and the size of the selected ones in bytes.

    `complete` is false where a list was full, so that there may be more. Where the result `is_limited`, only some of
    the selected ones will be in it.
    """

    seen: int
    selected: int
    size_bytes: int
    complete: bool = True
    is_limited: bool = False


@dataclass(frozen=True, slots=True)
class Shown(Event):
    """Of all caches that match, only so many are in the result, since it is limited."""

    count: int
    of: int


@dataclass(frozen=True, slots=True)
class PassStarted(Event):
    """A pass starts: the page is loaded; `rows` with `caches` selected caches are about to be clicked."""

    number: int
    rows: int
    caches: int


@dataclass(frozen=True, slots=True)
class Clicking(Event):
    """The icons of these displayed branches are about to be clicked."""

    branches: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BatchClicked(Event):
    """A batch was clicked. The counts are rows, summed over the pass so far; one that is clicked again counts again."""

    clicked: int
    accepted: int
    refused: int


@dataclass(frozen=True, slots=True)
class ResponseReceived(Event):
    """The site answered one deletion. `status` is None without a response; `deleted` counts caches."""

    branch: str | None
    status: int | None
    deleted: int
    words: str


@dataclass(frozen=True, slots=True)
class MethodChanged(Event):
    """Some caches are deleted with another method than their row's icon; `why` is a sentence."""

    why: str


@dataclass(frozen=True, slots=True)
class PageLoaded(Event):
    """The page was loaded, for the `number`th time.

    `left` selected caches are still listed, the deletion of `waiting` of them was accepted, and `gone` are deleted.
    `complete` is false where a list was full, so that there may be more.
    """

    number: int
    left: int
    waiting: int
    gone: int
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Waiting(Event):
    """The purge waits for `seconds`, for the reason `why`. `left_s` is the time until the deadline, if any."""

    seconds: float
    why: str
    left_s: float | None = None


@dataclass(frozen=True, slots=True)
class NotWaiting(Event):
    """A wait is left out, for the reason `why`."""

    why: str


@dataclass(frozen=True, slots=True)
class Recreated(Event):
    """A running job uploaded deleted caches again."""

    caches: int
    branches: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Warned(Event):
    """A warning for the user; `text` is a sentence."""

    text: str


@dataclass(frozen=True, slots=True)
class Finished(Event):
    """The purge of the repository is finished; the counts are caches."""

    ok: bool
    deleted: int
    left: int


@dataclass(frozen=True, slots=True)
class AttemptStarted(Event):
    """Attempt `number` of at most `of` starts: a purge, and then the restart of `jobs` jobs."""

    number: int
    of: int
    jobs: int


@dataclass(frozen=True, slots=True)
class JobChanged(Event):
    """A restarted job changed to `state`, as the API names it."""

    job: int
    state: str


@dataclass(frozen=True, slots=True)
class JobJudged(Event):
    """The result of a restarted job is known; `text` is a sentence about it."""

    ok: bool
    text: str


Observer = Callable[[Event], None]
