"""Look up what a browser needs of the machine: a folder for temporary files, limits, and managed policies."""

from __future__ import annotations

import errno
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from purger.browser.causes import Cause, too_few, unusable_folder
from purger.core.sudden_end import undone_at_a_sudden_end

LEAST = 256
"""Open files and processes, threads included, below which a browser can't work."""
LEAST_ADDRESSES_BYTES = 96 << 30
"""Chromium reserves many more than it uses: with 76 GiB its pages crash, with 81 GiB they don't."""
LEAST_DATA_BYTES = 700 << 20
"""What Playwright's driver asks for at its start."""
LEAST_FILE_BYTES = 64 << 20
ROOM_BYTES = 1 << 20
_POLICY_FOLDERS = {
    "chrom": ("/etc/chromium/policies/managed", "/etc/chromium-browser/policies/managed"),
    "google": ("/etc/opt/chrome/policies/managed",),
    "edge": ("/etc/opt/edge/policies/managed",),
}
"""Where Linux keeps them, by a part of the browser's path."""
_FORBIDDING = {"RemoteDebuggingAllowed": False, "HeadlessMode": 2, "DeveloperToolsAvailability": 2}
"""The value of each policy that forbids what purger does."""
_PIDS_MAX = Path("/sys/fs/cgroup/pids.max")

_NEEDED = ("/proc/self", "/dev/null", "/dev/urandom")
"""What every Linux has, but for some that `chroot` makes; browsers and Playwright's driver don't start without."""


def temporary_folder() -> Path:
    """Return the folder for temporary files of Playwright's driver and of the browser."""
    return Path(next((os.environ[name] for name in ("TMPDIR", "TMP", "TEMP") if os.environ.get(name)), "/tmp"))  # noqa: S108


@contextmanager
def own_folder(prefix: str) -> Iterator[Path]:
    """Make a folder that only this user may read in that for temporary files, and delete it afterwards.

    That is done also where the process ends at once. Raises OSError where it can't be made.
    """
    parent = temporary_folder().absolute()
    with (
        tempfile.TemporaryDirectory(prefix=prefix, dir=parent, ignore_cleanup_errors=True) as folder,
        undone_at_a_sudden_end(partial(shutil.rmtree, folder)),
    ):
        yield Path(folder)


def temporary_folder_fault() -> Cause | None:
    """Write a file to the folder for temporary files; return why that fails, or None."""
    folder = temporary_folder()
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix="purger-") as file:
            file.write(bytes(ROOM_BYTES))
            file.flush()
    except OSError as error:
        return unusable_folder(str(folder), errno.errorcode.get(error.errno or 0, ""))
    return None


def system_fault() -> Cause | None:
    """Return what this system lacks that every other one has, as in a chroot, or None."""
    missing = [path for path in _NEEDED if sys.platform == "linux" and not Path(path).exists()]
    if not missing:
        return None
    return Cause(
        f"{' and '.join(missing)} {'does' if len(missing) == 1 else 'do'} not exist, which a browser needs",
        "Mount /proc and /dev, as a chroot needs it: `mount -t proc proc /proc`, `mount --rbind /dev /dev`.",
        of_machine=True,
    )


def limits_fault() -> Cause | None:
    """Return which limit of this process is too low for a browser, or None."""
    try:
        import resource
    except ModuleNotFoundError:  # Windows has no such limits
        return None
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= files < LEAST:
        return too_few("open files", f"the limit is {files}")
    processes, _ = resource.getrlimit(resource.RLIMIT_NPROC)
    if 0 <= processes < LEAST and os.geteuid() != 0:
        return too_few("processes", f"the limit is {processes}")
    for limit, least, what, flag in (
        (resource.RLIMIT_AS, LEAST_ADDRESSES_BYTES, "addresses (virtual memory)", "-v"),
        (resource.RLIMIT_DATA, LEAST_DATA_BYTES, "bytes of memory for data", "-d"),
        (resource.RLIMIT_FSIZE, LEAST_FILE_BYTES, "bytes in a file", "-f"),
    ):
        most, _ = resource.getrlimit(limit)
        if 0 <= most < least:
            return too_few(what, f"the limit is {most}", f"{flag} unlimited")
    try:
        most = int(_PIDS_MAX.read_text())
    except (OSError, ValueError):  # no such group, or "max"
        return None
    return too_few("processes", f"the limit of the container is {most}") if most < LEAST else None


def forbidding_policies(path: str) -> list[str]:
    """Return the names of the managed policies that forbid this browser to be driven, as far as its files tell."""
    name = path.lower()
    folders = next((folders for part, folders in _POLICY_FOLDERS.items() if part in name), ())
    found = {key: value for folder in folders for key, value in _policies(Path(folder))}
    return [key for key, forbidding in _FORBIDDING.items() if key in found and found[key] == forbidding]


def _policies(folder: Path) -> Iterator[tuple[str, object]]:
    try:
        files = sorted(folder.glob("*.json"))
    except OSError:  # it may not be read
        files = []
    for file in files:
        try:
            read = json.loads(file.read_text("utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(read, dict):
            yield from read.items()
