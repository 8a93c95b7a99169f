"""The token is in no output, no child process and no request, except for the calls of the API."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from purger.standin import DeleteFault, StandIn
from purger.standin.repository import Repository
from tests.support.browser import PURGER, environment, site_of
from tests.support.commands import RunCommand
from tests.support.odd_tokens import SENTINEL
from tests.support.processes import descendants
from tests.support.secret_forms import find_secret

pytestmark = pytest.mark.browser


@dataclass
class Watched:
    """A finished command: its exit code, all that it wrote, and the environments of its child processes."""

    code: int
    written: dict[str, bytes]
    children: dict[str, bytes] = field(default_factory=dict)

    def assert_clean(self) -> None:
        for name, data in {**self.written, **self.children}.items():
            assert find_secret(data, [SENTINEL]) is None, name


Run = Callable[..., Watched]


@pytest.fixture
def site(request: pytest.FixtureRequest) -> Iterator[StandIn]:
    with site_of(request, token=SENTINEL) as stand_in:
        yield stand_in


@pytest.fixture
def run_here(run_command: RunCommand) -> Run:
    """Does the same as `watched` in this process, whose driver has never known the token."""

    def run(site: StandIn, folder: Path, *arguments: str, **variables: str) -> Watched:
        ended = run_command(arguments, environment(site, HOME=str(folder), **variables), folder)
        (folder / "out").write_text(ended.out)
        (folder / "err").write_text(ended.err)
        return Watched(ended.code, files_in(folder))

    return run


def files_in(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def watched(site: StandIn, folder: Path, *arguments: str, **variables: str) -> Watched:
    """Run the command to its end, and read the command lines and environments of its child processes."""
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
        while True:
            try:
                process.wait(0.05)
                break
            except subprocess.TimeoutExpired:
                own_command_line = Path(f"/proc/{process.pid}/cmdline").read_bytes()
                for child in descendants(process.pid):
                    with suppress(OSError):
                        seen = Path(f"/proc/{child}/cmdline").read_bytes()
                        if seen == own_command_line:  # a fork that has not executed its program yet
                            continue
                        children[f"cmdline {child}"] = children.get(f"cmdline {child}", b"") + seen
                        seen = Path(f"/proc/{child}/environ").read_bytes()
                        children[f"environ {child}"] = children.get(f"environ {child}", b"") + seen
    return Watched(process.returncode, files_in(folder), children)


def assert_only_the_api_got_the_token(site: StandIn) -> None:
    for request in site.requests:
        text = f"{request.path}?{request.raw_query}\n{json.dumps(dict(request.headers))}".encode()
        has_token = request.headers.get("Authorization") == f"token {SENTINEL}"
        assert has_token == (find_secret(text, [SENTINEL]) is not None)
        assert not has_token or request.origin == "api", request


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc")
@pytest.mark.parametrize(
    ("site", "case", "code"),
    [("http1", "purge", 0), ("http1", "dry run", 0), ("http2", "doctor", 0)],
    indirect=["site"],
)
def test_the_token_is_in_no_output_and_no_child_process(
    site: StandIn, repository: Repository, tmp_path: Path, case: str, code: int
) -> None:
    ended = run_case(watched, site, repository, tmp_path, case)
    assert_the_token_was_kept(ended, site, tmp_path, code)
    assert any(name.startswith("environ") for name in ended.children) == (case != "dry run"), "it starts no browser"
    if case != "dry run":
        assert any(b"--type=renderer" in seen for seen in ended.children.values()), "no renderer was read"


@pytest.mark.parametrize(
    ("site", "case", "code"),
    [
        ("http1", "refused deletions", 1), ("http1", "page changed", 4), ("http1", "token expires", 3),
        ("http1", "doctor", 0), ("http2", "purge", 0),
    ],
    indirect=["site"],
)  # fmt: skip
def test_the_token_is_in_no_output(
    run_here: Run, site: StandIn, repository: Repository, tmp_path: Path, case: str, code: int
) -> None:
    assert_the_token_was_kept(run_case(run_here, site, repository, tmp_path, case), site, tmp_path, code)


def run_case(run: Run, site: StandIn, repository: Repository, folder: Path, case: str) -> Watched:
    """Run a command with all that could make it, Playwright or Node write more."""
    repository.fill(8)
    more: list[str] = []
    match case:
        case "dry run":
            more = ["--dry-run"]
        case "refused deletions":
            site.faults.delete_fault = site.faults.delete_all_fault = [DeleteFault(status=500)]
            more = ["--attempts", "2"]
        case "page changed":
            site.faults.changed_page = "confirm-text"
        case "token expires":
            site.faults.token_expires_after = 6
    start = ["doctor", "acme/widgets"] if case == "doctor" else ["purge", "acme/widgets", "--yes", *more]
    loud = {"DEBUG": "pw:*", "DEBUG_FILE": str(folder / "debug.log"), "NODE_DEBUG": "http,https"}
    return run(site, folder, *start, "--json", "-vv", **loud)


def assert_the_token_was_kept(ended: Watched, site: StandIn, folder: Path, code: int) -> None:
    errors = ended.written[str(folder / "err")]
    assert ended.code == code, errors.decode()
    assert b"Playwright's debug output would show the token" in errors
    assert json.loads(ended.written[str(folder / "out")])["exit_code"] == code
    ended.assert_clean()
    assert_only_the_api_got_the_token(site)


def test_a_redirected_api_call_does_not_send_the_token(
    run_here: Run, site: StandIn, repository: Repository, tmp_path: Path
) -> None:
    repository.fill(2)
    site.faults.redirect_api_to = site.third_party_url
    ended = run_here(site, tmp_path, "purge", "acme/widgets", "--yes", "--json")
    assert ended.code == 4
    assert b"a redirect, which is not followed with a token" in ended.written[str(tmp_path / "err")]
    assert not [request for request in site.requests if request.origin == "third-party"]
    ended.assert_clean()


@contextmanager
def untrusted_server(folder: Path) -> Iterator[tuple[str, list[bytes]]]:
    """Run an https server on loopback with a self-signed certificate; yield its URL and what it received."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    request = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=127.0.0.1 -days 2 "
        "-addext subjectAltName=IP:127.0.0.1"
    )
    command = [*request.split(), "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    received: list[bytes] = []

    def serve(listening: socket.socket) -> None:
        while True:
            try:
                plain, _ = listening.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(plain, server_side=True) as encrypted:
                    encrypted.settimeout(5)
                    received.append(encrypted.recv(65536))
            except OSError:
                plain.close()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, args=(listening,), daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{listening.getsockname()[1]}", received
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(10)


@pytest.mark.usefixtures("openssl")
@pytest.mark.parametrize("more", [{}, {"NODE_TLS_REJECT_UNAUTHORIZED": "0"}], ids=["", "switched off"])
@pytest.mark.parametrize("variable", ["PURGER_URL", "PURGER_API_URL"])
def test_a_certificate_that_is_not_trusted_is_an_error(
    run_here: Run,
    site: StandIn,
    repository: Repository,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    variable: str,
    more: dict[str, str],
) -> None:
    repository.fill(2)
    run = watched if variable == "PURGER_URL" and more else run_here  # where Node could obey it
    with untrusted_server(tmp_path_factory.mktemp("server")) as (address, received):
        ended = run(site, tmp_path, "purge", "acme/widgets", "--yes", "--json", **{variable: address}, **more)
    errors = ended.written[str(tmp_path / "err")].decode().lower()
    assert ended.code == 4, errors
    assert "the certificate of 127.0.0.1 is self-signed: no authority stands behind it" in errors
    assert ("node_tls_reject_unauthorized=0 would expose the token" in errors) == bool(more)
    assert [text for text in received if text] == [], "nothing is sent"
    assert len(repository.caches) == 2
    ended.assert_clean()
