"""Generate realistic caches for a seed: names, sizes, ages and branches of a busy repository."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

_VERBS = ("fix", "add", "drop", "speed-up", "rework", "test", "document", "bump", "revert", "split")
_THINGS = (
    "login-timeout", "retry-budget", "docs-build", "py312", "docker-image", "flaky-upload", "type-hints",
    "search-index", "csv-export", "rate-limits", "postgres-15", "cache-keys", "sso", "webhooks", "lint",
)  # fmt: skip
_LONG_LIVED = ("main", "develop", "staging", "release-2.4", "release-2.3", "nightly")
_JOBS = (
    ("linux-focal", "python-3.8"), ("linux-focal", "python-3.9"), ("linux-jammy", "python-3.11"),
    ("linux-jammy", "python-3.12"), ("linux-focal", "node-14"), ("linux-jammy", "node-18"),
    ("osx-xcode14", "python-3.11"),
)  # fmt: skip
_PUSH_SHARE = 0.6
_DAY_S = 86400.0


@dataclass(frozen=True, slots=True)
class Sample:
    """A generated cache: full branch, size in bytes, age in seconds, and the system and language of its job."""

    branch: str
    size_bytes: int
    age_s: float
    job: tuple[str, str]


def cache_name(unique: str, job: tuple[str, str] = _JOBS[0]) -> str:
    """Return a name in the real tool's format: `cache-linux-focal-<sha256 of unique>--python-3.8.tgz`."""
    system, language = job
    return f"cache-{system}-{hashlib.sha256(unique.encode()).hexdigest()}--{language}.tgz"


def samples(count: int, *, seed: int, branches: int | None, existing: set[str]) -> Iterator[Sample]:
    """Yield `count` caches on `branches` new branches (None: one each), whose names are not in `existing`."""
    random = Random(seed)
    names = _branch_names(random, existing)
    used: list[str] = [next(names) for _ in range(min(count, branches or count))]
    for position in range(count):
        yield Sample(
            branch=used[position % len(used)],
            size_bytes=min(400_000_000, max(1_000_000, int(random.lognormvariate(16.9, 1.1)))),
            age_s=random.uniform(0.02, 1.0) ** 2 * 120 * _DAY_S,
            job=_JOBS[position // len(used) % len(_JOBS)] if branches else random.choice(_JOBS),
        )


def _branch_names(random: Random, existing: set[str]) -> Iterator[str]:
    """Yield new names without end: about 60 % pushed branches, long-lived ones first, and 40 % pull requests."""
    long_lived = iter(_LONG_LIVED)
    pull_request = random.randint(300, 900)
    seen = set(existing)
    while True:
        if random.random() < _PUSH_SHARE:
            name = next(long_lived, None) or f"{random.choice(_VERBS)}-{random.choice(_THINGS)}"
            if name in seen:
                name += f"-{random.randint(2, 9999)}"
        else:
            pull_request += random.randint(1, 5)
            name = f"PR.{pull_request}"
        if name not in seen:
            seen.add(name)
            yield name
