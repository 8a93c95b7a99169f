"""What a listed branch and name say of the key: a branch and a file name, or parts of a file name with slashes."""

from __future__ import annotations

import pytest

from purger.travis.keys import is_front_of_file_name, is_whole_file_name, last_part, may_be_nested


@pytest.mark.parametrize(
    ("displayed", "name", "front", "whole", "nested"),
    [
        ("main", "cache-linux-focal-0a1b--python-3.8.tgz", False, True, False),
        ("PR.7", "cache--rvm-2.7.tgz", False, True, False),
        ("cache-linux-focal-0a1b--gemfile-gemfiles", "rails_6.gemfile.tgz", True, False, True),
        ("cache-linux-focal-0a1b--node-lts", "*.tgz", True, False, True),
        ("gemfiles", "rails_6.gemfile.tgz", False, False, True),
        ("cache-linux-focal-0a1b--gemfile-gemfiles", "cache-store.gemfile.tgz", True, False, True),
        ("hot", "cache-z.tgz", False, False, True),
        ("main", f"cache-linux-focal-{'0a1b' * 16}.tgz", False, True, False),
        # A branch may be named so, and a part of a file name may begin so: neither is certain.
        ("cache-fix", "cache-linux--python-3.8.tgz", False, True, False),
        ("cache-a--b", "cache-linux--python-3.8.tgz", True, True, True),
    ],
)
def test_what_is_listed_tells_whether_a_file_name_may_hold_a_slash(
    displayed: str, name: str, front: bool, whole: bool, nested: bool
) -> None:
    assert is_front_of_file_name(displayed) is front
    assert is_whole_file_name(name) is whole
    assert may_be_nested(displayed, name) is nested


def test_the_site_shows_the_last_part_of_a_branch() -> None:
    assert [last_part(branch) for branch in ("main", "feature/foo", "a/b/c", "")] == ["main", "foo", "c", ""]
