"""Many commands for the price of one start: a process that imported purger, and what it needs, forks for each."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.support.commands import Written

_END = "\0"
_FORK = f"""
import gc, os, pickle, sys
import purger.browser.transport, purger.cli.app, purger.cli.cache_tables, purger.cli.console, purger.cli.frame
import purger.jobs.check_log, purger.purge.run, purger.report.json_document, purger.travis.auth, truststore
import anyio.to_thread, anyio._backends._asyncio, h2.connection, httpx2, httpcore2, typer._adapters
file, codes = sys.argv[1], []
with open(file, "rb") as asked:
    commands = pickle.load(asked)
gc.freeze()
for arguments, variables in commands:
    if (child := os.fork()) == 0:
        break
    codes.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    for number in (1, 2):
        try:
            os.write(number, {_END.encode()!r})
        except OSError:
            pass  # closed or full, which is what is tested
else:
    with open(file, "wb") as told:
        pickle.dump(codes, told)
    os._exit(0)
os.environb.update(variables)
sys.argv = ["purger", *map(os.fsdecode, arguments)]
from purger.__main__ import main
main()
"""
"""Runs each command in a fork of its own, with the streams that Python made when it started, and notes how it ended."""


class Line(NamedTuple):
    """A command line: arguments, and variables that only it has."""

    arguments: Sequence[str | bytes]
    variables: Mapping[bytes, bytes] = {}


def end_all(
    lines: Sequence[Line],
    environ: Mapping[str, str] | Mapping[bytes, bytes] | None = None,
    *,
    redirection: str = "",
    folder: Path,
) -> list[Written]:
    """Run the commands to their ends, one after another.

    `environ` is there when Python starts, and the streams are as the shell's redirection leaves them. A variable that
    purger acts upon before or while it imports what a command needs shows nothing here.
    """
    with tempfile.NamedTemporaryFile() as file:
        asked = [([os.fsencode(each) for each in arguments], dict(more)) for arguments, more in lines]
        Path(file.name).write_bytes(pickle.dumps(asked))
        done = subprocess.run(
            ["sh", "-c", f'exec "$@" {redirection}', "sh", sys.executable, "-W", "error", "-c", _FORK, file.name],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=environ,
            cwd=folder,
            check=True,
        )
        codes: list[int] = pickle.loads(Path(file.name).read_bytes())
    streams = ([*stream.decode(errors="surrogateescape").split(_END)] for stream in (done.stdout, done.stderr))
    out, err = (texts if len(texts) > 1 else [""] * (len(codes) + 1) for texts in streams)
    assert len(codes) == len(lines) == len(out) - 1 == len(err) - 1
    return [Written(*written) for written in zip(codes, out, err, strict=False)]
