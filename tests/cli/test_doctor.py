"""The command `doctor`: a line for each thing that a purge needs."""

from __future__ import annotations

import pytest

from purger.standin import StandIn
from purger.standin.repository import Repository
from tests.support.browser import Purger

pytestmark = pytest.mark.browser
NAMES = ["python", "settings", "proxy", "site", "token", "repository", "browser", "display", "page"]


def test_where_all_is_well_every_check_is_ok_and_nothing_is_deleted(
    purger: Purger, site: StandIn, repository: Repository
) -> None:
    repository.fill(12, branches=4)
    ended = purger("doctor", "acme/widgets")
    assert ended.code == 0, ended.err
    assert [check["check"] for check in ended.report["checks"]] == NAMES
    assert (ended.report["ok"], ended.report["exit_code"]) == (True, 0)
    texts = {check["check"]: check["text"] for check in ended.report["checks"]}
    assert "purger 0" in texts["python"]
    assert ", version " in texts["browser"]
    assert site.url in texts["site"]
    assert site.api_url in texts["site"]
    assert texts["token"] == "from TRAVIS_TOKEN; it is octavia's, and valid"
    assert texts["repository"] == "acme/widgets found; its caches may be viewed and deleted"
    assert "4 rows with 12 caches" in texts["page"]
    assert site.count("DELETE") == 0
    lines = purger("doctor", "acme/widgets", as_json=False).out.splitlines()
    assert [line.split()[1] for line in lines if not line.startswith(" ")] == NAMES
