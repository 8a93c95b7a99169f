"""A browser that does not start is an error with its reason; one that starts reaches only the site."""

from __future__ import annotations

from pathlib import Path

import pytest

from purger.standin import StandIn
from purger.standin.repository import Repository
from tests.support.browser import Purger

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("browser", "said"), [("/no/such/browser", "there is no browser at"), ("/bin/false", "does not start")]
)
def test_without_a_usable_browser_nothing_is_deleted(
    purger: Purger, repository: Repository, browser: str, said: str
) -> None:
    repository.fill(2)
    ended = purger("purge", "acme/widgets", "--yes", "--browser", browser)
    assert ended.code == 5
    assert said in ended.err.lower()
    assert "playwright install chromium" in ended.err
    assert len(repository.caches) == 2


def test_the_browsers_own_reason_for_not_starting_is_shown(
    purger: Purger, repository: Repository, tmp_path: Path
) -> None:
    """Chromium's words where the folder for its sockets has too long a name."""
    repository.fill(2)
    browser = tmp_path / "browser"
    browser.write_text(
        "#!/bin/sh\necho '[7:7:1125/042608.68:FATAL:a/b_posix.cc:315] Socket path too long: /t' >&2\nexit 1\n"
    )
    browser.chmod(0o700)
    ended = purger("purge", "acme/widgets", "--yes", "--browser", str(browser))
    assert ended.code == 5
    assert "does not start: Socket path too long: /t." in ended.err
    assert "Set TMPDIR to a folder with a shorter name" in ended.err
    assert len(repository.caches) == 2


def test_third_parties_are_not_even_requested(purger: Purger, site: StandIn, repository: Repository) -> None:
    repository.fill(3)
    site.faults.third_party_scripts = [f"{site.third_party_url}/analytics.js"]
    assert purger("purge", "acme/widgets", "--yes").code == 0
    assert site.count("GET", "/analytics.js") == 0
    repository.fill(3)
    assert purger("purge", "acme/widgets", "--yes", "--allow-third-party").code == 0
    assert site.count("GET", "/analytics.js") > 0
