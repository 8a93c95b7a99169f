"""Purge many times with random faults, and check each run against the server; exit with 1 on a violation."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from tests.soak.plan import KINDS, plan_of
from tests.soak.soak import Figures, soak


def main() -> int:
    """Run a soak and write its figures to stdout. Return the exit code."""
    parser = argparse.ArgumentParser(prog="scripts/soak", description=__doc__)
    parser.add_argument("--runs", type=int, default=300, metavar="N", help="maximum number of runs (default: 300)")
    parser.add_argument(
        "--seconds", type=float, default=600, metavar="S", help="start no run after this many seconds (default: 600)"
    )
    parser.add_argument("--seed", type=int, default=1, metavar="X", help="seed of the first run (default: 1)")
    parser.add_argument(
        "--only", choices=sorted(KINDS), metavar="KIND", help=f"only this kind of faults: {', '.join(sorted(KINDS))}"
    )
    parser.add_argument(
        "--totals", type=Path, metavar="FILE", help="add the figures to those of former batches in FILE, and print both"
    )
    parser.add_argument(
        "-v", "--verbose", action="store_true", help="print each run's events, and the plan of a single run"
    )
    arguments = parser.parse_args()

    def log(line: str) -> None:
        sys.stderr.write(line + "\n")

    if arguments.verbose and arguments.runs == 1:
        log(str(plan_of(arguments.seed)))
    figures = asyncio.run(
        soak(
            arguments.seed,
            runs=arguments.runs,
            seconds=arguments.seconds,
            only=arguments.only,
            verbose=arguments.verbose,
            told=log,
        )
    )
    sys.stdout.write(f"{figures}\n")
    if arguments.totals:
        former = Figures.from_json(arguments.totals.read_text()) if arguments.totals.exists() else Figures()
        totals = former + figures
        arguments.totals.write_text(totals.to_json())
        sys.stdout.write(f"\nTogether with the former batches:\n{totals}\n")
    if figures.violations:
        sys.stdout.write("Repeat a run: scripts/soak --seed SEED --runs 1 --verbose\n")
    return 1 if figures.violations else 0


if __name__ == "__main__":
    sys.exit(main())
