"""Colours appear only where they are asked for, and progress bars only on a terminal."""

from __future__ import annotations

import pytest

from purger.standin.repository import Repository
from tests.support.browser import Purger

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("wanted", "coloured"), [({"FORCE_COLOR": "1"}, True), ({}, False), ({"CI": "true"}, False)])
def test_colours_only_where_they_are_asked_for_and_no_bar_in_a_log(
    purger: Purger, repository: Repository, wanted: dict[str, str], coloured: bool
) -> None:
    repository.fill(2)
    ended = purger("purge", "acme/widgets", "--yes", **{"NO_COLOR": "", "CI": ""} | wanted)
    assert ended.code == 0
    assert ("\x1b[" in ended.err) is coloured
    assert "━" not in ended.err
