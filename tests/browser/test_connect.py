"""A purge in a remote browser, and the error for one that cannot be used."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest

from purger.standin import StandIn
from tests.support.browser import Purger, fill, left
from tests.support.remote_browsers import StartRemote, free_port

pytestmark = pytest.mark.browser


def test_a_purge_in_a_chromium_with_remote_debugging(
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


def test_a_purge_in_a_playwright_server(
    purger: Purger, site: StandIn, tmp_path: Path, start_server: StartRemote
) -> None:
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


def test_a_playwright_server_of_another_version_is_an_error(purger: Purger, site: StandIn) -> None:
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
def test_a_remote_browser_that_is_not_there_is_an_error(purger: Purger, site: StandIn, scheme: str) -> None:
    fill(site, "a")
    ended = purger("purge", "acme/a", "--yes", "--connect", f"{scheme}://127.0.0.1:{free_port()}/?token=geheim")
    assert ended.code == 5
    assert "The remote browser can't be used" in ended.err
    assert "run-server" in ended.err
    assert "geheim" not in ended.err + ended.out
    assert left(site) == {"acme/a": 4}
