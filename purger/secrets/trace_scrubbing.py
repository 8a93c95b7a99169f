"""Make a Playwright trace safe to share: remove credentials and storage, and blank known secrets."""

from __future__ import annotations

import json
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from purger.secrets.files import whole_file
from purger.secrets.spellings import REDACTED, SecretBlanker, ShortSecretError, items, nodes

_LINE_FILES = (".trace", ".network", ".stacks")
_IMAGES = (".jpeg", ".jpg", ".png", ".webp")
_PRIVATE_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization", "set-cookie"})
_PRIVATE_KEYS = frozenset(
    {"clientCertificates", "cookies", "extraHTTPHeaders", "httpCredentials", "indexedDB", "localStorage"}
    | {"origins", "sessionStorage", "storageState"}
)
_PRIVATE_METHODS = frozenset(
    {"addCookies", "addInitScript", "cookies", "exposeBinding", "setExtraHTTPHeaders", "setHTTPCredentials"}
    | {"credentialsCreate", "credentialsGet", "setStorageState", "storageState"}
    | {"webStorageGetItem", "webStorageItems", "webStorageSetItem"}
)
# The options that current versions of Playwright record.
_PUBLIC_OPTIONS = frozenset({"baseURL", "deviceScaleFactor", "isMobile", "userAgent", "viewport"})
_STORAGE_WORD = re.compile(r"localStorage|sessionStorage|indexedDB|cookieStore|document\.cookie")
_HEADER_WORD = re.compile(rb"authorization|cookie", re.IGNORECASE)
_HEADER_LINE = re.compile(r"(?im)^([ \t]*(?:(?:proxy-)?authorization|(?:set-)?cookie)[ \t]*:)[ \t]*\S.*$")


class TraceScrubError(ValueError):
    """A trace could not be made safe, and no target file was written. The message never quotes the trace."""


def scrub_trace(source: Path, target: Path, secrets: Sequence[str]) -> None:
    """Scrub the trace file `source` of `tracing.stop(path=...)` and write it to `target`, still a valid trace.

    `source` is always deleted. `target` (mode 0600) is replaced atomically after it was verified; after a failure it
    does not exist, not even in an older version. Both may be the same path. Known `secrets` are blanked in every
    spelling. Headers with credentials, cookies, storage, init scripts and most context options are always removed.
    Blocks for seconds on a large trace: call it from a thread. Raises TraceScrubError or OSError.
    """
    try:
        scrubber = _Scrubber(secrets)
        with whole_file(target, mode=0o600) as draft:
            try:
                scrubber.rewrite(source, draft)
                draft.flush()
                scrubber.verify(draft)
            finally:
                source.unlink(missing_ok=True)  # here, since it may be the target
    except BaseException as fault:
        source.unlink(missing_ok=True)
        target.unlink(missing_ok=True)
        if isinstance(fault, (zipfile.BadZipFile, zlib.error, EOFError)):
            raise TraceScrubError("the trace is not a readable zip file") from None
        if isinstance(fault, ShortSecretError):
            raise TraceScrubError(str(fault)) from None
        raise


