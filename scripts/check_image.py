"""Run the Dockerfile's own steps in fresh Debian roots, without Docker, and purge the stand-in with the result.

Needs root, debootstrap and a network. `--bring PATH` copies a file of this machine, such as a CA bundle or pip's
configuration, to the same place in the roots. What it does not check: the layers and the registry's size.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from purger.standin import StandIn

PROJECT = Path(__file__).resolve().parents[1]
CHROOT = shutil.which("chroot")
DOCKERFILE = PROJECT / "Dockerfile"


@dataclass
class Stage:
    """A stage of the Dockerfile: its base, and its instructions in order."""

    base: str
    name: str
    steps: list[tuple[str, str]] = field(default_factory=list)

    def last(self, instruction: str) -> str:
        """Return the argument of the last instruction of this kind."""
        return next(text for kind, text in reversed(self.steps) if kind == instruction)


def stages() -> list[Stage]:
    """Return the stages of the Dockerfile."""
    found: list[Stage] = []
    text = "\n".join(line for line in DOCKERFILE.read_text().splitlines() if not line.startswith("#"))
    for line in text.replace("\\\n", " ").splitlines():
        kind, _, rest = line.strip().partition(" ")
        if kind == "FROM":
            base, _, name = rest.partition(" AS ")
            found.append(Stage(base, name or "final"))
        elif kind:
            found[-1].steps.append((kind, rest))
    return found


class Root:
    """A Debian root of its own, in which a stage's steps are run."""

    def __init__(self, folder: Path, brought: list[Path]) -> None:
        self.folder = folder
        self._brought = brought
        self.variables = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"}
        self.variables |= {
            name: text for name, text in os.environ.items() if name.startswith(("PIP_", "SSL_", "REQUESTS_"))
        }

    def make(self, base: str) -> None:
        """Install the base, `debian:SUITE-slim`."""
        suite = re.fullmatch(r"debian:(\w+)-slim", base)
        assert suite, base
        subprocess.run(["debootstrap", "--variant=minbase", suite[1], self.folder], check=True, stdout=sys.stderr)
        for path in self._brought:
            there = self.folder / path.relative_to("/")
            there.parent.mkdir(parents=True, exist_ok=True)
            (shutil.copytree if path.is_dir() else shutil.copy)(path, there)

    def run(
        self, command: list[str], *, user: str = "0", writable: bool = True, **more: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in the root; unless `writable`, only /tmp can be written."""
        mounts = [
            f"mount --rbind /dev {self.folder}/dev",
            f"mount -t proc proc {self.folder}/proc",
            *(
                []
                if writable
                else [f"mount --bind {self.folder} {self.folder}", f"mount -o remount,ro,bind {self.folder}"]
            ),
            *([] if writable else [f"mount -t tmpfs tmpfs {self.folder}/tmp"]),  # noqa: S108 - the root's own
        ]
        script = " && ".join([*mounts, f'exec {CHROOT} --userspec={user}:{user} {self.folder} "$@"'])
        return subprocess.run(
            ["unshare", "--mount", "sh", "-c", script, "sh", *command],
            env=self.variables | more,
            text=True,
            stdout=subprocess.PIPE,
            check=False,
        )

    def do(self, kind: str, text: str, others: dict[str, Root]) -> None:
        """Do one instruction of the Dockerfile. Raises CalledProcessError where a command fails."""
        if kind == "RUN":
            self.run(["sh", "-c", text]).check_returncode()
        elif kind == "ENV":
            self.variables |= dict(re.findall(r"(\w+)=(\S+)", text))
        elif kind == "COPY" and (found := re.fullmatch(r"--from=(\w+) (\S+) (\S+)", text)):
            source = others[found[1]].folder / found[2].lstrip("/")
            shutil.copytree(source, self.folder / found[3].lstrip("/"), symlinks=True)
        elif kind == "COPY":
            target = self.folder / text.split()[1].lstrip("/")
            for name in re.findall(r"^!(\S+)", (PROJECT / ".dockerignore").read_text(), re.MULTILINE):
                target.mkdir(parents=True, exist_ok=True)
                path = PROJECT / name
                (shutil.copytree if path.is_dir() else shutil.copy)(path, target / name)

    @property
    def size_mb(self) -> float:
        """The size of all files, in MB."""
        done = subprocess.run(
            ["du", "-sx", "--block-size=1000", self.folder], capture_output=True, text=True, check=True
        )
        return int(done.stdout.split()[0]) / 1000

    @property
    def packed_mb(self) -> float:
        """The size as one compressed layer, as a registry stores it, in MB."""
        tar = subprocess.Popen(["tar", "-C", self.folder, "-c", "."], stdout=subprocess.PIPE)
        packed = subprocess.run(["gzip", "-6"], stdin=tar.stdout, capture_output=True, check=True)
        return len(packed.stdout) / 1e6


def check(root: Root, stage: Stage) -> None:
    """Purge the stand-in with the image's entry point, as its user, with a root that can't be written."""
    entry: list[str] = json.loads(stage.last("ENTRYPOINT"))
    with StandIn(costs=False) as site:
        repository = site.add_repository("owner/name")
        repository.fill(60)
        done = root.run(
            [*entry, "purge", "owner/name", "--yes", "--json", "--settle", "0", "--artifacts", "/tmp/kept"],  # noqa: S108
            user=stage.last("USER"),
            writable=False,
            HOME="/home/purger",
            TRAVIS_TOKEN=site.token,
            PURGER_URL=site.url,
            PURGER_API_URL=site.api_url,
        )
        report = json.loads(done.stdout)
        assert done.returncode == 0, report
        assert repository.caches == []
        assert site.token not in done.stdout


def main() -> None:
    """Build, check and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bring", type=Path, action="append", default=[], metavar="PATH")
    brought = parser.parse_args().bring
    roots: dict[str, Root] = {}
    with tempfile.TemporaryDirectory(prefix="image-") as folder:
        for stage in stages():
            root = roots[stage.name] = Root(Path(folder) / stage.name, brought)
            root.make(stage.base)
            for kind, text in stage.steps:
                root.do(kind, text, roots)
        check(root, stage)
        print(f"the image's steps work; {root.size_mb:.0f} MB of files, {root.packed_mb:.0f} MB compressed")  # noqa: T201


if __name__ == "__main__":
    main()
