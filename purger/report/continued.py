"""Complete the report of a resumed run with what the former run knew of the same repositories."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator

import msgspec

from purger.core.cache import Outcome
from purger.core.errors import ExitCode
from purger.core.text import many
from purger.report.model import CacheReport, Report, RepositoryReport
from purger.report.pairing import Pairs, is_newer, place, version
from purger.report.resume import as_decided, limit_used

Key = tuple[str, str]
"""A repository's provider and `owner/name`."""
GONE = "it was gone when the run was resumed"
OVERWRITTEN = "it was uploaded again when the run was resumed, and such uploads are left alone"


def continued(report: Report, former: Report, surveyed: Collection[Key]) -> Report:
    """Return the report of a resumed run with what the former one knew, so that a later run or log can use it.

    Of a repository that is not among those `surveyed` by the resumed run the former caches and decisions stand. Of the
    others, what the former run had selected and is listed no more is there, too: deleted, where a load of the page
    showed that, or that everything is gone; skipped, where a job has replaced it by a newer upload that is left alone.
    """
    known = {(one.provider, one.repository): as_decided(one, former) for one in former.repositories}
    repositories = []
    for now in report.repositories:
        key = (now.provider, now.repository)
        before = known.get(key)
        if before is None:
            repositories.append(now)
        elif key in surveyed:
            repositories.append(_with_former_caches(now, before, report))
        else:
            repositories.append(_still_as(before, now))
    if report.error and not repositories:  # it ended before it knew what the repositories are
        repositories = [msgspec.structs.replace(one, error=report.error) for one in known.values() if not one.is_done]
    selection = report.selection
    if selection and former.selection and former.selection.limit is not None:
        limit, used = former.selection.limit, limit_used(former)
        selection = msgspec.structs.replace(selection, limit=limit, limit_used=used)
    if report.ok and not all(one.ok for one in repositories):
        report = msgspec.structs.replace(report, ok=False, exit_code=ExitCode.REMAINS)
    return msgspec.structs.replace(report, repositories=repositories, selection=selection)


def _still_as(before: RepositoryReport, now: RepositoryReport) -> RepositoryReport:
    """Return what was known before, with what became of the attempt to go on."""
    return msgspec.structs.replace(
        before,
        ok=False,
        verified=False,
        error=now.error,
        warnings=now.warnings,
        passes=now.passes,
        looks=now.looks,
        requests=now.requests,
        seconds=now.seconds,
        settled_s=now.settled_s,
    )


def _with_former_caches(now: RepositoryReport, before: RepositoryReport, report: Report) -> RepositoryReport:
    carried = list(_listed_no_more(now, before, report))
    carried_by_outcome = Counter(cache.outcome for cache in carried)
    # A report counts each outcome in a field of its name.
    counts = {one.value: getattr(now, one.value) + carried_by_outcome[one] for one in Outcome}
    left = sum(one.is_left for one in carried)
    if now.ok and left:
        why = f"{many(left, 'cache')} that the former run selected and left may still be listed, and not selected now"
        now = msgspec.structs.replace(now, ok=False, verified=False, warnings=[*now.warnings, why])
    return msgspec.structs.replace(
        now,
        seen=now.seen + len(carried),
        selected=now.selected + sum(one.selected for one in carried),
        bytes_deleted=now.bytes_deleted + sum(one.size_bytes for one in carried if one.outcome is Outcome.DELETED),
        caches=[*carried, *now.caches],
        **counts,
    )


def _listed_no_more(now: RepositoryReport, before: RepositoryReport, report: Report) -> Iterator[CacheReport]:
    former = [cache for cache in before.caches if cache.selected]
    # What is listed and kept is no sign of what was selected, where another branch has a cache of the same version.
    selected = Pairs(former, (cache for cache in now.caches if cache.selected), version)
    others = Pairs(
        (cache for cache in before.caches if not cache.selected),
        (cache for cache in now.caches if not cache.selected),
        version,
    )
    missing = [cache for cache in former if cache not in selected]
    passed_over = Pairs(missing, others.rest, version)
    left = [cache for cache in missing if cache.is_left and cache not in passed_over]
    uploads = Pairs(left, [*selected.rest, *passed_over.rest], place, is_newer)
    shows_all = now.verified or (now.complete and now.looks > 0)
    for cache in missing:
        newer = uploads.later(cache)
        if newer is not None and not newer.selected:
            yield msgspec.structs.replace(cache, selected=False, outcome=Outcome.SKIPPED, reason=OVERWRITTEN)
        elif newer is not None:
            continue  # it is the same cache, of which the newer version is in the report
        elif cache.is_left and shows_all and cache not in passed_over:
            yield msgspec.structs.replace(cache, outcome=Outcome.DELETED, reason=GONE, gone_at=report.finished_at)
        else:
            yield cache
