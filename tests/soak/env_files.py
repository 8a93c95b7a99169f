"""An odd `.env` file, drawn: one that is understood and says what is selected, or one that has to be refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from purger.core.selection import Selection

OF_OTHERS = (
    "", "# PURGER_BRANCH=other", "   #PURGER_MATCH=zzz", "AWS_PROFILE", "FOO: bar", "export NODE_ENV=x",
    "DATABASE_URL='postgres://user@host/db#x'", "TRAVIS_BUILD_NUMBER=7", "EMPTY=", "QUOTED=\"two words\" # a comment",
    "MÜLLER=ü", "\t", "A=${B}", "set -a",
)  # fmt: skip
REFUSED = (
    "purger_branch=main", "PURGER_BRANCHES=main", "PURGER_BRANCH: main", "PURGER_MATCH=${OTHER}", "PURGER_BRANCH main",
    "PURGER_MATCH", "PURGER_DRY_RUN=", "PURGER_SHARD=''", "PURGER_MATCH=", "PURGER_BRANCH='main", 'PURGER_MATCH="3.8',
    "setx PURGER_BRANCH main", "$env:PURGER_BRANCH='main'", "PURGER_BROWSER=./x.sh", "PURGER_OLDER_THEN=30d",
    "PURGER_PROXY=http://127.0.0.1:9", "PURGER_CA_FILE=./ca.pem",
    "TRAVIS_ENDPOINT=https://stranger.invalid", "PURGER_ARTIFACTS=/tmp/x", "PURGER_KEEP_NEWEST=0", "PURGER_LIMIT=-1",
    "PURGER_OLDER_THAN=30", "PURGER_LARGER_THAN=100", "PURGER_KIND=pushes", "PURGER_KEEP_NEWEST=a", "PURGER_GONE=maybe",
    "PURGER_LARGEST_FIRST=1\nPURGER_UNTIL_BELOW=", "PURGER_LIMIT=2\nPURGER_LIMIT=3", "PURGER-BRANCH=main",
    "PURGER_MATCH=3.8 PURGER_KIND=push", "X=1; PURGER_MATCH=3.8", "PURGER_MATCH='a\nb'", "PURGER__MATCH=3.8",
    "NOTE='\nPURGER_MATCH=3.8\n'", "TRAVIS_REPO_SLUG=acme/widgets PURGER_MATCH=3.8", "PURGER_MATCH=3.8 NOTE=x",
    "PURGE_DRY_RUN=1", "set PURGE_KIND=push", "PURGE-MATCH=3.8", "PURGE_OLDERTHAN: 30d",
)  # fmt: skip
"""Lines of purger's that can't be meant as they stand, whatever else the file and the environment say."""
BARE = re.compile(r"[\w./:%+*?@,-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class EnvFile:
    """The file and what stands beside it. `with_site`: the file has its own token, and so may say where that goes."""

    text: str
    encoding: str
    environment: Mapping[str, str]
    with_site: bool = False
    is_refused: bool = False

    def content(self, own: Mapping[str, str]) -> bytes:
        """Return the bytes of the file, in which these variables are set as well."""
        newline = "\r\n" if "\r\n" in self.text else "\n"
        lines = "".join(f"{name}='{value}'{newline}" for name, value in own.items())
        return (lines + self.text).encode(self.encoding)


def is_expressible(selection: Selection) -> bool:
    """Whether variables can say this: names of branches are separated by blanks there."""
    names = (*selection.branches, *selection.exclude)
    texts = (*names, selection.match or "")
    return (
        not selection.everything
        and not any(re.search(r"\s", name) for name in names)
        and all(text.isprintable() and not re.search(r"[\\'\"]|\$\{", text) for text in texts)
    )


def variables_of(selection: Selection) -> dict[str, str]:
    """Return the variables that mean this selection."""
    policies = selection.policies

    def hours(seconds: float | None) -> str | None:
        return None if seconds is None else f"{seconds / 3600:g}h"

    def size(size_bytes: int | None) -> str | None:
        return None if size_bytes is None else f"{size_bytes}B"

    found = {
        "BRANCH": " ".join(selection.branches),
        "EXCLUDE": " ".join(selection.exclude),
        "MATCH": selection.match,
        "KIND": selection.kind,
        "OLDER_THAN": hours(selection.older_than_s),
        "NEWER_THAN": hours(selection.newer_than_s),
        "LARGER_THAN": size(selection.larger_than_bytes),
        "SMALLER_THAN": size(selection.smaller_than_bytes),
        "KEEP_NEWEST": policies.keep_newest,
        "GONE": "yes" if policies.gone else None,
        "UNTIL_BELOW": size(policies.until_below_bytes),
        "LARGEST_FIRST": "1" if policies.largest_first else None,
        "LIMIT": policies.limit,
    }
    return {f"PURGER_{name}": str(value) for name, value in found.items() if value}


def draw_env_file(rng: Random, selection: Selection, *, is_refused: bool) -> EnvFile:
    """Draw a file that means this selection; one `is_refused` has a line, or bytes, that nobody can be sure of."""
    values = variables_of(selection)
    environment = {}
    if rng.random() < 0.3:  # the environment overrides the file
        name = rng.choice(list(values))
        environment[name] = values[name]
        values[name] = {"PURGER_KIND": "push", "PURGER_GONE": "no", "PURGER_LARGEST_FIRST": "0"}.get(name, "1B")
        if name in {"PURGER_KEEP_NEWEST", "PURGER_LIMIT"}:
            values[name] = "1"
    lines = [_line(rng, name, value) for name, value in values.items()]
    lines += [rng.choice(lines)] if rng.random() < 0.2 else []  # twice the same is no contradiction
    lines += rng.choices(OF_OTHERS, k=rng.randint(0, 6))
    encoding = rng.choice(["utf-8", "utf-8", "utf-8-sig", "utf-16"])
    with_site = not is_refused and rng.random() < 0.4
    if is_refused:
        if rng.random() < 0.15:
            encoding = rng.choice(["utf-16-le", "utf-16-be"])  # without a byte-order mark
        else:
            lines.append(rng.choice(REFUSED))
    rng.shuffle(lines)
    newline = rng.choice(["\n", "\n", "\r\n"])
    text = "\n".join(lines).replace("\n", newline) + (newline if rng.random() < 0.7 else "")
    return EnvFile(text, encoding, environment, with_site, is_refused)


def _line(rng: Random, name: str, value: str) -> str:
    """Write a setting in one of the ways that are understood."""
    quoted = rng.choice([f"'{value}'", f'"{value}"', *([value] * 2 if BARE.fullmatch(value) else [])])
    start = rng.choice(["", "", "export ", "  ", "export   "])
    return start + name + rng.choice(["=", "=", " = ", "= "]) + quoted + rng.choice(["", "", "  ", "  # a comment"])
