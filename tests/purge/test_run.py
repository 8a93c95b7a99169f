"""A whole organisation, parts of it, former runs taken up again, and browsers that run elsewhere."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from purger.standin import DeleteFault, StandIn
from tests.browser_fixtures import FOR_EVER, Purger
from tests.cli.test_signals import Running, started, wait_until  # noqa: F401 - a fixture


def fill(site: StandIn, *names: str, caches: int = 4) -> None:
    for name in names:
        site.add_repository(f"acme/{name}").fill(caches)


def left(site: StandIn) -> dict[str, int]:
    return {repository.slug: len(repository.archives) for repository in site.repositories}


def test_all_of_an_owner(purger: Purger, site: StandIn) -> None:
    fill(site, "a", "b", "c", "empty", caches=4)
    site.repositories[3].clear()
    site.add_repository("acme/sleeping", active=False).fill(2)
    site.add_repository("acme/locked", permissions={"cache_delete": False}).fill(2)
    site.add_repository("other/x").fill(2)
    ended = purger("purge", "acme/*", "--yes")
    assert ended.code == 0
    assert left(site) == {
        "acme/a": 0, "acme/b": 0, "acme/c": 0, "acme/empty": 0, "acme/sleeping": 2, "acme/locked": 2, "other/x": 2,
    }  # fmt: skip
    assert {one["repository"]: one["deleted"] for one in ended.report["repositories"]} == {
        "acme/a": 4, "acme/b": 4, "acme/c": 4, "acme/empty": 0,
    }  # fmt: skip
    assert "acme/sleeping: left out of acme/*: it is not active" in ended.err
    assert "acme/locked: left out of acme/*: the token lacks cache_delete" in ended.err
    about_empty = [request for request in site.requests if "empty" in request.path or "/1004/" in request.path]
    assert len([request for request in about_empty if request.method == "GET"]) == 1, "one call and no page"


def test_a_failure_is_its_own(purger: Purger, site: StandIn) -> None:
    fill(site, "a", "b")
    site.repositories[0].add("stubborn")
    site.faults.delete_fault = [DeleteFault("stubborn", 500)]
    ended = purger("purge", "acme/a", "acme/b", "acme/missing", "--yes", "--attempts", "2")
    assert ended.code == 3, "the worst of 1 and 3"
    results = {one["repository"]: (one["ok"], one["deleted"], one["failed"]) for one in ended.report["repositories"]}
    assert results == {"acme/a": (False, 4, 1), "acme/b": (True, 4, 0), "acme/missing": (False, 0, 0)}
    assert left(site) == {"acme/a": 1, "acme/b": 0}


def test_names_from_a_file_and_a_part_of_them(purger: Purger, site: StandIn, tmp_path: Path) -> None:
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


def test_a_former_run_is_taken_up_again(purger: Purger, site: StandIn, tmp_path: Path) -> None:
    fill(site, "a", "b", "c")
    site.repositories[0].add("stubborn")
    site.faults.delete_fault = [DeleteFault("stubborn", 500)]
    first = purger("purge", "acme/a", "acme/b", "acme/nobody", "--yes", "--attempts", "1")
    assert first.code == 3
    (tmp_path / "report.json").write_text(first.out)
    site.faults.reset()
    # Dates are whole seconds: those of the next ones are newer than the report.
    site.repositories[0].add("made-since", age_s=-2)
    site.repositories[1].add("made-since", age_s=-2)
    second = purger("purge", "--resume", "report.json", "--yes")
    assert [one["repository"] for one in second.report["repositories"]] == ["acme/a", "acme/nobody"]
    assert second.report["repositories"][0]["ok"]
    assert {archive.branch for archive in site.repositories[0].archives} == {"made-since"}
    assert left(site) == {"acme/a": 1, "acme/b": 1, "acme/c": 4}


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"schema": 2}', "\0"])
def test_what_is_no_report(purger: Purger, site: StandIn, tmp_path: Path, text: str) -> None:
    (tmp_path / "report.json").write_text(text)
    ended = purger("purge", "--resume", "report.json", "--yes")
    assert ended.code == 2
    assert site.requests == []


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def wait_for_port(port: int) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("the remote browser did not come up")


@pytest.fixture
def spawned() -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    processes: list[subprocess.Popen[bytes]] = []

    def spawn(*command: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        processes.append(process)
        return process

    yield spawn
    for process in processes:
        # The whole group: Playwright's command line is a Python that starts a Node that starts a browser.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


StartRemote = Callable[[Path, int], subprocess.Popen[bytes]]


@pytest.fixture
def start_cdp(browser_path: str, spawned: Callable[..., subprocess.Popen[bytes]]) -> StartRemote:
    """Starts a Chromium with remote debugging on a port, its files in a folder."""

    def start(folder: Path, port: int) -> subprocess.Popen[bytes]:
        switches = ["--headless", "--no-sandbox", "--no-first-run", "--disable-gpu", "--disable-background-networking"]
        profile = f"--user-data-dir={folder / 'profile'}"
        process = spawned(browser_path, *switches, f"--remote-debugging-port={port}", profile, "about:blank")
        wait_for_port(port)
        return process

    return start


@pytest.fixture
def start_server(browser_path: str, spawned: Callable[..., subprocess.Popen[bytes]]) -> StartRemote:
    """Starts a Playwright server on a port, with a browser that this machine has."""

    def start(folder: Path, port: int) -> subprocess.Popen[bytes]:
        folder.mkdir(exist_ok=True)
        server = {"port": port, "host": "127.0.0.1", "wsPath": "/secret-path", "executablePath": browser_path}
        (folder / "server.json").write_text(json.dumps(server | {"headless": True, "chromiumSandbox": False}))
        command = [sys.executable, "-m", "playwright", "launch-server", "--browser", "chromium"]
        process = spawned(*command, "--config", str(folder / "server.json"))
        wait_for_port(port)
        return process

    return start


def test_a_chromium_with_remote_debugging(
    purger: Purger, site: StandIn, tmp_path: Path, start_cdp: StartRemote
) -> None:
    fill(site, "a", caches=20)
    site.faults.third_party_scripts = [f"{site.third_party_url}/analytics.js"]
    port = free_port()
    browser = start_cdp(tmp_path, port)
    ended = purger("purge", "acme/a", "--yes", "--connect", f"http://127.0.0.1:{port}")
    assert ended.code == 0, ended.err
    assert left(site) == {"acme/a": 0}
    assert site.count("GET", "/analytics.js") == 0
    assert browser.poll() is None, "it is not ours to end"


def test_a_playwright_server(purger: Purger, site: StandIn, tmp_path: Path, start_server: StartRemote) -> None:
    fill(site, "a", caches=20)
    site.faults.third_party_scripts = [f"{site.third_party_url}/analytics.js"]
    port = free_port()
    server = start_server(tmp_path, port)
    ended = purger("purge", "acme/a", "--yes", "--connect", f"ws://127.0.0.1:{port}/secret-path")
    assert ended.code == 0, ended.err
    assert left(site) == {"acme/a": 0}
    assert site.count("GET", "/analytics.js") == 0
    assert "secret-path" not in ended.err + ended.out
    assert server.poll() is None, "it is not ours to end"


@pytest.mark.parametrize("kind", ["cdp", "server"])
def test_a_remote_browser_that_is_lost_in_the_middle(
    site: StandIn,
    tmp_path: Path,
    start_cdp: StartRemote,
    start_server: StartRemote,
    started: list[Running],  # noqa: F811
    kind: str,
) -> None:
    site.add_repository("acme/widgets").fill(40)
    site.faults.delete_latency_s = FOR_EVER
    start, scheme, path = (start_cdp, "http", "") if kind == "cdp" else (start_server, "ws", "/secret-path")
    port = free_port()
    remote = start(tmp_path, port)
    running = Running(site, tmp_path, "--connect", f"{scheme}://127.0.0.1:{port}{path}")
    started.append(running)
    wait_until(running, site, "clicking")
    site.faults.delete_latency_s = 0.0
    os.killpg(remote.pid, signal.SIGKILL)
    remote.wait()
    start(tmp_path / "second", port)
    code, out, err = running.end()
    assert code == 0, err
    assert json.loads(out)["repositories"][0]["verified"]
    assert left(site) == {"acme/widgets": 0}


def test_a_playwright_server_of_another_version(purger: Purger, site: StandIn) -> None:
    fill(site, "a")
    words = "Playwright version mismatch: server version v1.2, client version v1.65"
    answer = f"HTTP/1.1 428 Precondition Required\r\nContent-Length: {len(words)}\r\nConnection: close\r\n\r\n{words}"
    with socket.create_server(("127.0.0.1", 0)) as server:

        def refuse() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(answer.encode())

        refusing = threading.Thread(target=refuse, daemon=True)
        refusing.start()
        ended = purger("purge", "acme/a", "--yes", "--connect", f"ws://127.0.0.1:{server.getsockname()[1]}/")
    assert ended.code == 5, ended.err
    assert "version mismatch" in ended.err
    assert "Start a server of the same version there" in ended.err
    assert left(site) == {"acme/a": 4}


@pytest.mark.parametrize("scheme", ["ws", "http", "wss"])
def test_a_remote_browser_that_is_not_there(purger: Purger, site: StandIn, scheme: str) -> None:
    fill(site, "a")
    ended = purger("purge", "acme/a", "--yes", "--connect", f"{scheme}://127.0.0.1:{free_port()}/?token=geheim")
    assert ended.code == 5
    assert "The remote browser can't be used" in ended.err
    assert "run-server" in ended.err
    assert "geheim" not in ended.err + ended.out
    assert left(site) == {"acme/a": 4}
