"""Names from a file, and each of them in exactly one shard."""

from __future__ import annotations

from pathlib import Path

import pytest

from purger.standin import StandIn
from tests.support.browser import Purger, fill, left

pytestmark = pytest.mark.browser


def test_each_name_of_a_file_is_in_one_shard(purger: Purger, site: StandIn, tmp_path: Path) -> None:
    names = [f"r{number}" for number in range(8)]
    fill(site, *names, caches=1)
    (tmp_path / "names.txt").write_text("# all of ours\n" + "\n".join(f"acme/{name}  # one" for name in names) + "\n\n")
    seen: list[str] = []
    for shard in ("1/3", "2/3", "3/3"):
        ended = purger("list", "--from-file", "names.txt", "--shard", shard)
        seen += [one["repository"] for one in ended.report["repositories"]]
    assert sorted(seen) == sorted(f"acme/{name}" for name in names)
    ended = purger("purge", "--from-file", "-", "--yes", stdin="acme/r1\nacme/r2 # and no other\n")
    assert ended.code == 0
    assert sum(left(site).values()) == 6
