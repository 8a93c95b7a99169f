"""A shard is a stable part of the repositories, and each of them is in exactly one."""

from __future__ import annotations

import pytest

from purger.core.errors import InputError
from purger.purge.shard import Shard
from purger.travis.addresses import Repository

NAMES = [Repository("github", "acme", f"r{number}") for number in range(300)]


@pytest.mark.parametrize("of", [1, 2, 3, 7])
def test_each_repository_is_in_exactly_one_shard(of: int) -> None:
    shards = [Shard.parse(f"{number}/{of}") for number in range(1, of + 1)]
    assert [sum(shard.holds(name) for shard in shards) for name in NAMES] == [1] * len(NAMES)
    sizes = [sum(map(shard.holds, NAMES)) for shard in shards]
    assert min(sizes) > len(NAMES) / of / 2, "the parts are about equal"


def test_a_repository_stays_in_its_shard_however_its_name_is_written() -> None:
    for name in NAMES[:20]:
        upper = Repository("github", "ACME", name.name.upper())
        assert Shard(1, 2).holds(upper) == Shard(1, 2).holds(name)


def test_the_same_name_at_another_provider_may_be_in_another_shard() -> None:
    elsewhere = [Repository("gitlab", "acme", name.name) for name in NAMES]
    assert [Shard(1, 2).holds(name) for name in NAMES] != [Shard(1, 2).holds(name) for name in elsewhere]


def test_a_shard_is_parsed() -> None:
    assert Shard.parse(" 2/5 ") == Shard(2, 5)


@pytest.mark.parametrize("text", ["", "2", "0/5", "6/5", "1/0", "02/5", "2/5/7", "-1/5", "a/b", "٢/5", "1/10000"])
def test_other_text_is_not_a_shard(text: str) -> None:
    with pytest.raises(InputError, match="is not a part of a whole"):
        Shard.parse(text)
