"""Run the benchmark with interleaved repetitions, and print medians and goals; exit with 1 if a goal is missed."""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
from collections import defaultdict
from pathlib import Path

from loguru import logger
from playwright.async_api import async_playwright

from purger.browser.reach import Reach
from purger.browser.settings import BrowserSettings
from purger.browser.start import launch
from scripts.benchmarks import commands, picture
from scripts.benchmarks.contestants import CONTESTANTS, Arena, Times
from scripts.benchmarks.site import BenchSite, stand_in

GRID = [(60, 0.0), (60, 0.02), (60, 0.2), (300, 0.0), (300, 0.02), (300, 0.2), (1000, 0.0), (1000, 0.02), (1000, 0.2)]
PARTS = ("contests", "commands", "organisation", "growth")
CACHES_EACH = 20
CONNECTIONS = 6
TOO_SLOW_S = 60.0
DOCS = Path(__file__).resolve().parents[2] / "docs"
Case = tuple[int, float]
Results = dict[tuple[str, Case], list[Times]]


def say(line: str = "") -> None:
    """Write one line of the result to stdout."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def floor_s(case: Case) -> float:
    """Return the shortest possible time with a browser's six connections (docs/TRAVIS.md section 6)."""
    rows, latency_s = case
    return rows * latency_s / CONNECTIONS


def is_too_slow(name: str, case: Case) -> bool:
    """Return whether a sequential contestant would take minutes: about 0.15 s a row, plus the latency."""
    rows, latency_s = case
    return name in {"naive script", "API, one by one"} and rows * (latency_s + 0.15) > TOO_SLOW_S


async def contests(site: BenchSite, grid: list[Case], repetitions: int) -> Results:
    """Run every contestant on every case, in turns, so that other load on the machine affects all of them."""
    results: Results = defaultdict(list)
    async with async_playwright() as playwright:
        for case in grid:
            for _ in range(repetitions):
                for name, contestant in CONTESTANTS.items():
                    if is_too_slow(name, case):
                        continue
                    browser = await launch(playwright, BrowserSettings(), Reach(addresses=site.site.addresses))
                    site.fill(*case)
                    results[name, case].append(await contestant(Arena(playwright, browser, site)))
                    await browser.close()
                    sys.stderr.write(f"{case} {name}: {results[name, case][-1]}\n")
    return results


def empty_s(results: Results, name: str, case: Case) -> float:
    """Return the median time until the server had no caches left."""
    return statistics.median(times.server_empty_s for times in results[name, case])


def seen_s(results: Results, name: str, case: Case) -> float:
    """Return the median time until the contestant saw that no caches are left."""
    return statistics.median(times.seen_s or 0.0 for times in results[name, case])


def table(results: Results, grid: list[Case]) -> None:
    """Print the medians in seconds as a Markdown table."""
    say(
        "| until the server has no caches left, seconds | "
        + " | ".join(f"{rows:,} rows, {latency * 1000:.0f} ms" for rows, latency in grid)
        + " |"
    )
    say("| --- |" + " ---: |" * len(grid))
    for name in CONTESTANTS:
        cells = [f"{empty_s(results, name, case):.1f}" if results[name, case] else "–" for case in grid]
        say(f"| {name} | " + " | ".join(cells) + " |")
    say("| floor: rows × latency ÷ 6 | " + " | ".join(f"{floor_s(case):.1f}" for case in grid) + " |")
    say()


def check(goal: str, ratio: float, most: float) -> bool:
    """Print a goal with its result; return whether it is met."""
    met = ratio <= most
    say(f"| {goal} | {ratio:.2f} | {most:g} | {'yes' if met else 'no'} |")
    if not met:
        sys.stderr.write(f"missed: {goal}: {ratio:.2f}, at most {most:g}\n")
    return met


def goals_of_contests(results: Results, grid: list[Case]) -> list[bool]:
    """Check the goals of the contests for the cases that were run."""
    thousand, slow, middle = (1000, 0.02), (1000, 0.2), (300, 0.02)
    met = []
    if thousand in grid:
        clicking = empty_s(results, "purger, clicking", thousand)
        met.append(
            check(
                "clicking, 1,000 rows, 20 ms ÷ snippet", clicking / empty_s(results, "console snippet", thousand), 0.6
            )
        )
        whole = seen_s(results, "purger, whole", thousand) / seen_s(results, "console snippet", thousand)
        met.append(check("whole, verified, 1,000 rows ÷ snippet's page empty", whole, 0.5))
    if slow in grid:
        met.append(
            check(
                "clicking, 1,000 rows, 200 ms ÷ floor", empty_s(results, "purger, clicking", slow) / floor_s(slow), 1.1
            )
        )
    if middle in grid and results["naive script", middle]:
        ratio = empty_s(results, "purger, clicking", middle) / empty_s(results, "naive script", middle)
        met.append(check("clicking, 300 rows ÷ naive script", ratio, 0.1))
    return met


