"""A hostile page gets no answers to its dialogs, no windows, no downloads, and cannot send the token away."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from purger.standin import StandIn
from purger.standin.faults import Hostile
from purger.standin.repository import Repository
from purger.travis.page.guard import PageGuard
from tests.support.browser import Purger

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("hostile", "reported"),
    [
        (
            "dialogs",
            [
                "The page asked 'You have won a prize!', which purger dismissed.",
                "The page asked 'Your password, please', which purger dismissed.",
                "The page asked 'Delete the whole account?', which purger dismissed.",
            ],
        ),
        ("popup", ["The page opened a window, which purger closed."]),
        ("download", ["The page offered a file, 'invoice.exe', which purger refused."]),
        ("exfiltrate", []),
        ("files", []),
    ],
)
def test_a_hostile_page_does_not_stop_the_purge(
    purger: Purger, site: StandIn, repository: Repository, hostile: Hostile, reported: list[str]
) -> None:
    repository.fill(10)
    site.faults.hostile = hostile
    site.faults.delete_latency_s = 0.4  # the page acts shortly after its load
    # Not pytest's own folder, whose long name leaves no room for the names of Chromium's sockets.
    with tempfile.TemporaryDirectory(prefix="purger-") as folder:
        # A page that offers files has a browser of its own, since only that has these folders.
        own = {"HOME": folder, "TMPDIR": folder} if hostile in ("download", "files") else {}
        ended = purger("purge", "acme/widgets", "--yes", PURGER_SETTLE="0.5", **own)
        offered = [path for path in Path(folder).rglob("*") if path.name.startswith("invoice") or path.suffix == ".exe"]
    assert ended.code == 0, ended.err
    assert repository.caches == []
    assert sorted(ended.repository["warnings"]) == sorted(reported)
    assert all(sentence in ended.err for sentence in reported)
    assert [request.path for request in site.requests if request.origin == "third-party"] == []
    assert offered == []


def test_no_part_of_the_token_is_left_where_the_words_of_a_page_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("purger.core.text._hiders", [lambda text: text.replace("s3cret-Token", "REDACTED"), str])
    guard = PageGuard()
    guard.note_questions([f"{'x' * 195}s3cret-Token"])
    assert guard.questions == [f"{'x' * 195}REDAC"]
    assert "s3c" not in guard.refused[0]


def test_a_hostile_page_can_send_the_token_if_third_parties_are_allowed(
    purger: Purger, site: StandIn, repository: Repository
) -> None:
    """This proves that the test above prevents something."""
    repository.fill(2)
    site.faults.hostile = "exfiltrate"
    site.faults.delete_latency_s = 0.4
    assert purger("purge", "acme/widgets", "--yes", "--allow-third-party").code == 0
    assert any(request.path == "/collect" for request in site.requests if request.origin == "third-party")


def test_a_page_on_another_site_is_neither_signed_in_nor_clicked(
    purger: Purger, site: StandIn, repository: Repository
) -> None:
    repository.fill(2)
    ended = purger("purge", "acme/widgets", "--yes", PURGER_URL=site.third_party_url, PURGER_API_URL=site.api_url)
    assert ended.code == 4
    assert len(repository.caches) == 2
