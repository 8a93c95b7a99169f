"""Mounts that only one command sees: a read-only or full disk, a folder of managed policies."""

from __future__ import annotations

import functools
import os
import shlex
import shutil
import subprocess
from collections.abc import Sequence

from tests.support.browser import forbidden


@functools.cache
def _unshare() -> list[str]:
    """How to get a mount namespace: as root, else through a user namespace; empty where the system forbids both."""
    ways = [["unshare", "--mount"]] if os.geteuid() == 0 else [["unshare", "--map-root-user", "--mount"]]
    for way in ways if shutil.which("unshare") else []:
        tried = subprocess.run([*way, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False)
        if tried.returncode == 0:
            return way
    return []


def with_mount(folder: str, command: Sequence[str], *, options: str = "mode=755", prepare: str = "") -> list[str]:
    """Return the command with an empty disk of its own mounted on a folder; `prepare` is shell that runs in it first.

    Skips the test where the system has no mount namespaces.
    """
    way = _unshare()
    if not way:
        forbidden("mount namespaces (unshare)")
    disk = shlex.quote(folder)
    script = f'mount -t tmpfs -o {options} none {disk} && (cd {disk} && {prepare or ":"}) && exec "$@"'
    return [*way, "sh", "-c", script, "sh", *command]


def as_pid_1(command: Sequence[str]) -> list[str]:
    """Return the command as the first process of a namespace, as a container starts it.

    Skips the test where the system has no such namespaces.
    """
    way = ["unshare", *([] if os.geteuid() == 0 else ["--map-root-user"]), "--pid", "--fork", "--kill-child"]
    if not shutil.which("unshare") or subprocess.run([*way, "true"], capture_output=True, check=False).returncode:
        forbidden("namespaces of processes (unshare)")
    return [*way, *command]
