"""Install the wheel in empty environments as users do, with pip, pipx and uvx, and try the command there.

    scripts/check_package.py [--wheel PATH] [--python PATH]...

Without --wheel it builds one, without --python it takes the Python that it runs with. It needs a network and a browser
of the system. Each command gets an empty home folder and no variables but those of the network and of package indexes.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
PASSED_ON = re.compile(r"(PIP|UV|SSL|REQUESTS)_\w+|(HTTPS?|NO|ALL)_PROXY", re.IGNORECASE)
TOOLS = ("pipx>=1.7", "uv>=0.6")


@dataclass(frozen=True, slots=True)
class Way:
    """A way to install or run the wheel: commands to begin with, and the one that stands for `purger`."""

    name: str
    first: tuple[tuple[str, ...], ...]
    purger: tuple[str, ...]
    has_demo: bool = False


def ways(python: str, wheel: Path, tools: Path, home: Path) -> Iterator[Way]:
    """Yield every way to use the wheel with this Python, tools being the folder of pipx and uvx."""
    with_demo = f"purger[demo] @ {wheel.as_uri()}"
    for extra, what in ((False, str(wheel)), (True, with_demo)):
        made = home / f"venv-{extra}"
        pip = (str(made / "bin" / "python"), "-m", "pip", "install", "--quiet", what)
        yield Way("pip install", ((python, "-m", "venv", str(made)), pip), (str(made / "bin" / "purger"),), extra)
    pipx = str(tools / "pipx")
    installed = str(home / ".local" / "bin" / "purger")
    yield Way("pipx install", ((pipx, "install", "--python", python, with_demo),), (installed,), has_demo=True)
    yield Way("pipx run", (), (pipx, "run", "--python", python, "--spec", str(wheel), "purger"))
    uvx = (str(tools / "uvx"), "--quiet", "--python", python, "--from")
    yield Way("uvx", (), (*uvx, str(wheel), "purger"))
    yield Way("uvx", (), (*uvx, with_demo, "purger"), has_demo=True)


class Home:
    """An empty home folder, and commands that know nothing else."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        kept = {name: text for name, text in os.environ.items() if PASSED_ON.fullmatch(name)}
        self._variables = kept | {"HOME": str(folder), "PATH": "/usr/local/bin:/usr/bin:/bin"}

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the home folder, with what it prints in one text."""
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self._variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )


def check(way: Way, home: Home, version: str) -> None:
    """Try the command in this way. Raises AssertionError where something is not as it has to be."""
    for command in way.first:
        done = home.run(*command)
        assert done.returncode == 0, done.stdout
    done = home.run(*way.purger, "--version")
    assert (done.returncode, done.stdout.splitlines()[-1:]) == (0, [version]), done.stdout
    done = home.run(*way.purger, "doctor", "owner/name")
    # Nobody is signed in; where there is no network, the site's silence comes first.
    assert done.returncode in {3, 4}, done.stdout
    assert re.search(r"^ok +browser ", done.stdout, re.MULTILINE), done.stdout
    assert f"purger {version}" in done.stdout
    assert "Traceback" not in done.stdout
    done = home.run(*way.purger, "demo", "--caches", "3")
    if way.has_demo:
        assert done.returncode == 0, done.stdout
        assert "0 caches left" in done.stdout
    else:
        assert done.returncode == 2, done.stdout
        assert "pip install 'purger[demo]'" in done.stdout
        assert "Traceback" not in done.stdout


def build(folder: Path) -> Path:
    """Build the source distribution, and the wheel from it; return the wheel."""
    command = [sys.executable, "-m", "build", "--outdir", str(folder), str(PROJECT)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    (wheel,) = folder.glob("*.whl")
    return wheel


def main() -> None:
    """Check each way with each Python."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--wheel", type=Path, metavar="PATH")
    parser.add_argument("--python", action="append", metavar="PATH")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="package-") as name:
        folder = Path(name)
        wheel = (arguments.wheel or build(folder / "dist")).resolve()
        version = wheel.name.split("-")[1]
        subprocess.run([sys.executable, "-m", "venv", folder / "tools"], check=True)
        tools = folder / "tools" / "bin"
        subprocess.run([tools / "python", "-m", "pip", "install", "--quiet", *TOOLS], check=True)
        for number, python in enumerate(arguments.python or [sys.executable]):
            home = Home(folder / f"home-{number}")
            home.folder.mkdir()
            for way in ways(python, wheel, tools, home.folder):
                check(way, home, version)
                print(f"{python}: {way.name} {'purger[demo]' if way.has_demo else 'purger'} works")  # noqa: T201


if __name__ == "__main__":
    main()
