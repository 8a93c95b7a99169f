"""A file is written as a whole or not at all, and a private one is private from its first byte."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from purger.secrets.files import read_whole, whole_file, write_whole


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_it_replaces_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old and longer")
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_the_old_content_stays_until_the_end(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with whole_file(path) as file:
        file.write(b"new")
        file.seek(0)
        assert file.read() == b"new"
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"


def test_a_private_file_is_private_from_its_first_byte_and_reaches_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    path = tmp_path / "file"
    path.touch(mode=0o644)
    before = os.umask(0)
    try:
        with whole_file(path, mode=0o600) as file:
            assert stat.S_IMODE(os.fstat(file.fileno()).st_mode) == 0o600
        write_whole(tmp_path / "public", b"")
    finally:
        os.umask(before)
    assert (mode_of(path), mode_of(tmp_path / "public")) == (0o600, 0o666)
    assert len(synced) == 1


@pytest.mark.parametrize("fault", [OSError(errno.ENOSPC, "full"), KeyboardInterrupt(), ValueError()])
def test_after_an_error_the_old_file_is_left_alone(tmp_path: Path, fault: BaseException) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def write() -> None:
        with whole_file(path) as file:
            file.write(b"ne")
            raise fault

    with pytest.raises(type(fault)):
        write()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_draft_that_a_dead_process_left_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / f".file.{os.getpid()}").write_text("half")
    write_whole(tmp_path / "file", b"whole")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "missing" / "file", b"")


def test_a_folder_in_its_place_stays(tmp_path: Path) -> None:
    (tmp_path / "file").mkdir()
    with pytest.raises(OSError, match="directory"):
        write_whole(tmp_path / "file", b"")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_file_is_read_whole_or_in_part(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    assert read_whole(path) == b"0123456789"
    assert read_whole(path, 4) == b"0123"
    with pytest.raises(IsADirectoryError):
        read_whole(tmp_path)
    with pytest.raises(FileNotFoundError):
        read_whole(tmp_path / "none")


def test_a_named_pipe_is_read_to_its_end_by_a_writer_that_is_late_and_slow(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    slow = f"sleep 0.2; exec > '{path}'; printf 0123; sleep 0.2; printf 456789"
    with subprocess.Popen(["sh", "-c", slow]):
        assert read_whole(path) == b"0123456789"
    with subprocess.Popen(["sh", "-c", slow]):
        assert read_whole(path, 6) == b"012345"


def test_a_named_pipe_without_a_writer_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("purger.secrets.files.WRITER_WAIT_S", 0.1)
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with pytest.raises(OSError, match="nobody writes to") as caught:
        read_whole(path)
    assert caught.value.strerror == "it is a pipe that nobody writes to"


@pytest.mark.parametrize("text", ["", "0123", "0" * 200_000])
def test_a_process_substitution_is_read_to_its_end(text: str) -> None:
    code = "import sys; from pathlib import Path; from purger.secrets.files import read_whole as r; "
    code += "print(len(r(Path(sys.argv[1]))), end='')"
    script = f'\'{sys.executable}\' -c "$CODE" <(printf %s "$TEXT"); cat | \'{sys.executable}\' -c "$CODE" /dev/stdin'
    done = subprocess.run(
        ["bash", "-c", script],
        input=text,
        env=os.environ | {"CODE": code, "TEXT": text[:100_000]},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"{len(text[:100_000])}{len(text)}"


@pytest.mark.skipif(not Path("/dev/zero").is_char_device(), reason="this system has no such device")
def test_a_device_without_an_end_is_an_error() -> None:
    with pytest.raises(OSError, match="it is a device without an end"):
        read_whole(Path("/dev/zero"))
    assert read_whole(Path("/dev/zero"), 3) == b"\0\0\0"
    assert read_whole(Path(os.devnull)) == b""
