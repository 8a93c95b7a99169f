"""Events and results in words: what each means to a person, one sentence each; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from purger import events
from purger.caches import How, Outcome
from purger.errors import PurgerError
from purger.ledger import Entry
from purger.record import Record
from purger.units import seconds_text, size_text


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


def verdict(record: Record, settle_s: float, *, dry_run: bool = False) -> str:
    """The result of one repository, in one sentence."""
    ledger = record.ledger
    selected = ledger.selected
    gone = [entry for entry in selected if not entry.listed]
    size = size_text(sum(entry.bytes_deleted for entry in selected))
    if not selected:
        if record.error:
            return f"Nothing of {record.name} was deleted."
        if ledger.selection.everything or not ledger.entries:
            return f"{record.name} has no caches."
        listed = many(len(ledger.entries), "cache")
        return f"None of the {listed} of {record.name} is selected ({ledger.selection}): nothing to do."
    if dry_run:
        size = size_text(sum(entry.archive.size_bytes for entry in selected))
        return f"{many(len(selected), 'cache')} of {record.name} would be deleted ({size}). Nothing was touched."
    if record.ok:
        are = "is" if len(gone) == 1 else "are"
        apart = f"{seconds_text(settle_s)} apart" if settle_s else "one after the other"
        return f"{many(len(gone), 'cache')} of {record.name} {are} gone ({size}), seen on two looks {apart}."
    return (
        f"{len(gone):,} of {many(len(selected), 'cache')} of {record.name} are gone ({size}); "
        f"{what_is_left(ledger.left)}."
    )


def what_is_left(left: Sequence[Entry]) -> str:
    """How many archives are not gone, by outcome: `2 failed, 1 recreated`."""
    counts = Counter(entry.outcome for entry in left)
    return ", ".join(f"{counts[outcome]:,} {outcome}" for outcome in Outcome if counts[outcome]) or "none is left"


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
