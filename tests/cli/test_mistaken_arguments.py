"""A value that was forgotten, and a filter that is given twice, are refused: the parser would take them otherwise."""

from __future__ import annotations

import pytest

from purger.purge.run import Run
from tests.support.command_line import Command

pytestmark = pytest.mark.cli


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (["--exclude", "--dry-run"], "--exclude has no value: --dry-run follows it"),
        (["--exclude", "-n"], "--exclude has no value: -n follows it"),
        (["--artifacts", "--dryrun"], "--artifacts has no value: --dryrun follows it"),
        (["-vb", "--dry-run"], "--branch has no value: --dry-run follows it"),
        (["-b", "-n"], "--branch has no value: -n follows it"),
        (["--match", "--exclude=main"], "--match has no value: --exclude follows it"),
        (["--branch", "--"], "--branch has no value: -- follows it"),
    ],
)
def test_an_option_is_no_value_of_the_one_before_it(
    command: Command, runs: list[Run], given: list[str], why: str
) -> None:
    ended = command("purge", "a/b", "-y", *given)
    assert (ended.code, len(runs)) == (2, 0)
    assert f"error: {why}.\n" in ended.err
    assert f"is written {why.split()[0]}=VALUE.\n" in ended.err


@pytest.mark.parametrize(
    "given", [["--match", "-foo"], ["--match=--foo"], ["-mn"], ["--match", "a", "-n"], ["-nm", "a"]]
)
def test_a_value_may_begin_with_a_hyphen(command: Command, runs: list[Run], given: list[str]) -> None:
    assert (command("purge", "a/b", "-y", *given).code, len(runs)) == (0, 1)


@pytest.mark.parametrize(
    ("given", "is_refused"),
    [
        (["--larger-than", "100MB", "--larger-than", "1KB"], True),
        (["--match", "a", "--match", "tgz"], True),
        (["--older-than", "1d", "--older-than=2d"], True),
        (["--keep-newest", "3", "--keep-newest", "2"], True),
        (["--from-file", "a.txt", "--from-file", "b.txt"], True),
        (["--shard", "1/2", "--shard", "2/2"], True),
        (["--resume", "a.json", "--resume", "b.json"], True),
        (["-b", "a", "-b", "b", "--exclude", "c", "--exclude", "d"], False),
        (["--gone", "--gone"], False),
        (["--timeout", "5m", "--timeout", "6m"], False),
    ],
)
def test_what_selects_and_is_given_twice_is_refused(
    command: Command, runs: list[Run], given: list[str], is_refused: bool
) -> None:
    ended = command("purge", "a/b", "-y", *given)
    assert (ended.code, len(runs)) == ((2, 0) if is_refused else (0, 1))
    assert (f"{given[0]} is given twice" in ended.err) is is_refused
