"""Secrets are removed from all output of the process, in every spelling."""

from __future__ import annotations

import base64
import io
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest

from purger.cli.ci import write_github_files
from purger.core.errors import SiteError
from purger.report.artifacts import Artifacts
from purger.report.build import run_report
from purger.secrets import redaction
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
def test_every_spelling_is_redacted(spelled: str) -> None:
    Token(SECRET)
    text = redaction.redact(f"before {spelled} after")
    assert text.startswith("before ")
    assert text.endswith(" after")
    assert "REDACTED" in text
    assert SECRET[3:9] not in text
    assert spelled not in text


def test_other_text_and_short_secrets_are_not_redacted() -> None:
    redaction.remember("abc")
    assert redaction.redact("abcdef") == "abcdef"
    assert redaction.redact("nothing secret: ü☃") == "nothing secret: ü☃"


def test_guarded_streams_redact_all_writes(monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_a_token_in_an_error_of_the_site_is_in_no_artifact(tmp_path: Path) -> None:
    Token(SECRET)
    report = run_report([], SiteError(f"the API answered 500: {SECRET}", where=quote(SECRET)), datetime.now(UTC))
    artifacts = Artifacts(tmp_path / "artifacts")
    assert artifacts.write_report(report) is None
    assert artifacts.write_html(report, []) is None
    variables = {name: str(tmp_path / name) for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT")}
    assert write_github_files(report, variables) == []
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) == 4
    for path in written:
        assert find_secret(path.read_bytes(), [SECRET]) is None, path
