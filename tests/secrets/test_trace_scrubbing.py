"""The trace scrubber on hand-made traces: what is removed, what is kept, and how it fails."""

from __future__ import annotations

import base64
import html
import json
import stat
import zipfile
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings

from purger.secrets.spellings import REDACTED, SecretBlanker
from purger.secrets.trace_scrubbing import TraceScrubError, scrub_trace
from tests.support.odd_tokens import odd_tokens
from tests.support.secret_forms import secret_forms

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

TOKEN = "tok+3n/with\"quotes'=="
OTHER_TOKEN = "s3cond&token\\é%41"


def write_trace(path: Path, entries: Mapping[str, bytes | list[dict[str, Any]]]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            if isinstance(content, list):
                content = b"".join(json.dumps(event).encode() + b"\n" for event in content)
            archive.writestr(name, content)
    return path


def read_entries(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def scrub(tmp_path: Path, entries: Mapping[str, Any], *secrets: str) -> dict[str, bytes]:
    source = write_trace(tmp_path / "raw.zip", entries)
    scrub_trace(source, tmp_path / "trace.zip", secrets)
    assert not source.exists()
    return read_entries(tmp_path / "trace.zip")


def scrub_events(tmp_path: Path, *events: dict[str, Any], secrets: tuple[str, ...] = ()) -> list[Any]:
    entries = scrub(tmp_path, {"trace.trace": list(events)}, *secrets)
    return [json.loads(line) for line in entries["trace.trace"].splitlines()]


def assert_nowhere(entries: Mapping[str, bytes], *secrets: str) -> None:
    """Search for each spelling, without the patterns that the scrubber uses."""
    for name, content in entries.items():
        for form in (form for secret in secrets for form in secret_forms(secret)):
            assert form not in content, name


def test_other_entries_are_copied_byte_for_byte(tmp_path: Path) -> None:
    line = b'{ "type":"log", "callId":"c@1", "message":"caf\xc3\xa9 \\ud800", "time":1.50 }\n'
    entries = {"trace.trace": line, "resources/1.json": b'{ "a": 1 }', "screencast/p.jpeg": b"\xff\xd8\0\xff"}
    assert scrub(tmp_path, entries, TOKEN) == entries


def test_changes_what_holds_a_secret_alone_and_keeps_order_and_names(tmp_path: Path) -> None:
    entries = {
        "trace.trace": [{"type": "log", "message": TOKEN}, {"type": "log", "message": "fine"}],
        "trace.network": [],
        "resources/aa.txt": f"a {TOKEN} b".encode(),
        "resources/bb.html": b"<p>fine",
        "trace.stacks": b'{"files":[],"stacks":[]}',
    }
    scrubbed = scrub(tmp_path, entries, TOKEN)
    assert list(scrubbed) == list(entries)
    assert [json.loads(line)["message"] for line in scrubbed["trace.trace"].splitlines()] == ["REDACTED", "fine"]
    assert scrubbed["resources/aa.txt"] == b"a REDACTED b"
    for name in ("trace.network", "resources/bb.html", "trace.stacks"):
        assert scrubbed[name] == (entries[name] or b"")


@pytest.mark.parametrize("name", ["Authorization", "cookie", "Set-Cookie", "proxy-authorization"])
@pytest.mark.parametrize("side", ["request", "response"])
def test_drops_credentials_in_headers_whatever_they_are(tmp_path: Path, name: str, side: str) -> None:
    headers = [{"name": name, "value": "unknown"}, {"name": "accept", "value": "*/*"}]
    [event] = scrub_events(tmp_path, {"type": "resource-snapshot", "snapshot": {side: {"headers": headers}}})
    assert event["snapshot"][side]["headers"] == [
        {"name": name, "value": REDACTED},
        {"name": "accept", "value": "*/*"},
    ]


def test_drops_credentials_in_logged_headers_and_in_arguments_of_evaluate(tmp_path: Path) -> None:
    argument = {"o": [{"k": "Authorization", "v": {"s": "token unknown"}, "id": 1}], "id": 2}
    log, error, evaluate, as_object = scrub_events(
        tmp_path,
        {"type": "log", "message": "  authorization: token unknown"},
        {"type": "after", "error": {"message": "Failed\nCall log:\n  Cookie: a=unknown; b=2\n  accept: */*"}},
        {"type": "before", "params": {"expression": "x => fetch(x)", "arg": {"value": argument}}},
        {"type": "before", "params": {"headers": {"AUTHORIZATION": "unknown", "accept": "*/*"}}},
    )
    assert log["message"] == "  authorization: REDACTED"
    assert error["error"]["message"] == "Failed\nCall log:\n  Cookie: REDACTED\n  accept: */*"
    assert evaluate["params"]["arg"]["value"]["o"][0] == {"k": "Authorization", "v": {"s": REDACTED}, "id": 1}
    assert as_object["params"]["headers"] == {"AUTHORIZATION": REDACTED, "accept": "*/*"}


def test_drops_storage_and_cookies_wherever_they_occur(tmp_path: Path) -> None:
    state = {"cookies": [{"name": "a", "value": "unknown"}], "origins": [{"localStorage": ["unknown"]}]}
    got, har, local = scrub_events(
        tmp_path,
        {"type": "after", "callId": "c@1", "result": state},
        {
            "type": "resource-snapshot",
            "snapshot": {"request": {"cookies": [{"name": "a", "value": "unknown"}]}},
        },
        {"type": "event", "params": {"storageState": "unknown", "localStorage": {"k": "unknown"}, "time": 1}},
    )
    assert got["result"] == {"cookies": [], "origins": []}
    assert har["snapshot"] == {"request": {"cookies": []}}
    assert local["params"] == {"storageState": REDACTED, "localStorage": {}, "time": 1}


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("addInitScript", {"source": "localStorage.setItem('a', 'unknown')"}),
        ("exposeBinding", {"name": "unknown"}),
        ("setExtraHTTPHeaders", {"headers": [{"name": "x-key", "value": "unknown"}]}),
        ("webStorageItems", {"type": "local"}),
        ("storageState", {}),
    ],
)
def test_drops_arguments_and_results_of_private_calls(tmp_path: Path, method: str, params: dict[str, Any]) -> None:
    before, after, other = scrub_events(
        tmp_path,
        {"type": "before", "callId": "c@1", "class": "Page", "method": method, "params": params},
        {"type": "after", "callId": "c@1", "result": {"items": [{"name": "a", "value": "unknown"}]}},
        {"type": "after", "callId": "c@2", "result": {"value": {"s": "known"}}},
    )
    assert before == {"type": "before", "callId": "c@1", "class": "Page", "method": method, "params": {}}
    assert after == {"type": "after", "callId": "c@1", "result": {}}
    assert other["result"] == {"value": {"s": "known"}}


