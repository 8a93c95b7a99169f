"""Purges with a random mix of faults, many times, and checks each against the server; exit 1 where one was wrong."""

from __future__ import annotations

import argparse
import asyncio
import sys

from tests.soak.soak import soak
from tests.soak.plan import KINDS, plan_of


def main() -> int:
    """Run a soak from the command line, with its figures on stdout."""
    parser = argparse.ArgumentParser(prog="scripts/soak", description=__doc__)
    parser.add_argument("--runs", type=int, default=300, metavar="N", help="so many runs at most (default: 300)")
    parser.add_argument(
        "--seconds", type=float, default=600, metavar="S", help="begin none after so many seconds (default: 600)"
    )
    parser.add_argument("--seed", type=int, default=1, metavar="X", help="of the first run (default: 1)")
    parser.add_argument("--only", choices=sorted(KINDS), metavar="KIND", help=f"of faults: {', '.join(sorted(KINDS))}")
    parser.add_argument("-v", "--verbose", action="store_true", help="tell each run's events; the plan of a single one")
    given = parser.parse_args()

    def tell(line: str) -> None:
        sys.stderr.write(line + "\n")

    if given.verbose and given.runs == 1:
        tell(str(plan_of(given.seed)))
    figures = asyncio.run(
        soak(given.seed, runs=given.runs, seconds=given.seconds, only=given.only, verbose=given.verbose, told=tell)
    )
    sys.stdout.write(f"{figures}\n")
    if figures.violations:
        sys.stdout.write("Replay one: scripts/soak --seed SEED --runs 1 --verbose\n")
    return 1 if figures.violations else 0


if __name__ == "__main__":
    sys.exit(main())
