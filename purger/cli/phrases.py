"""Say in one sentence what each event means to a person; pure."""

from __future__ import annotations

from purger.core import events
from purger.core.text import many
from purger.core.units import seconds_text, size_text


def sentence(event: events.Event) -> tuple[str, str]:
    """Return the log level that suits an event, and a sentence without the repository's name."""
    match event:
        case events.SignedIn(login=login):
            return "INFO", f"signed in as {login}"
        case events.Surveyed(seen=seen, selected=selected, size_bytes=size_bytes):
            least, what = "" if event.complete else "at least ", "match" if event.is_limited else "selected"
            return "INFO", f"{many(seen, 'cache')} listed, {least}{selected:,} {what} ({size_text(size_bytes)})"
        case events.Shown(count=count, of=of):
            return "INFO", f"showing {count:,} of {many(of, 'cache')} (--limit)"
        case events.PassStarted(number=number, rows=rows, caches=caches):
            return "INFO", f"pass {number}: {many(rows, 'row')} with {many(caches, 'cache')} to delete"
        case events.Clicking(branches=branches):
            return "DEBUG", f"clicking {', '.join(map(repr, branches))}"
        case events.BatchClicked(clicked=clicked, accepted=accepted, refused=refused):
            more = f", {refused:,} refused" if refused else ""
            return "INFO", f"{clicked:,} clicked, {accepted:,} accepted{more}"
        case events.ResponseReceived(branch=branch, deleted=deleted, words=words):
            name = "all branches" if branch is None else f"{branch!r}"
            return "DEBUG", f"{name}: {words}, {many(deleted, 'cache')} deleted"
        case events.MethodChanged(why=why):
            return "INFO", why
        case events.PageLoaded(number=number, left=left, waiting=waiting, gone=gone, complete=complete):
            more = f", {waiting:,} of them accepted for deletion" if waiting else ""
            least = "" if complete else "at least "
            return "INFO", f"load {number}: {gone:,} gone, {least}{left:,} still listed{more}"
        case events.Waiting(seconds=seconds, why=why, left_s=left_s):
            more = f"; giving up in {seconds_text(left_s)}" if left_s is not None else ""
            span = f" {seconds_text(seconds)}" if seconds else ""
            return "INFO", f"waiting{span}: {why}{more}"
        case events.NotWaiting(why=why):
            return "INFO", f"not waiting: {why}"
        case events.Recreated(caches=caches, branches=branches):
            return "WARNING", f"{many(caches, 'cache')} of {', '.join(branches)} came back: a running job uploads them"
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