def test_drops_scripts_that_access_storage_and_their_results(tmp_path: Path) -> None:
    script = "localStorage.setItem('a', 'unknown'), JSON.stringify(localStorage)"
    call = {"type": "before", "callId": "c@1", "method": "evaluateExpression"}
    before, after = scrub_events(
        tmp_path,
        call | {"params": {"expression": script, "arg": {"value": {"s": "unknown"}}}},
        {"type": "after", "callId": "c@1", "result": {"value": {"s": "unknown"}}},
    )
    assert before == call | {"params": {"expression": REDACTED}}
    assert after["result"] == {}


def test_keeps_only_harmless_context_options(tmp_path: Path) -> None:
    options = {"viewport": {"width": 1}, "proxy": {"password": "unknown"}, "storageState": {"origins": []}}
    [event] = scrub_events(tmp_path, {"type": "context-options", "version": 8, "options": options})
    assert event == {"type": "context-options", "version": 8, "options": {"viewport": {"width": 1}}}


@settings(settings.get_profile("patterns"))
@given(token=odd_tokens)
def test_no_spelling_remains_in_any_entry(token: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    body = json.dumps({"token": token, token: [token]})
    encoded = base64.b64encode(f"user:{token}!".encode()).decode()
    url = f"http://host/?a={quote(token, safe='')}&b={quote_plus(token)}&c={quote(quote(token))}&d=1"
    entries: dict[str, Any] = {
        "trace.trace": [
            {"type": "log", "message": f"fill({json.dumps(token)})", "time": 1.5},
            {
                "type": "frame-snapshot",
                "snapshot": {"html": ["P", {"title": token}, html.escape(token), url]},
            },
            {"type": "console", "text": json.dumps(body), "args": [{"preview": encoded}]},
        ],
        "trace.network": [{"type": "resource-snapshot", "snapshot": {"request": {"url": url}}}],
        "resources/1.json": body.encode(),
        "resources/2.html": f"<p>{html.escape(token)}</p><a href='{url}'>{token}</a>".encode(),
        "resources/3.jsonl": json.dumps({"data": body}).encode() + b"\n" + json.dumps({"n": 1}).encode() + b"\n",
        "resources/4.dat": b"\0\x01" + token.encode() + b"\xff",
    }
    scrubbed = scrub(tmp_path_factory.mktemp("trace"), entries, token)
    assert_nowhere(scrubbed, token)
    for name in ("trace.trace", "trace.network", "resources/3.jsonl"):
        assert all(json.loads(line) for line in scrubbed[name].splitlines())
    assert json.loads(scrubbed["resources/1.json"]) == {"token": REDACTED, REDACTED: [REDACTED]}
    assert scrubbed["resources/4.dat"] == b""
    assert json.loads(scrubbed["resources/3.jsonl"].splitlines()[1]) == {"n": 1}


def test_base64_keeps_its_length_and_the_text_around_the_secret(tmp_path: Path) -> None:
    encoded = base64.b64encode(f"before before {TOKEN} after after".encode())
    scrubbed = scrub(tmp_path, {"resources/1.txt": encoded}, TOKEN)
    decoded = base64.b64decode(scrubbed["resources/1.txt"], validate=True)
    assert decoded.startswith(b"before befor")
    assert decoded.endswith(b"fter after")
    assert len(decoded) == len(f"before before {TOKEN} after after")


def test_nested_secrets_are_all_blanked(tmp_path: Path) -> None:
    longer = TOKEN + "-longer"
    text = f"{longer} {TOKEN} {OTHER_TOKEN} {quote(OTHER_TOKEN)}".encode()
    scrubbed = scrub(tmp_path, {"resources/1.txt": text}, TOKEN, longer, OTHER_TOKEN)
    assert scrubbed["resources/1.txt"] == b"REDACTED REDACTED REDACTED REDACTED"


def test_a_secret_of_digits_is_also_blanked_as_a_number(tmp_path: Path) -> None:
    scrubbed = scrub(tmp_path, {"resources/1.json": b'{"id":12345678,"n":1}'}, "12345678")
    assert json.loads(scrubbed["resources/1.json"]) == {"id": 0, "n": 1}


def test_the_target_may_be_the_source_and_is_private(tmp_path: Path) -> None:
    path = write_trace(tmp_path / "trace.zip", {"trace.trace": [{"type": "log", "message": TOKEN}]})
    scrub_trace(path, path, [TOKEN])
    assert_nowhere(read_entries(path), TOKEN)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_an_incomplete_last_line_is_dropped(tmp_path: Path) -> None:
    scrubbed = scrub(tmp_path, {"trace.trace": b'{"type":"a"}\n{"type":"log","mess'})
    assert scrubbed["trace.trace"] == b'{"type":"a"}\n'


@pytest.mark.parametrize(
    ("entries", "secret", "message"),
    [
        ({"trace.trace": b"not json\n"}, TOKEN, "not JSON"),
        ({"trace.trace": b"[" * 200_000 + b"]" * 200_000 + b"\n"}, TOKEN, "nested too deeply"),
        ({"trace.trace": b"{}\n"}, "short", "under 6 bytes"),
        ({f"resources/{'x' * 9}.txt": b""}, "x" * 9, "name of an entry"),
        ({"trace.trace": b'{"a":["123456","123456"]}\n'}, '123456","123456', "could not be removed"),
    ],
)
def test_a_failure_leaves_neither_source_nor_target_nor_draft(
    tmp_path: Path, entries: dict[str, bytes], secret: str, message: str
) -> None:
    source, target = write_trace(tmp_path / "raw.zip", entries), tmp_path / "trace.zip"
    target.write_bytes(b"from an older run")
    with pytest.raises(TraceScrubError, match=message) as caught:
        scrub_trace(source, target, [secret])
    assert list(tmp_path.iterdir()) == []
    assert secret not in str(caught.value)


def test_a_file_that_is_not_a_zip_is_rejected_and_deleted(tmp_path: Path) -> None:
    source = tmp_path / "raw.zip"
    source.write_bytes(TOKEN.encode())
    with pytest.raises(TraceScrubError, match="not a readable zip"):
        scrub_trace(source, tmp_path / "trace.zip", [TOKEN])
    assert list(tmp_path.iterdir()) == []


def test_verification_finds_what_blanking_missed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SecretBlanker, "blank", lambda _self, data: data)
    source = write_trace(tmp_path / "raw.zip", {"resources/1.txt": TOKEN.encode()})
    with pytest.raises(TraceScrubError, match=r"could not be removed from resources/1\.txt"):
        scrub_trace(source, tmp_path / "trace.zip", [TOKEN])
    assert list(tmp_path.iterdir()) == []
