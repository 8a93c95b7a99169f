"""A signal that was ignored at the start stays ignored, for the command and for the processes that it starts."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from purger.standin import StandIn
from purger.standin.repository import Repository
from tests.support.browser import FOR_EVER, environment
from tests.support.processes import Running, children_marked, wait_until

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="signals of POSIX"),
]


class Started(Running):
    """A purge that a shell starts."""

    def __init__(self, site: StandIn, folder: Path, script: str) -> None:
        self.mark = f"purger-test-mark-{os.urandom(6).hex()}"
        command = [sys.executable, "-m", "purger", "purge", "acme/widgets", "--yes", "--json"]
        self.process = subprocess.Popen(
            ["/bin/sh", "-c", script, "sh", *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(site, TEST_MARK=self.mark),
            cwd=folder,
            start_new_session=True,
        )


@pytest.mark.parametrize(
    ("script", "number"),
    [
        ('exec nohup "$@"', "SIGHUP"),
        ("trap '' TERM; exec \"$@\"", "SIGTERM"),
        ('"$@" & wait $!', "SIGINT"),
    ],
)
def test_an_ignored_signal_for_the_whole_group_stops_nothing(
    site: StandIn, repository: Repository, tmp_path: Path, started: list[Running], script: str, number: str
) -> None:
    repository.fill(12)
    site.faults.delete_latency_s = 0.4
    running = Started(site, tmp_path, script)
    started.append(running)
    wait_until(running, site, "clicking")
    for pid, command in children_marked(running.mark):
        is_in_group = os.getpgid(pid) == running.process.pid
        if is_in_group and "/bin/sh -c" not in command:  # a shell with a background job hears Ctrl-C itself
            os.kill(pid, getattr(signal, number))
    returned, out, err = running.end()
    assert returned == 0, err
    assert json.loads(out)["repositories"][0]["deleted"] == 12
    assert repository.caches == []


def test_another_signal_still_stops_it(
    site: StandIn, repository: Repository, tmp_path: Path, started: list[Running]
) -> None:
    repository.fill(12)
    site.faults.delete_latency_s = FOR_EVER
    running = Started(site, tmp_path, "trap '' HUP; exec \"$@\"")
    started.append(running)
    wait_until(running, site, "clicking")
    os.killpg(running.process.pid, signal.SIGHUP)
    os.killpg(running.process.pid, signal.SIGTERM)
    returned, out, _ = running.end()
    assert returned == 143
    assert json.loads(out)["exit_code"] == 143
    assert children_marked(running.mark) == []
