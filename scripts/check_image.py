"""Run the Dockerfile's own steps in fresh Debian roots, without Docker; then check and measure what they made.

Needs root, debootstrap and a network. `--bring PATH` makes a file or a folder of this machine, such as a CA bundle or
pip's configuration, visible at the same place in the roots, without counting its size. What it does not check: Docker
itself, and how a registry stores the layers.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from purger import __version__
from purger.standin import StandIn

PROJECT = Path(__file__).resolve().parents[1]
CHROOT = shutil.which("chroot")
DOCKERFILE = PROJECT / "Dockerfile"
LARGEST_MB = 400
"""Compressed, as a registry stores and sends it: the browser and the driver's Node alone have 360 MB unpacked."""
SLIM = ("doc", "info", "linda", "lintian/overrides", "locale", "man")
"""What the slim images of Debian leave out of /usr/share, also of packages that are installed later."""


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


def make_base(base: str, folder: Path) -> Path:
    """Return the root of the base `debian:SUITE-slim` below `folder`; install it unless it is there."""
    suite = re.fullmatch(r"debian:(\w+)-slim", base)
    assert suite, base
    root = folder / suite[1]
    if not root.exists():
        made = folder / f"{suite[1]}.part"
        subprocess.run(["debootstrap", "--variant=minbase", suite[1], made], check=True, stdout=sys.stderr)
        shutil.rmtree(made / "var/cache/apt/archives")
        shutil.rmtree(made / "var/lib/apt/lists")
        for name in SLIM:
            shutil.rmtree(made / "usr/share" / name, ignore_errors=True)
        excludes = "".join(f"path-exclude /usr/share/{name}/*\n" for name in SLIM)
        (made / "etc/dpkg/dpkg.cfg.d/docker").write_text(excludes)
        made.rename(root)
    return root


