"""Nothing that a run writes, starts or asks for has the token in it, but for the API's own calls."""

from __future__ import annotations

import json
import os
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.async_api import Playwright

from purger.browser.start import close_context, launch, new_context
from purger.browser.supervise import Browsers
from purger.secrets.spellings import find_secret, secret_forms
from purger.browser.settings import BrowserSettings
from purger.secrets.token import Token
from purger.standin import DeleteFault, StandIn
from purger.standin.repository import Repository
from purger.travis.page.cache_page import HANDLE, TOKEN_KEY, CachePage
from purger.travis.addresses import Site
from tests.browser_fixtures import PURGER, environment

pytestmark = pytest.mark.timeout(110)
SENTINEL = 'Se+nti/nel?to&ken="42"~x'


@dataclass
class Watched:
    """What a command left behind: its exit code and all that it wrote, and what its child processes could see."""

    code: int
    written: dict[str, bytes]
    children: dict[str, bytes] = field(default_factory=dict)

    def assert_clean(self) -> None:
        for name, data in {**self.written, **self.children}.items():
            assert find_secret(data, [SENTINEL]) is None, name


@pytest.fixture
def site() -> Iterator[StandIn]:
    with StandIn(token=SENTINEL, costs=False) as stand_in:
        yield stand_in


def descendants(of: int) -> Iterator[int]:
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    below = {of}
    while more := {child for child, parent in parents.items() if parent in below} - below:
        below |= more
    yield from below - {of}