class _Scrubber:
    """Rewrites one trace. It remembers the private calls, because their results are on later lines."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._blanker = SecretBlanker(secrets)
        self._private_calls: set[str] = set()

    def rewrite(self, source: Path, output: Any) -> None:
        with zipfile.ZipFile(source) as old, zipfile.ZipFile(output, "w") as new:
            for info in old.infolist():
                copy = zipfile.ZipInfo(info.filename, info.date_time)
                stored = info.filename.endswith(_IMAGES)
                copy.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
                with new.open(copy, "w", force_zip64=info.file_size > 1 << 30) as entry:
                    for part in _parts(old, info):
                        is_line = info.filename.endswith(_LINE_FILES)
                        entry.write(self._line(part) if is_line else self._resource(part, info.filename))

    def verify(self, rewritten: BinaryIO) -> None:
        """Read the zip file again; raises TraceScrubError if any form of a secret is left in it."""
        with zipfile.ZipFile(rewritten) as archive:
            for info in archive.infolist():
                if self._blanker.find(info.filename.encode()):
                    raise TraceScrubError("a secret is in the name of an entry of the trace")
                if any(self._blanker.find(part) for part in _parts(archive, info)):
                    raise TraceScrubError(f"a secret could not be removed from {info.filename}")

    def _line(self, line: bytes) -> bytes:
        if not line.strip():
            return line
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            if line.endswith(b"\n"):
                raise TraceScrubError("a line of the trace is not JSON, or nested too deeply") from None
            return b""  # the browser died while it wrote its last line
        changed = self._drop_private(event, has_header_words=bool(_HEADER_WORD.search(line)))
        if self._blanker.find(line):
            changed = True
            self._blanker.blank_tree(event)
        return _dump(event) + b"\n" if changed else line

    def _resource(self, data: bytes, name: str) -> bytes:
        if not self._blanker.find(data):
            return data
        if name.endswith(".jsonl"):
            return b"".join(self._json_or_text(line) for line in data.splitlines(keepends=True))
        return self._json_or_text(data)

    def _json_or_text(self, data: bytes) -> bytes:
        try:
            tree = [json.loads(data)]
        except (ValueError, RecursionError):
            # Blanking would corrupt a binary format, so the entry is emptied.
            return b"" if b"\0" in data else self._blanker.blank(data)
        self._blanker.blank_tree(tree)
        return _dump(tree[0]) + (b"\n" if data.endswith(b"\n") else b"")

    def _drop_private(self, event: Any, *, has_header_words: bool) -> bool:
        """Remove credentials and storage from the event, in place; return whether it changed."""
        if not isinstance(event, dict) or event.get("type") == "frame-snapshot":
            return False  # snapshots are most of a trace, and contain only the page's HTML
        changed = self._drop_calls(event)
        for node in nodes(event):
            changes: dict[Any, Any] = {}
            for key, value in items(node):
                if key in _PRIVATE_KEYS:
                    changes[key] = _emptied(value)
                elif isinstance(value, str) and has_header_words:
                    is_header = str(key).lower() in _PRIVATE_HEADERS
                    changes[key] = REDACTED if is_header else _HEADER_LINE.sub(rf"\1 {REDACTED}", value)
            if isinstance(node, dict):
                # {name, value} is how events and HAR write a header or a cookie, {k, v} how evaluate() does.
                pairs = [pair for pair in (("name", "value"), ("k", "v")) if pair[1] in node]
                named = [value for name, value in pairs if str(node.get(name)).lower() in _PRIVATE_HEADERS]
                changes |= {value: REDACTED if value == "value" else {"s": REDACTED} for value in named}
            for key, value in changes.items():
                changed |= node[key] != value
                node[key] = value
        return changed

    def _drop_calls(self, event: dict[str, Any]) -> bool:
        params = event.get("params")
        match event.get("type"):
            case "context-options" if isinstance(options := event.get("options"), dict):
                event["options"] = {key: value for key, value in options.items() if key in _PUBLIC_OPTIONS}
                return len(event["options"]) != len(options)
            case "before" if event.get("method") in _PRIVATE_METHODS:
                event["params"] = {}
            case "before" if isinstance(params, dict) and _STORAGE_WORD.search(str(params.get("expression"))):
                event["params"] = {"expression": REDACTED}
            case "after" if event.get("callId") in self._private_calls and "result" in event:
                event["result"] = {}
                return True
            case _:
                return False
        self._private_calls.add(str(event.get("callId")))
        return True


def _parts(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield the lines of an entry of events, which can be large, or any other entry as a whole."""
    with archive.open(info) as entry:
        if info.filename.endswith(_LINE_FILES):
            yield from entry
        else:
            yield entry.read()


def _emptied(value: Any) -> Any:
    return REDACTED if isinstance(value, str) else type(value)() if isinstance(value, (list, dict)) else value


def _dump(tree: Any) -> bytes:
    return json.dumps(tree, separators=(",", ":")).encode()
