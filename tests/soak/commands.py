"""A run of the soak as a whole command, in a folder with a `.env` file, and what is wrong with how it ended."""

from __future__ import annotations

import asyncio
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from purger.standin import StandIn
from tests.soak.env_files import EnvFile
from tests.soak.networks import AUTHORITY_VARIABLES
from tests.soak.places import Place
from tests.support.browser import environment
from tests.support.commands import Written, run_process
from tests.support.reports import assert_valid

SITE_VARIABLES = ("TRAVIS_TOKEN", "PURGER_URL", "PURGER_API_URL", "PURGER_CA_FILE", "PURGER_PROXY")
"""What a file with its own token may say of the site."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command that ended: its exit code, its report, and everything that it wrote, by what that is."""

    code: int
    report: dict[str, Any]
    written: dict[str, bytes]

    @property
    def error(self) -> str:
        """What it said."""
        return self.written["stderr"].decode()


async def run_command(file: EnvFile, site: StandIn, place: Place | None) -> Command:
    """Run `purger purge` in a folder with this file, as a process of its own."""
    variables = environment(site, PURGER_RECHECK_TIMEOUT="20s") | dict(file.environment)
    # What this machine's own network needs, or a developer has chosen, is no part of the run.
    own_ones = {*AUTHORITY_VARIABLES, "SSL_CERT_DIR", *({"PURGER_BROWSER"} if file.is_refused else ())}
    variables = {
        name: value for name, value in variables.items() if name not in own_ones and not name.lower().endswith("_proxy")
    } | (place.variables if place else {})
    own = {name: variables.pop(name) for name in SITE_VARIABLES if name in variables} if file.with_site else {}
    with tempfile.TemporaryDirectory(prefix="soak-command-") as folder:
        env_file = Path(folder, ".env")
        env_file.write_bytes(file.content(own))
        arguments = ["purge", "acme/widgets", "--yes", "--json", "-vv"]
        arguments += [] if file.is_refused else ["--artifacts", "kept"]  # an option would override a refused line
        ended: Written = await asyncio.to_thread(run_process, arguments, variables, Path(folder))
        files = {
            path.name: path.read_bytes() for path in Path(folder).rglob("*") if path.is_file() and path != env_file
        }
    assert "Traceback" not in ended.err, ended.err
    report = json.loads(ended.out)
    assert_valid(report)
    assert report["exit_code"] == ended.code
    return Command(ended.code, report, {"stdout": ended.out.encode(), "stderr": ended.err.encode(), **files})
