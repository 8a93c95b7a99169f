"""Events and results in words: what each means to a person, one sentence each; pure."""

from __future__ import annotations

from collections import Counter

from purger.core import events
from purger.core.cache import How
from purger.core.errors import PurgerError
from purger.purge.record import Record
from purger.core.units import seconds_text, size_text


def many(count: int, noun: str) -> str:
    """A count with its noun: `1 cache`, `1,200 caches`, `2 branches`."""
    plural = f"{noun}es" if noun.endswith(("ch", "s")) else f"{noun[:-1]}ies" if noun.endswith("ry") else f"{noun}s"
    return f"{count:,} {noun if count == 1 else plural}"


def sentence(event: events.Event) -> tuple[str, str]:
    """The log level that suits an event, and what it says, without the repository's name."""
    match event:
        case events.SignedIn(login=login):
            return "INFO", f"signed in as {login}"
        case events.Surveyed(seen=seen, selected=selected, size_bytes=size_bytes):
            return "INFO", f"{many(seen, 'cache')} listed, {selected:,} selected ({size_text(size_bytes)})"
        case events.PassStarted(number=number, rows=rows, archives=archives):
            return "INFO", f"pass {number}: {many(rows, 'row')} with {many(archives, 'cache')} to delete"
        case events.Clicking(branches=branches):
            return "DEBUG", f"clicking {', '.join(map(repr, branches))}"
        case events.BatchClicked(clicked=clicked, answered=answered, refused=refused):
            more = f", {refused:,} refused" if refused else ""
            return "INFO", f"{clicked:,} clicked, {answered:,} answered{more}"
        case events.Answered(branch=branch, deleted=deleted, words=words):
            name = "all branches" if branch is None else f"{branch!r}"
            return "DEBUG", f"{name}: {words}, {many(deleted, 'cache')} deleted"
        case events.OtherWay(why=why):
            return "INFO", why
        case events.Looked(number=number, left=left, waiting=waiting, gone=gone):
            more = f", {waiting:,} of them answered" if waiting else ""
            return "INFO", f"look {number}: {gone:,} gone, {left:,} still listed{more}"
        case events.Waiting(seconds=seconds, why=why, left_s=left_s):
            more = f"; giving up in {seconds_text(left_s)}" if left_s is not None else ""
            span = f" {seconds_text(seconds)}" if seconds else ""
            return "INFO", f"waiting{span}: {why}{more}"
        case events.Recreated(archives=archives, branches=branches):
            return (
                "WARNING",
                f"{many(archives, 'cache')} of {', '.join(branches)} came back: a running job uploads them",
            )
        case events.Warned(text=text):
            return "WARNING", text
        case events.Finished(ok=ok, deleted=deleted, left=left):
            return "DEBUG", f"done: {deleted:,} deleted, {left:,} left" + ("" if ok else ", not ok")
        case events.AttemptStarted(number=number, of=of, jobs=jobs):
            return "INFO", f"attempt {number} of {of}: purge, then restart {many(jobs, 'job')}"
        case events.JobChanged(job=job, state=state):
            return "INFO", f"job {job} is {state}"
        case events.JobJudged(ok=ok, text=text):
            return "INFO" if ok else "WARNING", text
    raise AssertionError(f"an event without words: {event}")


def error_text(error: PurgerError) -> str:
    """What happened, where, and what to do, in one or two lines."""
    text = str(error)
    text = text[0].upper() + text[1:]
    return f"{text.rstrip('.')}." + (f"\n{error.remedy}" if error.remedy else "")


def how_sentence(record: Record) -> str | None:
    """How many archives needed another way than their icon, and why; None where all went by their icons."""
    counts = Counter(entry.how for entry in record.ledger.selected if not entry.listed)
    ways = []
    if counts[How.BUTTON]:
        ways.append(f"{many(counts[How.BUTTON], 'cache')} by the page's 'Delete all' button")
    if counts[How.API]:
        ways.append(f"{many(counts[How.API], 'cache')} by the API")
    if not ways:
        return None
    return (
        f"{' and '.join(ways)}, because the icon of such a row deletes nothing of it, or more than was selected "
        "(branch names with a slash show only their last part)."
    )
