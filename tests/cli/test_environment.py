"""Before its options are read, a command reads `.env` and settles which variables are in effect."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

import pytest
from trustme import CA

from purger.browser.authority import VARIABLES
from purger.purge.run import Run
from purger.secrets import env_file
from tests.support.command_line import Command

pytestmark = pytest.mark.cli
OTHER = "https://other.example.org/api"


@pytest.mark.parametrize(
    "content",
    [b"\xef\xbb\xbfPURGER_BRANCH=main\r\n", b"AWS_PROFILE\nFOO: bar\nM\xfcller\nPURGER_BRANCH=main"],
)
def test_a_filter_in_the_file_is_in_effect(command: Command, runs: list[Run], content: bytes) -> None:
    Path(".env").write_bytes(content)
    assert command("purge", "a/b", "-y").code == 0
    assert runs[0].request.selection.branches == ("main",)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("purger_branch=main", "PURGER_BRANCH"),
        ("PURGER_BRANCHES=main", "PURGER_BRANCHES"),
        ("PURGER_BROWSER=./x.sh", "PURGER_BROWSER"),
        ("PURGER_URL=https://stranger.example.org", "PURGER_URL"),
        ("TRAVIS_ENDPOINT=https://stranger.example.org", "TRAVIS_ENDPOINT"),
        ("PURGER_ARTIFACTS=/tmp/x", "PURGER_ARTIFACTS"),
    ],
)
def test_what_is_refused_ends_before_anything_starts(command: Command, runs: list[Run], text: str, named: str) -> None:
    Path(".env").write_text(text)
    ended = command("purge", "a/b", "-y", "--json")
    assert (ended.code, runs) == (2, [])
    assert named in ended.err
    assert ".env" in ended.err
    assert json.loads(ended.out)["exit_code"] == 2


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("PURGER_BRANCH=", "PURGER_BRANCH is empty (.env)"),
        ("PURGER_EXCLUDE='a #b'", "the words behind it may be a comment or names (.env)"),
        ("PURGER_SETTLE=x", "PURGER_SETTLE 'x' is not a duration (.env)"),
        ("PURGER_LIMIT=0", "PURGER_LIMIT 0 is too small (.env)"),
        ("PURGER_DRY_RUN=maybe", "PURGER_DRY_RUN 'maybe' is neither yes nor no (.env)"),
        ("TRAVIS_TOKEN=", "TRAVIS_TOKEN in .env is empty"),
    ],
)
def test_a_value_that_makes_no_sense_is_found_in_the_file(
    command: Command, runs: list[Run], monkeypatch: pytest.MonkeyPatch, line: str, said: str
) -> None:
    name, _, text = line.partition("=")
    monkeypatch.delenv(name, raising=False)
    Path(".env").write_text(f"{line}\n")
    assert said in command("purge", "a/b", "-y").err
    monkeypatch.setenv(name, text.strip("'"))
    assert ".env" not in command("purge", "a/b", "-y").err
    assert runs == []


def test_an_option_overrides_what_would_be_refused(command: Command, runs: list[Run]) -> None:
    Path(".env").write_text("PURGER_URL=https://stranger.example.org\nPURGER_BROWSER=./x.sh\n")
    assert command("purge", "a/b", "-y", "--url", "https://ci.acme.org", "--browser", "chrome").code == 0
    assert runs[0].settings.site.api_url == "https://ci.acme.org/api"
    assert runs[0].settings.browser.browser == "chrome"


def test_a_site_with_its_own_token_is_taken(command: Command, runs: list[Run], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRAVIS_TOKEN")
    Path(".env").write_text(f"TRAVIS_TOKEN=of-the-file\nPURGER_URL=https://ci.acme.org\nPURGER_API_URL={OTHER}\n")
    assert command("purge", "a/b", "-y").code == 0
    assert (runs[0].settings.site.url, runs[0].settings.site.api_url) == ("https://ci.acme.org", OTHER)
    assert runs[0].settings.token.reveal() == "of-the-file"


@pytest.mark.parametrize(
    "arguments", [["--version"], ["--help"], ["purge", "--help"], ["purge", "-nh"], ["list", "-h"]]
)
def test_help_and_version_never_read_the_file(
    command: Command, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    def fail() -> bytes:
        raise AssertionError("it was read")

    monkeypatch.setattr(env_file, "read", fail)
    assert command(*arguments).code == 0


def test_a_value_that_looks_like_a_wish_for_help_does_not_hide_the_file(command: Command, runs: list[Run]) -> None:
    Path(".env").write_text("PURGER_EXCLUDE=py")
    assert command("purge", "a/b", "-y", "--match", "-h", "--branch", "x").code == 0
    assert (runs[0].request.selection.match, runs[0].request.selection.exclude) == ("-h", ("py",))


def unreadable() -> bytes:
    raise env_file.UnreadableError(".env can't be read: Permission denied", remedy="Make it readable.")


def test_an_unreadable_file_is_a_warning_where_nothing_is_deleted(
    command: Command, runs: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(env_file, "read", unreadable)
    listed = command("list", "a/b")
    assert listed.code == 0
    assert ".env can't be read: Permission denied" in listed.err
    runs.clear()
    assert (command("purge", "a/b", "-y").code, runs) == (2, [])


@pytest.mark.skipif(os.name == "nt", reason="Windows makes no such links")
def test_a_link_to_a_missing_file_is_as_an_unreadable_file(command: Command, runs: list[Run]) -> None:
    Path(".env").symlink_to("mounted-later")
    listed = command("list", "a/b")
    assert listed.code == 0
    assert ".env can't be read: it is a link to a file that does not exist, so nothing of it is in effect" in listed.err
    runs.clear()
    assert (command("purge", "a/b", "-y").code, runs) == (2, [])


def test_an_explicit_url_decides_over_the_endpoint_of_another_tool(
    command: Command, runs: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAVIS_ENDPOINT", OTHER)
    ended = command("purge", "a/b", "-y", "--url", "https://ci.acme.org")
    assert (ended.code, runs[0].settings.site.api_url) == (0, "https://ci.acme.org/api")
    assert "TRAVIS_ENDPOINT" in ended.err
    monkeypatch.setenv("TRAVIS_ENDPOINT", OTHER)
    monkeypatch.setenv("PURGER_URL", "https://ci.acme.org")
    refused = command("purge", "a/b", "-y")
    assert (refused.code, len(runs)) == (2, 1)
    assert "TRAVIS_ENDPOINT names another installation than PURGER_URL" in refused.err


@pytest.mark.parametrize(
    "arguments", [["t0ken-in-a-file"], ["purge", "--t0ken-in-a-file"], ["list", "t0ken-in-a-file"]]
)
def test_a_token_of_the_file_in_the_wrong_place_is_not_repeated(arguments: list[str]) -> None:
    Path(".env").write_text("TRAVIS_TOKEN=t0ken-in-a-file\n")
    variables = {name: text for name, text in os.environ.items() if name != "TRAVIS_TOKEN"}
    called = [str(Path(sys.executable).with_name("purger")), *arguments]
    done = subprocess.run(called, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "t0ken" not in done.stdout + done.stderr


@pytest.mark.parametrize("variable", VARIABLES)
def test_the_file_of_a_folder_can_not_name_an_authority_as_other_programs_do(
    command: Command, runs: list[Run], monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    Path(".env").write_text(f"{variable}=/no/such/file.pem\n")
    assert command("list", "acme/widgets").code == 0
    assert [run.settings.network.authority for run in runs] == [None]
    monkeypatch.setenv(variable, "/no/such/file.pem")
    assert command("list", "acme/widgets").code == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["list", "acme/widgets"],
        ["purge", "acme/widgets", "-y"],
        ["retry", "acme/widgets", "5", "-y"],
        ["doctor", "acme/widgets"],
        ["check-log", "5"],
    ],
)
def test_an_authority_of_the_file_does_not_decide_who_hears_the_password_of_a_proxy(
    command: Command, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.delenv("TRAVIS_TOKEN")
    CA().cert_pem.write_to_path("authority.pem")
    Path(".env").write_text("TRAVIS_TOKEN=of-the-file\nPURGER_CA_FILE=authority.pem\n")
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        proxy.setblocking(False)
        monkeypatch.setenv("HTTPS_PROXY", f"https://me:geheim-of-a-proxy@127.0.0.1:{proxy.getsockname()[1]}")
        ended = command(*arguments)
        with pytest.raises(BlockingIOError):
            proxy.accept()
    assert ended.code == 2
    what = "PURGER_CA_FILE in .env decides where the password in HTTPS_PROXY goes, which is not from .env"
    assert what in ended.err
    assert "geheim" not in ended.out + ended.err


def test_an_authority_of_the_file_goes_with_a_proxy_of_the_file_or_without_a_password(
    command: Command, runs: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TRAVIS_TOKEN")
    CA().cert_pem.write_to_path("authority.pem")
    text = "TRAVIS_TOKEN=of-the-file\nPURGER_CA_FILE=authority.pem\n"
    Path(".env").write_text(text)
    monkeypatch.setenv("HTTPS_PROXY", "https://proxy.acme.org")
    with patch.dict(os.environ):
        assert command("list", "acme/widgets").code == 0
    monkeypatch.setenv("HTTPS_PROXY", "https://me:geheim-of-a-proxy@proxy.acme.org")
    Path(".env").write_text(f"{text}PURGER_PROXY=https://me:of-the-file@proxy.acme.org\n")
    with patch.dict(os.environ):
        assert command("list", "acme/widgets").code == 0
    assert len(runs) == 2


@pytest.mark.parametrize(
    ("variable", "line", "given", "said"),
    [
        ("main", "", ["dev"], "--exclude overrides PURGER_EXCLUDE: give the names in that, too"),
        (None, "PURGER_EXCLUDE=main", ["dev"], "--exclude overrides PURGER_EXCLUDE in .env: give the names in that"),
        (None, "PURGER_EXCLUDE='main dev'", ["dev"], "--exclude overrides PURGER_EXCLUDE in .env:"),
        ("main", "PURGER_EXCLUDE=old", ["main", "dev"], "--exclude overrides PURGER_EXCLUDE in .env:"),
        ("dev", "PURGER_EXCLUDE='main dev'", [], "The environment overrides PURGER_EXCLUDE in .env: give the names"),
        ("main dev", "PURGER_EXCLUDE=main", [], None),
        (None, "PURGER_EXCLUDE=main", [], None),
        (None, "PURGER_MATCH=a", ["dev"], None),
    ],
)
def test_names_to_exclude_that_override_those_of_a_variable_are_told(
    command: Command,
    runs: list[Run],
    monkeypatch: pytest.MonkeyPatch,
    variable: str | None,
    line: str,
    given: list[str],
    said: str | None,
) -> None:
    Path(".env").write_text(f"{line}\n")
    if variable:
        monkeypatch.setenv("PURGER_EXCLUDE", variable)
    ended = command("purge", "a/b", "-y", *(f"--exclude={name}" for name in given))
    assert ended.code == 0, ended.err
    assert (said in ended.err) if said else (" overrides " not in ended.err)
