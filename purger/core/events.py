"""What a purge tells while it works: small frozen events, for whoever listens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened while working on a repository (its name as people write it)."""

    repository: str


@dataclass(frozen=True, slots=True)
class SignedIn(Event):
    """The API knows the token; it is this user's. Not about one repository."""

    login: str


@dataclass(frozen=True, slots=True)
class Surveyed(Event):
    """The API told what is there: archives listed and selected, and the selected ones' size."""

    seen: int
    selected: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class PassStarted(Event):
    """A pass begins: the page is loaded and `rows` are to be clicked."""

    number: int
    rows: int
    archives: int


@dataclass(frozen=True, slots=True)
class Clicking(Event):
    """The icons of these displayed branches are about to be clicked."""

    branches: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BatchClicked(Event):
    """A batch was clicked; of all the pass's rows so many are answered and so many refused."""

    clicked: int
    answered: int
    refused: int


@dataclass(frozen=True, slots=True)
class Answered(Event):
    """One deletion was answered: for which branch, with which status (None: not at all), what it deleted."""

    branch: str | None
    status: int | None
    deleted: int
    words: str


@dataclass(frozen=True, slots=True)
class OtherWay(Event):
    """An icon can't do it, so another way follows; `why` is a sentence."""

    branch: str
    why: str


@dataclass(frozen=True, slots=True)
class Looked(Event):
    """The page was loaded again: archives selected and still listed, of them answered already, and gone so far."""

    number: int
    left: int
    waiting: int
    gone: int


@dataclass(frozen=True, slots=True)
class Waiting(Event):
    """Nothing to do for a while: how long, and for what; `left_s` is the time until the deadline, if there is one."""

    seconds: float
    why: str
    left_s: float | None = None


@dataclass(frozen=True, slots=True)
class Recreated(Event):
    """A running job uploaded archives again."""

    archives: int
    branches: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Warned(Event):
    """Something that a person should know; `text` is a sentence."""

    text: str


@dataclass(frozen=True, slots=True)
class Finished(Event):
    """The repository is done."""

    ok: bool
    deleted: int
    left: int


@dataclass(frozen=True, slots=True)
class AttemptStarted(Event):
    """A purge begins after which so many jobs are to be restarted, for the `number`th time of at most `of`."""

    number: int
    of: int
    jobs: int


@dataclass(frozen=True, slots=True)
class JobChanged(Event):
    """A restarted job is in another state: the API's word for it."""

    job: int
    state: str


@dataclass(frozen=True, slots=True)
class JobJudged(Event):
    """A restarted job has ended, or will not; `text` is a sentence about it."""

    job: int
    ok: bool
    text: str


Observer = Callable[[Event], None]
