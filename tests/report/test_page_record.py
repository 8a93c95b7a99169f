"""The artifacts of a run: pictures and traces of the page, and the reports beside them."""

from __future__ import annotations

import asyncio
import json
import os
import stat
import struct
import zipfile
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple, cast

import pytest
from playwright.async_api import BrowserContext, Page, Playwright
from playwright.async_api import Error as PlaywrightError

from purger.browser.start import close_context, new_context
from purger.browser.supervise import BrowserSupervisor
from purger.core.errors import SiteError
from purger.core.selection import Selection
from purger.core.sudden_end import undo_all
from purger.purge.ledger import Ledger
from purger.purge.record import Record
from purger.report import page_record
from purger.report.artifacts import Artifacts, TraceMode
from purger.report.page_record import ArtifactRecorder, ArtifactRecorders
from purger.secrets.files import whole_file
from purger.secrets.token import Token
from purger.secrets.trace_scrubbing import TraceScrubError
from purger.standin import DeleteFault, ListFault, StandIn
from purger.standin.repository import Repository
from purger.travis.addresses import Site
from purger.travis.page.cache_page import CachePage
from tests.report.samples import record
from tests.support.browser import WIDGETS, Purger, eventually
from tests.support.secret_forms import find_secret

pytestmark = pytest.mark.browser

PICTURED = {"after.png", "trace.zip", "report.json", "report.html"}

PNG = b"\x89PNG"


def test_a_purge_leaves_pictures_and_reports(
    purger: Purger, site: StandIn, repository: Repository, tmp_path: Path
) -> None:
    repository.fill(6)
    repository.add("%0A::error::x")
    repository.add("<img src=x>")
    ended = purger("purge", "acme/widgets", "--yes", "--artifacts", "kept", CI="true")
    assert ended.code == 0, ended.err
    kept = tmp_path / "kept"
    assert sorted(path.name for path in kept.iterdir()) == ["after.png", "before.png", "report.html", "report.json"]
    assert json.loads((kept / "report.json").read_text()) == ended.report
    for name in ("before.png", "after.png"):
        assert (kept / name).read_bytes().startswith(PNG)
    page = (kept / "report.html").read_text()
    assert "<img src=x>" not in page
    assert page.count("data:image/png") == 2
    assert "open report.html in a browser" in ended.err


@pytest.mark.parametrize("trace", ["on-failure", "on"])
def test_a_trace_leaves_no_folder_among_the_temporary_ones(
    purger: Purger, repository: Repository, tmp_path: Path, short_folder: Path, trace: str
) -> None:
    """Nor anywhere else, where Playwright's driver can't spell the artifacts' folder: a raw trace holds the token."""
    repository.fill(2)
    name = os.fsdecode(b"kept\xff")
    ended = purger("purge", "acme/widgets", "--yes", "--artifacts", name, "--trace", trace, TMPDIR=str(short_folder))
    assert ended.code == 0, ended.err
    assert (tmp_path / name / "trace.zip").exists() is (trace == "on")
    assert [path.name for path in tmp_path.iterdir()] == [name]
    # Tests share the driver, so that the end of a browser that closes slowly is not waited for.
    asyncio.run(eventually(lambda: not [*short_folder.glob("playwright*"), *short_folder.glob("purger*")]))


class Tracing:
    """A page's tracing, and the page's context at once: it writes a trace with a secret to where it is asked to."""

    def __init__(self, *, is_stuck: bool = False) -> None:
        self.tracing = self
        self.modes: list[int] = []
        self._is_stuck = is_stuck

    async def start(self, **_options: bool) -> None:
        pass

    async def stop(self, path: Path) -> None:
        if self._is_stuck:
            await asyncio.Event().wait()
        self.modes.append(stat.S_IMODE(path.parent.stat().st_mode))
        with zipfile.ZipFile(path, "w") as trace:
            trace.writestr("resources/page.html", "s3cret-token")


def traced(kept: Path, ours: Record, context: Tracing) -> AbstractAsyncContextManager[None]:
    recorder = ArtifactRecorder(Artifacts(kept), TraceMode.ON, Token("s3cret-token"), ours)
    return recorder.traced(cast(BrowserContext, context))


@pytest.mark.parametrize(("name", "modes"), [(b"t", [0o700]), (b"t\xff", [])])
async def test_a_trace_with_its_secrets_is_in_a_private_folder_that_the_driver_can_spell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: bytes, modes: list[int]
) -> None:
    temporary, kept, context = tmp_path / os.fsdecode(name), tmp_path / "kept", Tracing()
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    ours = record("acme/widgets")
    async with traced(kept, ours, context):
        pass
    assert context.modes == modes
    assert [path.name for path in kept.iterdir()] == ["trace.zip"] * len(modes)
    assert list(temporary.iterdir()) == []
    assert [w for w in ours.warnings if "set TMPDIR" in w] == ours.warnings
    assert bool(ours.warnings) is not bool(modes)


