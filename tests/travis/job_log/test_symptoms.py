"""The known symptoms in a log: conflicts of package versions, and a missing test image."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from purger.travis.job_log import JobLog, Symptom, SymptomId, explained, read_log
from tests.support.growth import MANY, MOST_GROWTH, operations
from tests.travis.job_log.corpus import read

FETCHED = JobLog(is_log=True, fetched_unnamed=True)
CLEAN = JobLog(is_log=True, started_clean=True)


def test_a_step_announced_between_blocks_ends_with_its_command() -> None:
    passed = b"Ensure test image\n$ docker pull x\nfine\n$ docker tag x\n"
    assert read_log([passed + b'The command "docker tag x" failed and exited with 1 during .']).symptoms == ()


@pytest.mark.parametrize("end", ["travis_fold:end:ensure_test_image", "travis_time:end:0a:start=1,finish=2,duration=1"])
def test_a_step_ends_with_its_fold_or_block(end: str) -> None:
    log = f'Ensure test image\n{end}\n$ make test\nno\nThe command "make test" exited with 1.'
    assert read_log([log.encode()]).symptoms == ()


@pytest.mark.parametrize(
    ("line", "is_symptom"),
    [
        ("pkg_resources.VersionConflict", True),
        ("pkg_resources.VersionConflict: (a 1)", True),
        ("pip._vendor.pkg_resources.VersionConflict: (a 1)", True),
        ("VersionConflict: (a 1)", True),
        ("VersionConflict (a 1)", False),
        ("other.VersionConflict: (a 1)", False),
        ('Bundler::VersionConflict: Bundler could not find compatible versions for gem "a":', False),
        ("Gem::Molinillo::VersionConflict: a", False),
        ("VersionConflict: expected version 3, got 4", False),
        ('pkg_resources.VersionConflict("a")', False),
        ('pkg_resources.VersionConflict"', False),
        ("pkg_resources.VersionConflict'", False),
        ("raise pkg_resources.VersionConflict", False),
        ("pkg_resources.VersionConflicts", False),
    ],
)
def test_reported_version_conflicts_are_symptoms(line: str, *, is_symptom: bool) -> None:
    symptoms = read_log([b"before\n" + line.encode() + b"\nafter\n"]).symptoms
    assert [(symptom.id, symptom.line) for symptom in symptoms] == [("version-conflict", line)] * is_symptom


@pytest.mark.parametrize(
    ("said", "is_symptom"),
    [
        ("The 'a>=1' distribution was not found and is required by b", True),
        ("a[b,c]>=1.0,<2", True),
        ("no distribution of that name in this region", False),
    ],
)
def test_a_distribution_without_its_module_is_one_of_pkg_resources_if_it_is_said_so(
    said: str, *, is_symptom: bool
) -> None:
    symptoms = read_log([f"before\nDistributionNotFound: {said}\nafter\n".encode()]).symptoms
    assert [symptom.id for symptom in symptoms] == ["distribution-not-found"] * is_symptom


def test_what_a_command_prints_that_passes_is_no_symptom() -> None:
    conflict = b"pkg_resources.VersionConflict: (a 1)\n"
    passing = b"$ pytest -k conflict\n" + conflict + b'The command "pytest -k conflict" exited with 0.\n'
    assert read_log([passing]).symptoms == ()
    again = passing + b"$ tool\n" + conflict + b'The command "tool" exited with 1.\n'
    assert [symptom.id for symptom in read_log([again]).symptoms] == ["version-conflict"]
    assert read_log([passing.replace(b"exited with 0", b"exited with 1")]).symptoms


def test_a_job_that_passed_has_no_symptom() -> None:
    # The commands that install have no exit code in the log, unless they fail.
    conflict = b"$ pip install x\npkg_resources.VersionConflict: (a 1)\n"
    passed, failed = b"Done. Your build exited with 0.\n", b"Done. Your build exited with 1.\n"
    assert read_log([conflict + passed]).symptoms == ()
    assert read_log([conflict + failed]).symptoms
    assert read_log([conflict + b"Done: Job Cancelled\n"]).symptoms
    worker = b"Worker information\n$ git clone x\n"
    assert read_log([worker + conflict + failed + worker + b"$ y\n" + passed]).symptoms, "of the first job"
    assert read_log([worker + conflict + worker + b"$ y\n" + passed]).symptoms, "of the first job, whose end is cut off"
    assert read_log([worker + conflict + passed + worker + conflict + failed]).symptoms, "of the second one"


def test_what_another_command_printed_stays_a_symptom_of_the_job() -> None:
    # The echo of the command that passes may have been cut out; the one before it has no exit code of its own.
    log = b'$ pip install x\npkg_resources.VersionConflict: (a 1)\n%bThe command "make" exited with 0.\n'
    for echo in (b"", b"$ make\n"):
        assert read_log([log % echo]).symptoms, echo


def test_a_symptom_is_found_below_a_rule_of_equals_signs() -> None:
    assert read_log([b"$ pytest\n==== errors ====\npkg_resources.VersionConflict: (a 1)\n"]).symptoms


def test_each_kind_of_symptom_is_listed_once_in_the_order_of_the_log() -> None:
    conflict, missing = b"pkg_resources.VersionConflict: (a 1)\n", b"pkg_resources.DistributionNotFound: b\n"
    symptoms = read_log([missing + conflict + missing + conflict]).symptoms
    assert [symptom.id for symptom in symptoms] == ["distribution-not-found", "version-conflict"]


def test_a_very_long_line_is_cut_around_the_symptom() -> None:
    conflict = "pkg_resources.VersionConflict: (a 1)"
    (symptom,) = read_log([b"x " * 2500 + conflict.encode() + b" y" * 2500]).symptoms
    assert 490 < len(symptom.line) <= 500
    before, _, after = symptom.line.partition(conflict)
    assert 200 < len(before) <= 250
    assert set(before + after) == set("… xy")
    (symptom,) = read_log([b"x" * 5000 + conflict.encode() + b" y"]).symptoms
    assert symptom.line == "… (a 1) y", "a part of a word is not shown"


def test_of_a_step_that_is_named_again_and_again_no_line_is_cleaned_in_vain() -> None:
    titles, mentions = (partial(read_log, [one * MANY]) for one in (b"ensure test image ", b"an ensure-test-image "))
    assert not titles().symptoms, "and its patterns are compiled"
    assert operations(titles) < MOST_GROWTH * operations(mentions)


def test_each_symptom_says_what_to_do() -> None:
    (symptom,) = read("contextual_conflict.log").symptoms
    assert symptom.line.startswith("pkg_resources.ContextualVersionConflict: (numpy 1.16.0")
    assert "stale" in symptom.meaning
    assert "Purge" in symptom.what_to_do
    (symptom,) = read("test_image_fails.log").symptoms
    assert symptom.line == "Ensure test image"
    assert "pushed" in symptom.meaning
    assert "Push" in symptom.what_to_do
    (symptom,) = read_log([b'a\nStep "Ensure test image" failed\nb\n']).symptoms
    assert symptom.line == 'Step "Ensure test image" failed'


@pytest.mark.parametrize(
    "step",
    [
        'Step "Ensure test image" failed',
        "Ensure test image: FAILED",
        '$ make ensure-test-image\nno\nThe command "make ensure-test-image" exited with 2.',
        '$ ./ensure_test_image.sh\nno\nThe command "./ensure_test_image.sh" failed and exited with 1 during .',
        "==> Ensure test image\n$ docker pull x\nno\nDone. Your build exited with 1.",
        '== [Ensure test image] <==\n$ docker pull x\nno\nThe command "docker pull x" exited with 1.',
        "Ensure test image\n$ docker pull x\n\n"
        "No output has been received in the last 10m0s, this potentially indicates a stalled build.",
        "Ensure test image\n$ docker pull x\n\n"
        "The job exceeded the maximum time limit for jobs, and has been terminated.",
        "Ensure test image\n$ docker pull x\n\nYour build has been stopped.",
        'Step 3/9: Ensure test image\nno\nThe command "x" exited with 1.',
        '$ make\nmake: *** [ensure-test-image] Error 1\nThe command "make" exited with 2.',
        '$ make\nmake[1]: *** [Makefile:3: ensure-test-image] Error 1\nThe command "make" exited with 2.',
        f'$ cd {"a/" * 90} && make ensure-test-image\nno\nThe command "x" exited with 2.',
        'found cache $ make ensure-test-image no The command "make ensure-test-image" exited with 2.',
        "travis_fold:end:cache.1\r\x1b[0K\x1b[33;1mEnsure test image\x1b[0m\r\n$ docker pull x\r\nno\r\n"
        'The command "docker pull x" exited with 1.',
    ],
)
def test_a_missing_test_image_is_a_symptom(step: str) -> None:
    assert [symptom.id for symptom in read_log([step.encode()]).symptoms] == ["test-image"]


@pytest.mark.parametrize(
    "step",
    [
        '$ make ensure-test-image\nyes\nThe command "make ensure-test-image" exited with 0.',
        "$ make ensure-test-image",
        "==> Ensure test image\nup to date",
        "Ensure test image: 0 failed",
    ],
)
@pytest.mark.parametrize("then", ["", '\n$ make test\nno\nThe command "make test" exited with 1.'])
def test_an_existing_test_image_is_not_a_symptom(step: str, then: str) -> None:
    assert read_log([(step + then).encode()]).symptoms == ()


@pytest.mark.parametrize(
    "line",
    [
        "tests/test_ensure_test_image.py ....",
        "0a1b2c3 Ensure test image failure is reported",
        "    at ensureTestImage (src/a.js:10)",
        "remember to ensure test image",
        "I said: Ensure test image failed",
    ],
)
def test_a_line_that_only_mentions_the_step_is_not_a_symptom(line: str) -> None:
    log = f'$ make\n{line}\nno\nThe command "make" exited with 1.\nDone. Your build exited with 1.\n'
    assert read_log([log.encode()]).symptoms == ()


@pytest.mark.parametrize(
    ("symptom_id", "log", "said"),
    [
        ("version-conflict", FETCHED, "the meaning the remedy"),
        ("distribution-not-found", FETCHED, "the meaning the remedy"),
        ("version-conflict", replace(FETCHED, several_jobs=True), "contradict each other. The log is of several jobs"),
        ("version-conflict", CLEAN, "contradict each other. It fetched no cache"),
        ("version-conflict", replace(CLEAN, several_jobs=True), "contradict each other. It fetched no cache"),
        ("distribution-not-found", JobLog(is_log=True), "is not installed. It fetched no cache"),
        ("contextual-version-conflict", JobLog(is_log=False), "contradict each other. The log does not tell"),
        ("test-image", CLEAN, "the meaning the remedy"),
        ("test-image", replace(FETCHED, several_jobs=True), "the meaning the remedy"),
    ],
)
def test_what_a_symptom_means_depends_on_the_log(symptom_id: SymptomId, log: JobLog, said: str) -> None:
    made = explained(Symptom(symptom_id, "the line", "the meaning", "the remedy"), log)
    assert said in f"{made.meaning} {made.what_to_do}"


def test_versions_contradict_each_other_only_in_a_conflict() -> None:
    log = b"fetching main/cache-a.tgz\nfound cache\npkg_resources.DistributionNotFound: b\n"
    assert "contradict" not in read_log([log]).symptoms[0].meaning
