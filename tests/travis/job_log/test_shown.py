"""What is seen of a job's beginning, and what that leaves unknown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from purger.travis.job_log import Unknown
from purger.travis.job_log.cuts import Cut
from purger.travis.job_log.shown import JobShown, Part, Shown

WHOLE = JobShown(has_clone=True, has_rest=True, has_own_command=True, is_past=True)


def shown(job: JobShown, part: Part = Part.MISSING, *, has_worker: bool = True) -> Shown:
    made = Shown()
    made.job, made.part, made.has_worker = job, part, has_worker
    return made


@pytest.mark.parametrize(
    ("what", "why"),
    [
        (shown(WHOLE), None),
        (shown(replace(WHOLE, has_own_command=False)), Unknown.IN_SET_UP),
        (shown(replace(WHOLE, has_rest=False)), Unknown.ENDS_EARLY),
        (shown(replace(WHOLE, is_cut=True)), Unknown.CUT_OUT),
        (shown(replace(WHOLE, was_passed_over=True)), Unknown.FRAGMENT),
        (shown(replace(WHOLE, is_disabled=True), Part.EMPTY), None),
        (shown(WHOLE, has_worker=False), Unknown.BEGINS_LATE),
        (shown(JobShown(), has_worker=False), Unknown.FRAGMENT),
        (shown(WHOLE, Part.EMPTY), Unknown.ENDS_EARLY),
        (shown(WHOLE, Part.FOLDED), Unknown.FOLDED),
        (shown(WHOLE, Part.ANSWERED), Unknown.BEGINS_LATE),
        (shown(replace(WHOLE, is_stopped=True), Part.FOLDED), Unknown.STALLED),
        (shown(replace(WHOLE, is_crashed=True), Part.FOLDED), Unknown.CRASHED),
    ],
)
def test_only_a_whole_beginning_without_a_cache_part_proves_that_there_is_none(
    what: Shown, why: Unknown | None
) -> None:
    assert what.unknown() is why


@pytest.mark.parametrize(
    ("has_folds", "job", "by_dots", "by_words"),
    [
        (False, JobShown(), True, True),
        (False, JobShown(is_past=True), False, True),
        (False, JobShown(is_past=True, has_rest=True), False, False),
        (True, JobShown(), False, True),
        (True, JobShown(is_past=True), False, False),
    ],
)
def test_what_may_be_cut_out_depends_on_the_markers(
    *, has_folds: bool, job: JobShown, by_dots: bool, by_words: bool
) -> None:
    for cut, is_cut in ((Cut.DOTS, by_dots), (Cut.WORDS, by_words)):
        what = shown(replace(job))
        what.has_folds = has_folds
        what.cut(cut)
        assert what.job.is_cut is is_cut


def test_nothing_of_one_job_is_said_of_the_next() -> None:
    what = shown(replace(WHOLE, is_disabled=True), Part.EMPTY)
    what.next_job()
    assert (what.job, what.part) == (JobShown(), Part.MISSING)