def watched(site: StandIn, folder: Path, *arguments: str, **variables: str) -> Watched:
    """Run the command to its end, looking over its children's shoulders all the while."""
    with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
        process = subprocess.Popen(
            [*PURGER, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            cwd=folder,
            env=environment(site, HOME=str(folder), **variables),
        )
        children: dict[str, bytes] = {}
        own_command_line = Path(f"/proc/{process.pid}/cmdline").read_bytes()
        while True:
            try:
                process.wait(0.05)
                break
            except subprocess.TimeoutExpired:
                for child in descendants(process.pid):
                    with suppress(OSError):
                        seen = Path(f"/proc/{child}/cmdline").read_bytes()
                        if seen == own_command_line:  # a fork that has not become another program yet
                            continue
                        children[f"cmdline {child}"] = children.get(f"cmdline {child}", b"") + seen
                        seen = Path(f"/proc/{child}/environ").read_bytes()
                        children[f"environ {child}"] = children.get(f"environ {child}", b"") + seen
    files = {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return Watched(process.returncode, files, children)


def assert_only_the_api_was_told(site: StandIn) -> None:
    for request in site.requests:
        told = f"{request.path}?{request.raw_query}\n{json.dumps(dict(request.headers))}".encode()
        has_token = request.headers.get("Authorization") == f"token {SENTINEL}"
        assert has_token == (find_secret(told, [SENTINEL]) is not None)
        assert not has_token or request.origin == "api", request


def test_the_search_finds_what_it_is_to_find() -> None:
    for form in secret_forms(SENTINEL):
        assert find_secret(b"x" + form + b"x", [SENTINEL])


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc")
@pytest.mark.parametrize(
    ("case", "code"),
    [("purge", 0), ("dry run", 0), ("refused deletions", 1), ("page changed", 4), ("token expires", 3), ("doctor", 0)],
)
def test_a_run_shows_the_token_nowhere(
    site: StandIn, repository: Repository, tmp_path: Path, case: str, code: int
) -> None:
    repository.fill(8)
    more: list[str] = []
    match case:
        case "dry run":
            more = ["--dry-run"]
        case "refused deletions":
            site.faults.delete_fault = [DeleteFault(status=500)]
            more = ["--attempts", "2"]
        case "page changed":
            site.faults.changed_page = "confirm-text"
        case "token expires":
            site.faults.token_expires_after = 6
    start = ["doctor", "acme/widgets"] if case == "doctor" else ["purge", "acme/widgets", "--yes", *more]
    loud = {"DEBUG": "pw:*", "DEBUG_FILE": str(tmp_path / "debug.log"), "NODE_DEBUG": "http,https"}
    ended = watched(site, tmp_path, *start, "--json", "-vv", **loud)
    errors = ended.written[str(tmp_path / "err")]
    assert ended.code == code, errors.decode()
    assert b"Playwright's debug output would show the token" in errors
    assert json.loads(ended.written[str(tmp_path / "out")])["exit_code"] == code
    assert any(name.startswith("environ") for name in ended.children)
    if case == "purge":
        assert any(b"--type=renderer" in seen for seen in ended.children.values()), "the browser was looked at"
    ended.assert_clean()
    assert_only_the_api_was_told(site)


def test_playwrights_debug_output_would_have_shown_it(site: StandIn, repository: Repository, tmp_path: Path) -> None:
    """Proof that the test above looks for something that is there: without the guard the token is in it."""
    repository.fill(1)
    unguarded = (
        "import sys\n"
        "from purger import environment, redaction, __main__\n"
        "environment.turn_off_debug_output = redaction.guard_streams = lambda: None\n"
        "sys.argv = ['purger', 'purge', 'acme/widgets', '--dry-run']\n"
        "__main__.main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", unguarded],
        env=environment(site, HOME=str(tmp_path), DEBUG="pw:*"),
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0
    assert find_secret(done.stderr, [SENTINEL])


def test_an_api_call_that_is_redirected_does_not_carry_it(
    site: StandIn, repository: Repository, tmp_path: Path
) -> None:
    repository.fill(2)
    site.faults.redirect_api_to = site.third_party_url
    ended = watched(site, tmp_path, "purge", "acme/widgets", "--yes", "--json")
    assert ended.code == 4
    assert b"a redirect, which is not followed with a token" in ended.written[str(tmp_path / "err")]
    assert not [request for request in site.requests if request.origin == "third-party"]
    ended.assert_clean()


async def test_it_is_in_the_storage_of_the_front_ends_origin_alone(
    site: StandIn, repository: Repository, browsers: tuple[Playwright, Browsers]
) -> None:
    playwright, _ = browsers
    settings = BrowserSettings(browser=os.environ.get("PURGER_BROWSER"), allow_third_party=True)
    ours = Site.at(site.url, site.api_url)
    browser = await launch(playwright, settings, ours.hosts)
    context = await new_context(browser)
    try:
        await CachePage.prepare(context, ours, Token(SENTINEL), watched=False)
        page = await context.new_page()
        for address, expected in ((site.url, SENTINEL), (f"{site.third_party_url}/login/oauth/authorize", None)):
            await page.goto(address)
            stored = await page.evaluate("(key) => localStorage.getItem(key)", TOKEN_KEY)
            assert stored == expected, address
            assert await page.evaluate("(name) => name in window", HANDLE) == (expected is not None)
        for frame in (f"{site.third_party_url}/login/oauth/authorize", site.url):
            # The front end's own page inside of another site's is not signed in anew, nor listened to.
            await page.evaluate("(url) => { document.body.innerHTML = `<iframe src='${url}'></iframe>`; }", frame)
            element = await page.wait_for_selector("iframe")
            inner = await element.content_frame() if element else None
            assert inner is not None
            await inner.wait_for_load_state()
            assert await inner.evaluate("(name) => name in window", HANDLE) is False
    finally:
        await close_context(context)
        await browser.close()


@contextmanager
def untrusted_server(folder: Path) -> Iterator[tuple[str, list[bytes]]]:
    """An https server on loopback whose certificate nobody has signed, and what it was told."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    request = (
        "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=127.0.0.1 -days 2 -addext subjectAltName=IP:127.0.0.1"
    )
    command = [*request.split(), "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    told: list[bytes] = []

    def serve(listening: socket.socket) -> None:
        while True:
            try:
                plain, _ = listening.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(plain, server_side=True) as encrypted:
                    encrypted.settimeout(5)
                    told.append(encrypted.recv(65536))
            except OSError:
                plain.close()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, args=(listening,), daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{listening.getsockname()[1]}", told
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(10)


@pytest.mark.usefixtures("openssl")
@pytest.mark.parametrize("variable", ["PURGER_URL", "PURGER_API_URL"])
def test_a_certificate_that_is_not_trusted_is_an_error(
    site: StandIn, repository: Repository, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, variable: str
) -> None:
    repository.fill(2)
    with untrusted_server(tmp_path_factory.mktemp("server")) as (address, told):
        ended = watched(site, tmp_path, "purge", "acme/widgets", "--yes", "--json", **{variable: address})
    errors = ended.written[str(tmp_path / "err")].decode().lower()
    assert ended.code == 4, errors
    assert ("certificate is not trusted" if variable == "PURGER_API_URL" else "err_cert_authority_invalid") in errors
    assert [text for text in told if text] == [], "nothing is sent"
    assert len(repository.archives) == 2
    ended.assert_clean()