async def test_a_sudden_end_leaves_no_trace_with_its_secrets_and_no_draft(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary, kept, ours = tmp_path / "t", tmp_path / "kept", record("acme/widgets")
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    seen: list[int] = []

    def end_suddenly(_raw: Path, path: Path, *_: object, **_options: object) -> None:
        with whole_file(path) as draft:
            draft.write(b"half")
            seen.append(len([*temporary.rglob("*.zip"), *kept.iterdir()]))
            undo_all()
            seen.append(len([*temporary.iterdir(), *kept.iterdir()]))
            raise TraceScrubError("ended")

    monkeypatch.setattr(page_record, "_scrub", end_suddenly)
    async with traced(kept, ours, Tracing()):
        pass
    assert seen == [2, 0]


async def test_a_run_that_is_stopped_keeps_its_trace(tmp_path: Path) -> None:
    ours, context = record("acme/widgets"), Tracing()
    with pytest.raises(asyncio.CancelledError):
        async with traced(tmp_path, ours, context):
            raise asyncio.CancelledError
    assert [path.name for path in tmp_path.iterdir()] == ["trace.zip"]
    assert ours.warnings == []


@pytest.mark.parametrize(
    ("limit", "why"), [("STOPPING_AT_ONCE_S", "did not give it"), ("_MOST_BYTES_AT_ONCE", "too large")]
)
async def test_the_end_of_a_run_that_is_stopped_is_not_held_up_by_its_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, why: str
) -> None:
    monkeypatch.setattr(page_record, limit, 0)
    ours, context = record("acme/widgets"), Tracing(is_stuck=limit == "STOPPING_AT_ONCE_S")
    with pytest.raises(asyncio.CancelledError):
        async with traced(tmp_path, ours, context):
            raise asyncio.CancelledError
    assert list(tmp_path.iterdir()) == []
    (warning,) = ours.warnings
    assert warning.startswith("The trace could not be kept: ")
    assert why in warning


def test_a_failure_leaves_pictures_a_report_and_a_clean_trace(
    purger: Purger, site: StandIn, repository: Repository, tmp_path: Path
) -> None:
    repository.fill(3)
    repository.add("stubborn")
    site.faults.delete_fault = [DeleteFault("stubborn", 500)]
    site.faults.delete_all_fault = [DeleteFault(None, 500)]
    ended = purger("purge", "acme/widgets", "--yes", "--attempts", "1", "--artifacts", "kept")
    assert ended.code == 1
    with zipfile.ZipFile(tmp_path / "kept" / "trace.zip") as trace:
        assert trace.testzip() is None
        assert not [name for name in trace.namelist() if find_secret(trace.read(name), [site.token])]
    assert "playwright show-trace kept/trace.zip" in ended.err


def test_a_page_that_changed_is_pictured(purger: Purger, site: StandIn, repository: Repository, tmp_path: Path) -> None:
    repository.fill(3)
    site.faults.changed_page = "icon-class"
    ended = purger("purge", "acme/widgets", "--yes", "--artifacts", "kept", "--page-timeout", "5s")
    assert ended.code == 4
    assert "not the one we know" in ended.err
    assert {path.name for path in (tmp_path / "kept").iterdir()} >= PICTURED
    assert {cache["outcome"] for cache in ended.repository["caches"]} == {"remaining"}
    assert len(repository.caches) == 3


def test_a_list_that_never_comes_is_pictured(
    purger: Purger, site: StandIn, repository: Repository, tmp_path: Path
) -> None:
    repository.fill(3)
    site.faults.list_fault = ListFault(kind="hang", after=1)
    ended = purger("purge", "acme/widgets", "--yes", "--artifacts", "kept", "--page-timeout", "3s")
    assert ended.code == 4
    assert "did not show its list of caches within 3 s" in ended.err
    assert ended.repository["warnings"] == []
    assert {path.name for path in (tmp_path / "kept").iterdir()} >= PICTURED
    assert ended.repository["error"]["exit_code"] == 4
    assert ended.repository["remaining"] == len(repository.caches) == 3


@asynccontextmanager
async def loaded_page(site: StandIn, browsers: tuple[Playwright, BrowserSupervisor]) -> AsyncIterator[CachePage]:
    ours = Site.at(site.url, site.api_url)
    context = await new_context(await browsers[1].get())
    page = CachePage(context, ours, WIDGETS, timeout_s=60.0)
    try:
        await page.prepare(context, ours, Token(site.token), watched=False)
        await page.load()
        yield page
    finally:
        await close_context(context)


