"""Secrets are removed from all output of the process, in every spelling."""

from __future__ import annotations

import base64
import html
import io
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from purger.cli.ci import write_github_files
from purger.cli.output import Output
from purger.cli.table import begun, shortened
from purger.core.errors import SiteError
from purger.core.shown_address import quoted
from purger.core.text import visible
from purger.report.artifacts import Artifacts
from purger.report.build import run_report
from purger.report.html import _ends
from purger.report.markdown import name_as_code, text_of
from purger.secrets import redaction
from purger.secrets.token import Token
from purger.travis.payloads import words_of
from tests.report.samples import record, refused
from tests.report.samples import report as made_report
from tests.support.secret_forms import find_secret

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


@given(st.data())
def test_a_secret_that_chunks_share_is_redacted(data: st.DataObject) -> None:
    spelled = data.draw(st.sampled_from([SECRET, quote(SECRET, safe=""), json.dumps(SECRET)[1:-1], "https://u:pw@h/"]))
    lines = data.draw(st.lists(st.sampled_from(["", "a", "b" * 30, spelled, f"x {spelled} y"]), max_size=12))
    text = "\n".join(lines)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=20)))
    chunks = [text[start:end] for start, end in pairwise([0, *cuts, len(text)])]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(redaction, "_blankers", {})
        patch.setattr(redaction, "_BLOCK", data.draw(st.integers(1, 60)))
        Token(SECRET)
        assert "".join(redaction.redacted(chunks)) == redaction.redact(text)


@pytest.mark.parametrize(
    ("lines", "shown"),
    [
        (["a", "token abcdEFGH", "1234ijkl now", "b"], ["a", "token REDACTED now", "b"]),
        (["abcd", "EFGH", "1234", "ijkl"], ["REDACTED"]),
        (["$ abcdEFGH", "1234ijklabcd", "EFGH1234ijkl", "b"], ["$ REDACTEDREDACTED", "b"]),
        (["clone https://me:geh", "eim@example.invalid/a", "b"], ["clone https://example.invalid/a", "b"]),
        (["token abcdEFGH1234ijkl", "abcd"], ["token REDACTED", "abcd"]),
        (["see https://x.invalid/a", "b@x.invalid"], ["see https://x.invalid/a", "b@x.invalid"]),
        (["abcdEFGH"], ["abcdEFGH"]),
        ([], []),
    ],
)
def test_a_secret_that_a_terminal_wrapped_is_redacted(lines: list[str], shown: list[str]) -> None:
    Token("abcdEFGH1234ijkl")
    assert [*map(redaction.redact, redaction.with_whole_secrets(lines))] == shown


def test_a_long_text_is_redacted_in_blocks_of_whole_lines() -> None:
    lines = [f"line {number}\n" for number in range(50_000)]
    blocks = list(redaction.whole_lines(character for line in lines for character in (line[:3], line[3:])))
    assert "".join(blocks) == "".join(lines)
    assert all(block.endswith("\n") for block in blocks if block)
    assert max(map(len, blocks)) < redaction._BLOCK + 100
    assert list(redaction.whole_lines([])) == [""]


def test_a_token_in_the_report_of_many_caches_is_in_no_file_and_not_on_stdout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Token(SECRET)
    kinds = [refused(f"branch-{number}-{SECRET}", f"x{quote(SECRET)}", SECRET) for number in range(600)]
    report = made_report(record(left=kinds))
    artifacts = Artifacts(tmp_path)
    assert artifacts.write_report(report) is None
    assert artifacts.write_html(report, []) is None
    assert "application/json" in artifacts.page.read_text()
    redaction.guard_streams()
    Output(json=True, verbosity=0, data=Console(), notes=Console()).print_json(report)
    written = capsys.readouterr().out
    assert json.loads(written) == json.loads(artifacts.report.read_text())
    for content in (written.encode(), artifacts.report.read_bytes(), artifacts.page.read_bytes()):
        assert content.count(b"REDACTED") >= 1200
        assert find_secret(content, [SECRET]) is None


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


SIGNS = "Tr4vis_Tok-en@12:34#5.67xy"


@pytest.mark.parametrize(
    "shown",
    [
        lambda: html.unescape(text_of(f"token {SIGNS}").replace("<wbr>", "")),
        lambda: html.unescape(name_as_code(f"feature/{SIGNS}")),
        lambda: "".join(_ends(f"feature/{'a' * 24}-{SIGNS}")),
        lambda: shortened(f"feature/aaa-{SIGNS}", 30),
        lambda: begun(f"deleting {SIGNS}-cache", 25),
        lambda: words_of(400, json.dumps({"error_message": f"{'w ' * 70}token {SIGNS}"})),
        lambda: words_of(400, f"{'w ' * 66}at https://deploy:{SIGNS}@s3.internal/b"),
        lambda: quoted(f"{'x' * 10}{SIGNS}{'y' * 10}"),
        lambda: visible(f"{'a' * 490}{SIGNS}{'b' * 491}", 1000),
    ],
    ids=range(9),
)
def test_no_part_of_a_secret_is_left_of_a_text_that_is_cut_or_escaped(
    monkeypatch: pytest.MonkeyPatch, shown: Callable[[], str]
) -> None:
    monkeypatch.setattr("purger.core.text._hiders", [redaction.redact, redaction._blank])
    redaction.remember(SIGNS)
    text = shown()
    assert not [part for at in range(len(SIGNS) - 5) if (part := SIGNS[at : at + 6]) in text], text
