"""Secrets are cut out of whatever the process writes, however they are spelled there."""

from __future__ import annotations

import base64
import io
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest

from purger.secrets import child_environment as environment, redaction
from purger.report.artifacts import Artifacts
from purger.cli.ci import write_github_files
from purger.core.errors import SiteError
from purger.report.build import report_of
from purger.secrets.spellings import find_secret
from purger.secrets.token import Token

SECRET = 'Se+nti/nel?to&ken=42~"x'


@pytest.fixture(autouse=True)
def _forget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redaction, "_blankers", {})


@pytest.mark.parametrize(
    "spelled",
    [
        SECRET,
        quote(SECRET),
        quote(SECRET, safe=""),
        json.dumps(SECRET)[1:-1],
        json.dumps(json.dumps({"token": SECRET})),
        base64.b64encode(SECRET.encode()).decode(),
        base64.b64encode(f"token {SECRET}".encode()).decode(),
        SECRET.replace("&", "&amp;").replace('"', "&quot;"),
    ],
)
def test_every_spelling_is_cut_out(spelled: str) -> None:
    Token(SECRET)
    text = redaction.redact(f"before {spelled} after")
    assert text.startswith("before ")
    assert text.endswith(" after")
    assert "REDACTED" in text
    assert SECRET[3:9] not in text
    assert spelled not in text


def test_other_text_stays_and_a_short_secret_is_ordinary_text() -> None:
    redaction.remember("abc")
    assert redaction.redact("abcdef") == "abcdef"
    assert redaction.redact("nothing secret: ü☃") == "nothing secret: ü☃"


def test_the_streams_and_what_is_written_past_print(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    redaction.guard_streams()
    redaction.guard_streams()
    Token(SECRET)
    sys.stdout.write(f"token {SECRET}\n")
    sys.stdout.writelines([SECRET, "\n"])
    assert out.getvalue() == "token REDACTED\nREDACTED\n"
    assert isinstance(sys.stdout, redaction.RedactingStream)
    assert not isinstance(sys.stdout._stream, redaction.RedactingStream)


@pytest.mark.parametrize(
    ("variables", "is_said"),
    [
        ({}, False),
        ({"DEBUG": "pw:*"}, True),
        ({"DEBUG": "app,pw:api"}, True),
        ({"DEBUG": "*", "DEBUG_FILE": "x"}, True),
        ({"NODE_DEBUG": "http"}, True),
        ({"DEBUG": "1"}, False),
        ({"DEBUG": "true"}, False),
    ],
)
def test_debug_output_is_turned_off(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], is_said: bool) -> None:
    for name in ("DEBUG", "DEBUG_FILE", "NODE_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    for name, text in variables.items():
        monkeypatch.setenv(name, text)
    said = environment.turn_off_debug_output()
    assert not set(variables) & set(os.environ)
    assert bool(said) == is_said
    assert said is None or all(name in said for name in variables)


def test_children_get_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAVIS_TOKEN", SECRET)
    monkeypatch.setenv("PURGER_CONNECT", "wss://grid.example.org?token=x")
    kept = environment.for_children()
    assert not {"TRAVIS_TOKEN", "PURGER_CONNECT"} & set(kept)
    assert "PATH" in kept
    environment.forget_secrets()
    assert not {"TRAVIS_TOKEN", "PURGER_CONNECT"} & set(os.environ)


def test_a_token_that_the_site_says_back_is_in_no_artifact(tmp_path: Path) -> None:
    Token(SECRET)
    told = report_of([], SiteError(f"the API answered 500: {SECRET}", where=quote(SECRET)), datetime.now(UTC))
    artifacts = Artifacts(tmp_path / "artifacts")
    assert artifacts.write_report(told) is None
    assert artifacts.write_html(told, []) is None
    variables = {name: str(tmp_path / name) for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT")}
    assert write_github_files(told, variables) == []
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) == 4
    for path in written:
        assert find_secret(path.read_bytes(), [SECRET]) is None, path