def goals_of_commands(site: BenchSite, repetitions: int) -> list[bool]:
    """Measure whole commands in turns, and check their goals."""
    seconds: dict[str, list[float]] = defaultdict(list)
    for _ in range(repetitions):
        seconds["bare typer"].append(commands.seconds_of(commands.bare_typer()))
        seconds["version"].append(commands.seconds_of(commands.purger("--version")))
        seconds["help"].append(commands.seconds_of(commands.purger("--help")))
        site.fill(0)
        seconds["bare, empty"].append(commands.seconds_of(commands.bare_playwright(site, click=False)))
        seconds["purger, empty"].append(commands.seconds_of(commands.purge("acme/widgets"), site))
        site.fill(60)
        seconds["bare, 60"].append(commands.seconds_of(commands.bare_playwright(site, click=True)))
        site.fill(60)
        seconds["purger, 60"].append(commands.seconds_of(commands.purge("acme/widgets"), site))
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    return [
        check("60 rows, whole command ÷ script with the snippet", medians["purger, 60"] / medians["bare, 60"], 1.25),
        check("empty repository ÷ bare script", medians["purger, empty"] / medians["bare, empty"], 1.2),
        check("purger --version ÷ bare Typer program", medians["version"] / medians["bare typer"], 1.3),
        check("purger --help ÷ bare Typer program", medians["help"] / medians["bare typer"], 2.0),
    ]


async def time_per_row(site: BenchSite, repetitions: int) -> bool:
    """Check that the time per row does not grow with the number of rows."""
    grid = [(100, 0.02), (1000, 0.02)]
    times: dict[int, list[float]] = defaultdict(list)
    async with async_playwright() as playwright:
        for _ in range(repetitions):
            for rows, latency_s in grid:
                browser = await launch(playwright, BrowserSettings(), Reach(addresses=site.site.addresses))
                site.fill(rows, latency_s)
                found = await CONTESTANTS["purger, clicking"](Arena(playwright, browser, site))
                times[rows].append(found.server_empty_s / rows)
                await browser.close()
    return check(
        "clicking, time per row, 1,000 ÷ 100 rows", statistics.median(times[1000]) / statistics.median(times[100]), 1.2
    )


def growth(site: BenchSite) -> None:
    """Print how time and memory grow with caches and with repositories, including the report."""
    site.fill(0)
    say("\n| one repository | seconds | ms a cache | peak MiB |")
    say("| --- | ---: | ---: | ---: |")
    for caches in (0, 60, 200, 1000, 20_000):
        site.fill(caches)
        row(f"{caches:,} caches", site, "acme/widgets", caches)
    site.fill(0)
    say(f"\n| repositories of {CACHES_EACH} caches | seconds | ms a cache | peak MiB |")
    say("| --- | ---: | ---: | ---: |")
    for repositories in (3, 30, 300):
        fill_organisation(site, f"org{repositories}", repositories)
        row(f"{repositories}", site, f"org{repositories}/*", repositories * CACHES_EACH)


def row(name: str, site: BenchSite, target: str, caches: int) -> None:
    """Purge, and print its time and memory."""
    seconds, peak_mib = commands.purge_measured(site, target)
    each = f"{seconds / caches * 1000:.1f}" if caches else "–"
    say(f"| {name} | {seconds:.1f} | {each} | {peak_mib:.0f} |")


def fill_organisation(site: BenchSite, owner: str, repositories: int) -> None:
    """Add repositories of an owner, each with the same number of caches."""
    for number in range(repositories):
        site.fill(CACHES_EACH, 0.02, f"{owner}/r{number}")


def organisation(site: BenchSite) -> None:
    """Print the time and the request rate of purges of 50 repositories with several concurrencies."""
    site.fill(0)
    say(f"\n| 50 repositories of {CACHES_EACH} caches | seconds | DELETEs a minute | peak MiB |")
    say("| --- | ---: | ---: | ---: |")
    for concurrency in (1, 2, 4, 8):
        fill_organisation(site, "org", 50)
        seconds, peak_mib = commands.purge_measured(site, "org/*", "-j", str(concurrency))
        say(f"| `-j {concurrency}` | {seconds:.1f} | {50 * CACHES_EACH / seconds * 60:,.0f} | {peak_mib:.0f} |")


def main() -> int:
    """Run the selected measurements. Return the exit code."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--repetitions", type=int, default=3, metavar="N")
    parser.add_argument("--quick", action="store_true", help="run only the cases that have goals")
    parser.add_argument("--only", choices=PARTS, help="run only this part")
    arguments = parser.parse_args()
    grid = [(300, 0.02), (1000, 0.02), (1000, 0.2)] if arguments.quick else GRID
    met: list[bool] = []
    logger.disable("purger")  # by default purger does not log every request either
    with stand_in() as site:
        results: Results = {}
        if arguments.only in {None, "contests"}:
            results = asyncio.run(contests(site, grid, arguments.repetitions))
            table(results, grid)
        if arguments.only in {None, "contests", "commands"}:
            say("| goal | ratio | at most | met |")
            say("| --- | ---: | ---: | --- |")
        if results:
            met += goals_of_contests(results, grid)
            met.append(asyncio.run(time_per_row(site, arguments.repetitions)))
            case = (1000, 0.02)
            bars = {name: empty_s(results, name, case) for name in CONTESTANTS if results[name, case]}
            text = picture.svg(
                "1,000 rows, 20 ms a DELETE: until the server has no caches left", bars | {"floor": floor_s(case)}
            )
            DOCS.joinpath("bench.svg").write_text(text)
        if arguments.only in {None, "commands"}:
            met += goals_of_commands(site, arguments.repetitions)
        if arguments.only in {None, "organisation"}:
            organisation(site)
        if arguments.only in {None, "growth"}:
            growth(site)
    return 0 if all(met) else 1


sys.exit(main())
