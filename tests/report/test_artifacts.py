"""The folder for artifacts: made, cleaned, and never the reason that a purge fails."""

from __future__ import annotations

import errno
import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from purger.core.errors import ExitCode, InputError
from purger.report import artifacts
from purger.report.artifacts import Artifacts, folder_name
from tests.report.samples import record, refused, report
from tests.support.reports import value_of

OURS = ("trace.zip", "report.html", "before.png", "after.png")


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_folder_is_made_and_what_an_earlier_run_made_goes(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    assert Artifacts(folder).write_report(report()) is None
    for name in (*OURS, "mine.txt"):
        (folder / name).write_text("old")
    kept = Artifacts(folder)
    assert names_in(folder) == sorted([*OURS, "mine.txt", "report.json"]), "this run may yet fail"
    assert kept.expect(["acme/widgets"]) == []
    assert names_in(folder) == ["mine.txt", "report.json"]


@pytest.mark.parametrize("other", ["none", "no report of purger's"])
def test_what_purger_did_not_make_stays_and_is_not_taken_for_this_runs(tmp_path: Path, other: str) -> None:
    for name in OURS:
        (tmp_path / name).write_bytes(b"mine")
    if other != "none":
        (tmp_path / "report.json").write_text(other)
    kept = Artifacts(tmp_path)
    assert kept.expect(["acme/widgets"]) == kept.delete_former() == []
    assert {(tmp_path / name).read_bytes() for name in OURS} == {b"mine"}
    assert kept.pictures(["acme/widgets"]) == {}
    assert not [name for name in OURS if kept.has(tmp_path / name)]


def test_a_file_of_an_earlier_run_that_can_not_be_deleted_is_a_sentence(tmp_path: Path) -> None:
    assert Artifacts(tmp_path).write_report(report()) is None
    (tmp_path / "before.png").mkdir()
    (said,) = Artifacts(tmp_path).delete_former()
    assert said.startswith(f"{tmp_path / 'before.png'} of an earlier run could not be deleted: ")


def test_the_pictures_of_all_repositories_of_an_earlier_run_go(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    former = Artifacts(folder)
    former.expect(["acme/a", "gitlab/acme/b"])
    assert former.write_report(report(record("a"), record("b", provider="gitlab"))) is None
    for name in ("acme/a", "gitlab/acme/b"):
        (former.folder(name) / "after.png").write_bytes(b"old")
        (former.folder(name) / "mine.txt").write_bytes(b"stays")
    (folder / "others--folder").mkdir()
    (folder / "others--folder" / "after.png").write_bytes(b"stays")
    assert Artifacts(folder).delete_former() == []
    left = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert left == {
        "report.json", "acme--a/mine.txt", "gitlab--acme--b/mine.txt", "others--folder/after.png",
    }  # fmt: skip


def test_a_link_among_the_folders_of_an_earlier_run_leads_nowhere(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "kept", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "after.png").write_bytes(b"stays")
    assert Artifacts(folder).write_report(report(record("a"))) is None
    (folder / "acme--a").symlink_to(elsewhere)
    assert Artifacts(folder).delete_former() == []
    assert (elsewhere / "after.png").exists()


def test_a_folder_that_can_not_be_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="can't be written there") as raised:
        Artifacts(tmp_path / "file")
    assert raised.value.exit_code is ExitCode.USAGE
    assert raised.value.where == str(tmp_path / "file")
    with pytest.raises(InputError):
        Artifacts(tmp_path / "file" / "below")


def test_a_folder_is_held_by_one_run_at_a_time(tmp_path: Path) -> None:
    with Artifacts(tmp_path).held(), pytest.raises(InputError, match="another run"), Artifacts(tmp_path).held():
        pass
    with Artifacts(tmp_path).held():
        pass


def test_a_file_system_without_locks_stops_no_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_descriptor: int, _operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with Artifacts(tmp_path).held(), Artifacts(tmp_path).held():
        pass


@contextmanager
def as_someone_else_than_root() -> Iterator[None]:
    """Root may write everywhere."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)


def test_a_folder_without_the_right_to_write(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with as_someone_else_than_root(), pytest.raises(InputError, match="Permission denied"):
        Artifacts(tmp_path)


def test_one_repository_lies_at_the_top_several_in_folders(tmp_path: Path) -> None:
    kept = Artifacts(tmp_path)
    assert kept.expect(["acme/widgets"]) == []
    assert kept.before("acme/widgets") == tmp_path / "before.png"
    assert kept.expect(["acme/widgets", "gitlab/acme/widgets"]) == []
    assert kept.after("acme/widgets") == tmp_path / "acme--widgets" / "after.png"
    assert kept.trace("gitlab/acme/widgets") == tmp_path / "gitlab--acme--widgets" / "trace.zip"
    assert kept.trace("gitlab/acme/widgets").parent.is_dir()


@given(st.lists(st.text(alphabet="ab-._/\\ äÖ:\n", min_size=1, max_size=12), min_size=2, max_size=6, unique=True))
def test_folders_are_safe_and_never_shared(names: list[str]) -> None:
    folders = [folder_name(name) for name in names]
    assert len(set(folders)) == len(names)
    for folder in folders:
        assert folder not in {"", ".", ".."}
        assert set(folder) <= set("abcdefghijklmnopqrstuvwxyz0123456789_.-")


def test_a_report_with_any_name_in_it(tmp_path: Path) -> None:
    kept = Artifacts(tmp_path)
    made = report(record(left=[refused('a\ud800b\n"c')]))
    assert kept.write_report(made) is None
    assert json.loads(kept.report.read_bytes()) == value_of(made)
    assert kept.write_html(made, []) is None
    assert kept.page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.html", "report.json"]


def test_a_disk_that_is_full_leaves_the_old_file_and_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Artifacts(tmp_path)
    assert kept.write_report(report()) is None
    before = kept.report.read_bytes()

    def full(*_paths: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "replace", full)
    said = kept.write_report(report(record(left=[refused("main")])))
    assert said == f"{kept.report} could not be written: No space left on device."
    assert kept.report.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]


def test_a_folder_that_is_gone_is_a_sentence(tmp_path: Path) -> None:
    kept = Artifacts(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    for said in (kept.write_report(report()), kept.write_html(report(), []), *kept.expect(["a/b", "c/d"])):
        assert said is not None
        assert "could not be written: No such file or directory." in said


def test_pictures_that_were_made_are_found(tmp_path: Path) -> None:
    kept = Artifacts(tmp_path)
    kept.expect(["a/b", "c/d"])
    kept.before("a/b").write_bytes(b"x")
    kept.add(kept.before("a/b"))
    assert kept.pictures(["a/b", "c/d"]) == {"a/b before": tmp_path / "a--b" / "before.png"}


def test_the_reason_is_said_even_without_words_of_the_system(tmp_path: Path) -> None:
    assert artifacts.trouble(tmp_path, OSError("odd")) == f"{tmp_path} could not be written: odd."