class Root:
    """A Debian root of its own, in which a stage's steps are run."""

    def __init__(self, folder: Path, base: Path, context: Path, brought: list[Path]) -> None:
        self.folder = folder
        self._context = context
        self._mounted = [path for path in brought if path.is_dir()]
        self.variables = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"}
        self.variables |= {
            name: text for name, text in os.environ.items() if name.startswith(("PIP_", "SSL_", "REQUESTS_"))
        }
        subprocess.run(["cp", "--archive", base, folder], check=True)
        for path in self._mounted:
            (folder / path.relative_to("/")).mkdir(parents=True, exist_ok=True)
        for path in set(brought) - set(self._mounted):
            there = folder / path.relative_to("/")
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, there)

    def run(
        self, command: list[str], *, user: str = "0", writable: bool = True, **more: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in the root; unless `writable`, only /tmp can be written."""
        root = self.folder
        mounts = [f"mount --bind {root} {root}"]
        mounts += [f"mount --rbind /dev {root}/dev", f"mount -t proc proc {root}/proc"]
        mounts += [f"mount --bind {path} {root}{path}" for path in self._mounted]
        if not writable:
            mounts += [f"mount -o remount,ro,bind {root}", f"mount -t tmpfs tmpfs {root}/tmp"]  # noqa: S108 - the root's own
        script = " && ".join([*mounts, f'exec {CHROOT} --userspec={user}:{user} {root} "$@"'])
        return subprocess.run(
            ["unshare", "--mount", "--pid", "--fork", "sh", "-c", script, "sh", *command],
            env=self.variables | more,
            text=True,
            stdout=subprocess.PIPE,
            check=False,
        )

    def do(self, kind: str, text: str, others: dict[str, Root]) -> None:
        """Do one instruction of the Dockerfile. Raises CalledProcessError where a command fails."""
        if kind == "RUN":
            sys.stderr.write(f"{kind} {text}\n")
            self.run(["sh", "-c", text]).check_returncode()
        elif kind == "ENV":
            self.variables |= dict(re.findall(r"(\w+)=(\S+)", text))
        elif kind == "COPY" and (found := re.fullmatch(r"--from=(\w+) (\S+) (\S+)", text)):
            source = others[found[1]].folder / found[2].lstrip("/")
            shutil.copytree(source, self.folder / found[3].lstrip("/"), symlinks=True)
        elif kind == "COPY":
            shutil.copytree(self._context, self.folder / text.split()[1].lstrip("/"), dirs_exist_ok=True)

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

    def holds(self, text: str) -> bool:
        """Whether a file of the root holds this text."""
        found = subprocess.run(["grep", "-rlaF", text, self.folder], capture_output=True, text=True, check=False)
        sys.stderr.write(found.stdout)
        return bool(found.stdout)


def make_context(folder: Path, secret: str) -> Path:
    """Return what a builder gets of a copy of the project in which `.env` files hold a secret, by `.dockerignore`."""
    project, context = folder / "project", folder / "context"
    files = subprocess.run(["git", "ls-files"], cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    for name in files.splitlines():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT / name, project / name)
    for place in (project, project / "purger"):
        (place / ".env").write_text(f"TRAVIS_TOKEN={secret}\n")
    rules = (project / ".dockerignore").read_text()
    ignored = shutil.ignore_patterns(*re.findall(r"^\*\*/(\S+)", rules, re.MULTILINE))
    for name in re.findall(r"^!(\S+)", rules, re.MULTILINE):
        path, there = project / name, context / name
        there.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            shutil.copytree(path, there, ignore=ignored)
        else:
            shutil.copy(path, there)
    return context


def check(root: Root, stage: Stage) -> None:
    """Use the image's entry point against the stand-in, with a root that can't be written.

    As the image's user, and as a user that the image does not know: Jenkins starts containers so.
    """
    entry: list[str] = json.loads(stage.last("ENTRYPOINT"))
    own = stage.last("USER")
    for user, home in ((own, "/home/purger"), ("1234", "/")):
        check_as(root, entry, user, home)
    done = root.run([*entry, *json.loads(stage.last("CMD"))], user=own, writable=False)
    assert (done.returncode, "purge" in done.stdout) == (0, True)


def check_as(root: Root, entry: list[str], user: str, home: str) -> None:
    """Show the version, check with `doctor` and purge as this user."""

    def run(*command: str, **more: str) -> subprocess.CompletedProcess[str]:
        return root.run(list(command), user=user, writable=False, HOME=home, **more)

    assert run("id", "-u").stdout.strip() == user != "0"
    assert run("sh", "-c", "touch ~/made /made").returncode != 0
    assert run(*entry, "--version").stdout.strip() == __version__
    with StandIn(costs=False) as site:
        repository = site.add_repository("owner/name")
        repository.fill(60)
        variables = {"TRAVIS_TOKEN": site.token, "PURGER_URL": site.url, "PURGER_API_URL": site.api_url}
        doctor = run(*entry, "doctor", "owner/name", **variables)
        assert doctor.returncode == 0, doctor.stdout
        sys.stderr.write(doctor.stdout)
        done = run(
            *entry,
            *("purge", "owner/name", "--yes", "--json", "--settle", "0", "--artifacts", "/tmp/kept"),  # noqa: S108
            **variables,
        )
        report = json.loads(done.stdout)
        assert done.returncode == 0, report
        assert repository.caches == []
        assert site.token not in done.stdout


def main() -> None:
    """Build, check and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bring", type=Path, action="append", default=[], metavar="PATH")
    parser.add_argument("--bases", type=Path, metavar="FOLDER", help="keep the bases there, for the next time")
    arguments = parser.parse_args()
    roots: dict[str, Root] = {}
    secret = secrets.token_hex(16)
    with tempfile.TemporaryDirectory(prefix="image-") as name:
        folder = Path(name)
        context = make_context(folder, secret)
        for stage in stages():
            base = make_base(stage.base, arguments.bases or folder)
            root = roots[stage.name] = Root(folder / stage.name, base, context, arguments.bring)
            for kind, text in stage.steps:
                root.do(kind, text, roots)
        check(root, stage)
        assert not root.holds(secret), "a secret of the folder that it was built from is in the image"
        size_mb, packed_mb = root.size_mb, root.packed_mb
        print(f"the image's steps work; {size_mb:.0f} MB of files, {packed_mb:.0f} MB compressed")  # noqa: T201
        assert packed_mb < LARGEST_MB, f"more than {LARGEST_MB} MB"


if __name__ == "__main__":
    main()