async def test_a_picture_has_its_own_time(
    site: StandIn, repository: Repository, browsers: tuple[Playwright, BrowserSupervisor]
) -> None:
    """However short the page's time to load is: on a busy machine the picture alone takes longer."""
    repository.fill(3)
    async with loaded_page(site, browsers) as page:
        page._timeout_s = 0.0
        assert (await page.screenshot()).startswith(PNG)


async def test_a_picture_shows_a_page_up_to_its_greatest_height(
    site: StandIn,
    repository: Repository,
    browsers: tuple[Playwright, BrowserSupervisor],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    repository.fill(60)
    async with loaded_page(site, browsers) as page:
        whole = size(await page.screenshot())
        monkeypatch.setattr("purger.travis.page.cache_page.PICTURE_PIXELS", 2000)
        cut = size(await page.screenshot())
    assert (whole.width, cut) == (1280, Size(1280, 2000))
    assert 2500 < whole.height < 4000


class Size(NamedTuple):
    """The size of a picture, in pixels."""

    width: int
    height: int


def size(png: bytes) -> Size:
    assert png.startswith(PNG)
    return Size(*struct.unpack(">II", png[16:24]))


async def test_a_picture_that_takes_too_long_leaves_a_warning_and_the_page(
    site: StandIn,
    repository: Repository,
    browsers: tuple[Playwright, BrowserSupervisor],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    repository.fill(3)
    record = Record(WIDGETS, "", Ledger(Selection(), 1), lambda _event: None)
    recorder = ArtifactRecorder(Artifacts(tmp_path), TraceMode.OFF, Token(site.token), record)
    async with loaded_page(site, browsers) as page:
        with monkeypatch.context() as patch:
            patch.setattr("purger.travis.page.cache_page.PICTURE_S", 0.001)
            await recorder.before(page)
        assert list(tmp_path.iterdir()) == []
        (warning,) = record.warnings
        assert warning.startswith("before.png could not be taken: ")
        await recorder.before(page)
        assert len(record.warnings) == 1
        assert (tmp_path / "before.png").read_bytes().startswith(PNG)
        await page.close()
        await recorder.after(page)
        assert record.warnings[1:] == ["after.png could not be taken: the page was closed."]
    assert [path.name for path in tmp_path.iterdir()] == ["before.png"]


async def test_a_picture_that_chromium_has_not_at_the_moment_is_taken_a_second_time(
    site: StandIn,
    repository: Repository,
    browsers: tuple[Playwright, BrowserSupervisor],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    repository.fill(3)
    take, refusals = Page.screenshot, ["Unable to capture screenshot"]

    async def take_later(page: Page, **options: Any) -> bytes:
        if refusals:
            raise PlaywrightError(f"Page.screenshot: Protocol error (Page.captureScreenshot): {refusals.pop()}")
        return await take(page, **options)

    monkeypatch.setattr(Page, "screenshot", take_later)
    async with loaded_page(site, browsers) as page:
        assert (await page.screenshot()).startswith(PNG)
        refusals += ["Unable to capture screenshot"] * 2
        with pytest.raises(SiteError, match="Unable to capture screenshot"):
            await page.screenshot()


def test_several_repositories_have_folders_of_their_own(purger: Purger, site: StandIn, tmp_path: Path) -> None:
    for name in ("acme/a", "acme/b"):
        site.add_repository(name).fill(2)
    assert purger("purge", "acme/*", "--yes", "--artifacts", "kept", "--trace", "on").code == 0
    for folder in ("acme--a", "acme--b"):
        assert sorted(path.name for path in (tmp_path / "kept" / folder).iterdir()) == [
            "after.png", "before.png", "trace.zip",
        ]  # fmt: skip


@pytest.mark.parametrize("place", ["/proc/purger", "a-file/below"])
def test_a_place_that_can_not_be_written_is_bad_input(
    purger: Purger, site: StandIn, repository: Repository, tmp_path: Path, place: str
) -> None:
    repository.fill(2)
    (tmp_path / "a-file").write_text("")
    ended = purger("purge", "acme/widgets", "--yes", "--artifacts", place)
    assert ended.code == 2
    assert "can't be written" in ended.err
    assert len(repository.caches) == 2


async def test_each_repository_has_its_own_recorder_and_folder(tmp_path: Path) -> None:
    recorders = ArtifactRecorders(Artifacts(tmp_path), TraceMode.OFF, Token("s3cret-token"))
    records = [record("a"), record("b")]
    assert recorders.expect([one.name for one in records]) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["acme--a", "acme--b"]
    assert [recorders.of(one).record for one in records] == records
