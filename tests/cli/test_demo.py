"""The command `demo`: a purge of the embedded stand-in."""

from __future__ import annotations

import sys

import pytest

from purger.cli.demo import demo_site
from purger.core.errors import InputError
from tests.support.browser import Purger

pytestmark = pytest.mark.browser


def test_the_demo_deletes_every_cache_of_the_stand_in_and_ends_with_what_to_do_with_a_repository_of_ones_own(
    purger: Purger,
) -> None:
    ended = purger("demo", "--caches", "12", COLUMNS="40")
    assert ended.code == 0
    assert "The stand-in's own count: 0 caches left, 12 DELETE requests seen." in ended.err
    assert ended.repository["deleted"] == 12
    _, _, last = ended.err.partition("\nNext, with a repository of your own.")
    lines = last.splitlines()
    assert [" ".join(line.split()[:2]) for line in lines if line.startswith("  purger")] == [
        "purger doctor",
        "purger list",
        "purger purge",
        "purger purge",
    ]
    assert "https://app.travis-ci.com/account/preferences" in last
    assert "export TRAVIS_TOKEN=" in last
    assert "purger login" in last
    assert "--dry-run" in last
    assert max(map(len, lines)) <= 80


def test_a_demo_that_fails_ends_with_what_to_do_about_it(purger: Purger) -> None:
    ended = purger("demo", "--caches", "1", "--browser", "/no/such/browser")
    assert ended.code == 5
    assert "playwright install chromium" in ended.err
    assert "The stand-in's own count: 1 cache left, 0 DELETE requests seen." in ended.err
    assert "with a repository of your own" not in ended.err


def test_without_the_stand_ins_libraries_the_demo_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "purger.standin", None)
    with pytest.raises(InputError, match="the stand-in needs the package") as caught, demo_site(3):
        pytest.fail("there is no stand-in")
    assert caught.value.remedy == "Install it: pip install 'purger[demo]'."
