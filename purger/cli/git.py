"""Ask git for this folder's remotes, and ssh which host an alias means; neither runs anything that the folder says."""

from __future__ import annotations

import functools
import re
import subprocess
from dataclasses import dataclass

from purger.core.errors import InputError
from purger.core.text import system_words, visible
from purger.secrets import child_environment

TIMEOUT_S = 5.0
PREFERRED = ("origin", "upstream")
"""The remotes that are meant where there are several: git's own name, and gh's name for what a fork was made of."""
HOW_TO_NAME = "Name it, as owner/name."
_SAFE_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,252}")


@dataclass(frozen=True, slots=True)
class Remote:
    """A git remote: its name, and its address as git uses it (`insteadOf` applied)."""

    name: str
    address: str


def remotes_to_try() -> list[Remote]:
    """Return the remotes of this folder's repository that may be meant: `origin`, else `upstream`, else all.

    Raises InputError, with git's own words, where git finds no repository or no remote.
    """
    names = _git("remote").splitlines()
    if not names:
        raise InputError(
            "no repository is named, and this folder's git repository has no remote to take one from",
            remedy=HOW_TO_NAME,
        )
    preferred = next(([name] for name in PREFERRED if name in names), names)
    return [Remote(name, _git("remote", "get-url", "--", name).strip()) for name in preferred]


def _git(*arguments: str) -> str:
    """Return what git prints. The folder is not trusted: no setting in it can make git run anything for these."""
    try:
        done = _run("git", "--no-pager", *arguments)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InputError(f"no repository is named, and git {_why_not(error)}", remedy=HOW_TO_NAME) from None
    if done.returncode:
        words = re.sub(r"^(fatal|error): ", "", " ".join(done.stderr.split()))
        raise InputError(f"no repository is named, and git says: {visible(words, 600)}", remedy=HOW_TO_NAME)
    return done.stdout


def _why_not(error: OSError | subprocess.TimeoutExpired) -> str:
    if isinstance(error, subprocess.TimeoutExpired):
        return "does not answer"
    return "is not installed" if isinstance(error, FileNotFoundError) else f"can't be started: {system_words(error)}"


@functools.cache
def real_host(alias: str) -> str:
    """Return the host that ssh connects to for this name; the name itself where ssh does not tell.

    `ssh -G` only prints its configuration. The name is from a folder that is not trusted, so it must be nothing but a
    host name: a person's own `Match exec` hands it to a shell.
    """
    if not _SAFE_HOST.fullmatch(alias):
        return alias
    try:
        done = _run("ssh", "-G", "--", alias)
    except (OSError, subprocess.TimeoutExpired):
        return alias
    found = re.search(r"^hostname (\S+)$", done.stdout, re.MULTILINE)
    return found[1] if found and not done.returncode else alias


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    environ = child_environment.for_children()
    traces = [name for name in environ if name.startswith("GIT_TRACE")]  # their lines would mix with git's own words
    return subprocess.run(  # noqa: S603 - the words are ours, and a host name that was checked
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        env={name: text for name, text in environ.items() if name not in traces} | {"LC_ALL": "C"},
        timeout=TIMEOUT_S,
        check=False,
    )
