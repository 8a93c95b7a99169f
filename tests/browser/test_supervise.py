"""A browser that crashes is started again, a remote one connected again, but not without end."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest

from purger.standin import StandIn
from purger.standin.repository import Repository
from tests.support.browser import FOR_EVER, Purger, left, loads, once
from tests.support.ports import free_port
from tests.support.processes import Running, children_marked, wait_until
from tests.support.remote_browsers import StartRemote

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("victim", ["browser", "renderer"])
def test_after_a_crash_the_purge_goes_on_in_a_new_browser(
    site: StandIn, repository: Repository, tmp_path: Path, started: list[Running], victim: str
) -> None:
    repository.fill(40)
    site.faults.delete_latency_s = FOR_EVER
    running = Running(site, tmp_path)
    started.append(running)
    wait_until(running, site, "clicking")
    site.faults.delete_latency_s = 0.0
    for pid in [running.browser()] if victim == "browser" else running.renderers():
        os.kill(pid, signal.SIGKILL)
    returned, out, err = running.end()
    assert repository.caches == []
    assert returned == 0, err
    assert json.loads(out)["repositories"][0]["verified"]
    assert "started anew" in err
    assert children_marked(running.mark) == []


def test_a_browser_that_keeps_crashing_ends_the_purge(
    site: StandIn, repository: Repository, tmp_path: Path, started: list[Running]
) -> None:
    repository.fill(40)
    site.faults.delete_latency_s = FOR_EVER
    running = Running(site, tmp_path)
    started.append(running)
    killed: set[int] = set()
    while running.process.poll() is None:
        for pid in running.browsers():
            if pid not in killed and loads(site) > len(killed):
                os.kill(pid, signal.SIGKILL)
                killed.add(pid)
        time.sleep(0.05)
    returned, out, err = running.end()
    assert returned == 5, err
    assert json.loads(out)["repositories"][0]["error"]["exit_code"] == 5
    assert children_marked(running.mark) == []


@pytest.mark.parametrize("kind", ["cdp", "server"])
def test_a_remote_browser_that_is_lost_is_connected_again(
    purger: Purger, site: StandIn, tmp_path: Path, start_cdp: StartRemote, start_server: StartRemote, kind: str
) -> None:
    site.add_repository("acme/widgets").fill(40)
    site.faults.delete_latency_s = FOR_EVER
    start, scheme, path = (start_cdp, "http", "") if kind == "cdp" else (start_server, "ws", "/secret-path")
    port = free_port()
    remote = start(tmp_path, port)

    def lose() -> None:
        site.faults.delete_latency_s = 0.0
        os.killpg(remote.pid, signal.SIGKILL)
        remote.wait()
        start(tmp_path / "second", port)

    with once(lambda: site.count("DELETE") > 3, lose):
        ended = purger("purge", "acme/widgets", "--yes", "--connect", f"{scheme}://127.0.0.1:{port}{path}")
    assert ended.code == 0, ended.err
    assert ended.repository["verified"]
    assert "connecting again" in ended.err
    assert left(site) == {"acme/widgets": 0}
