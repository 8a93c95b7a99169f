"""Runs the benchmark: interleaved repetitions, medians, goals; ends 1 where a goal is missed."""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
from collections import defaultdict
from pathlib import Path

from loguru import logger
from playwright.async_api import async_playwright

from purger.browser.start import launch
from purger.browser.settings import BrowserSettings
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
    """One line of the result."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def floor_s(case: Case) -> float:
    """The least time that a browser's six connections need."""
    rows, latency_s = case
    return rows * latency_s / CONNECTIONS


def is_too_slow(name: str, case: Case) -> bool:
    """Whether a contestant that goes row by row would take minutes: about 0.15 s a row and the latency."""
    rows, latency_s = case
    return name in {"naive script", "API, one by one"} and rows * (latency_s + 0.15) > TOO_SLOW_S


async def contests(site: BenchSite, grid: list[Case], repetitions: int) -> Results:
    """Every contestant on every case, in turns, so that a busy moment of the machine hits all alike."""
    results: Results = defaultdict(list)
    async with async_playwright() as playwright:
        for case in grid:
            for _ in range(repetitions):
                for name, contestant in CONTESTANTS.items():
                    if is_too_slow(name, case):
                        continue
                    browser = await launch(playwright, BrowserSettings(), site.site.hosts)
                    site.fill(*case)
                    results[name, case].append(await contestant(Arena(playwright, browser, site)))
                    await browser.close()
                    sys.stderr.write(f"{case} {name}: {results[name, case][-1]}\n")
    return results


def empty_s(results: Results, name: str, case: Case) -> float:
    """The median time until the server had nothing left."""
    return statistics.median(times.server_empty_s for times in results[name, case])


def seen_s(results: Results, name: str, case: Case) -> float:
    """The median time until the end was seen."""
    return statistics.median(times.seen_s or 0.0 for times in results[name, case])


def table(results: Results, grid: list[Case]) -> None:
    """Medians in seconds, as Markdown."""
    say(
        "| until the server has nothing left, seconds | "
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
    """Print a goal and whether it is met; gives whether it is."""
    met = ratio <= most
    say(f"| {goal} | {ratio:.2f} | {most:g} | {'yes' if met else 'no'} |")
    if not met:
        sys.stderr.write(f"falls short: {goal}: {ratio:.2f}, at most {most:g}\n")
    return met


def goals_of_contests(results: Results, grid: list[Case]) -> list[bool]:
    """The goals that the contests decide, of the cases that were run."""
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
    """The goals about whole commands; each pair is measured in turns."""
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
    middle = {name: statistics.median(values) for name, values in seconds.items()}
    return [
        check("60 rows, whole command ÷ bare script with the snippet", middle["purger, 60"] / middle["bare, 60"], 1.25),
        check("empty repository ÷ bare script", middle["purger, empty"] / middle["bare, empty"], 1.2),
        check("purger --version ÷ bare Typer program", middle["version"] / middle["bare typer"], 1.3),
        check("purger --help ÷ bare Typer program", middle["help"] / middle["bare typer"], 2.0),
    ]


async def time_per_row(site: BenchSite, repetitions: int) -> bool:
    """Whether the time grows with the rows alone."""
    grid = [(100, 0.02), (1000, 0.02)]
    times: dict[int, list[float]] = defaultdict(list)
    async with async_playwright() as playwright:
        for _ in range(repetitions):
            for rows, latency_s in grid:
                browser = await launch(playwright, BrowserSettings(), site.site.hosts)
                site.fill(rows, latency_s)
                found = await CONTESTANTS["purger, clicking"](Arena(playwright, browser, site))
                times[rows].append(found.server_empty_s / rows)
                await browser.close()
    return check(
        "clicking, time per row, 1,000 ÷ 100 rows", statistics.median(times[1000]) / statistics.median(times[100]), 1.2
    )


def growth(site: BenchSite) -> None:
    """How time and memory grow with archives and with repositories; the report is in both."""
    site.fill(0)
    say("\n| one repository | seconds | ms an archive | peak MiB |")
    say("| --- | ---: | ---: | ---: |")
    for archives in (0, 60, 200, 1000, 20_000):
        site.fill(archives)
        row(f"{archives:,} archives", site, "acme/widgets", archives)
    site.fill(0)
    say(f"\n| repositories of {CACHES_EACH} archives | seconds | ms an archive | peak MiB |")
    say("| --- | ---: | ---: | ---: |")
    for repositories in (3, 30, 300):
        fill_organisation(site, f"org{repositories}", repositories)
        row(f"{repositories}", site, f"org{repositories}/*", repositories * CACHES_EACH)


def row(name: str, site: BenchSite, target: str, archives: int) -> None:
    """Purge, and print what it took."""
    seconds, peak_mib = commands.purge_measured(site, target)
    each = f"{seconds / archives * 1000:.1f}" if archives else "–"
    say(f"| {name} | {seconds:.1f} | {each} | {peak_mib:.0f} |")


def fill_organisation(site: BenchSite, owner: str, repositories: int) -> None:
    """So many repositories, each with the same few caches."""
    for number in range(repositories):
        site.fill(CACHES_EACH, 0.02, f"{owner}/r{number}")


def organisation(site: BenchSite) -> None:
    """An owner's repositories with several `-j`: time, and how fast requests were sent."""
    site.fill(0)
    say(f"\n| 50 repositories of {CACHES_EACH} archives | seconds | DELETEs a minute | peak MiB |")
    say("| --- | ---: | ---: | ---: |")
    for jobs in (1, 2, 4, 8):
        fill_organisation(site, "org", 50)
        seconds, peak_mib = commands.purge_measured(site, "org/*", "-j", str(jobs))
        say(f"| `-j {jobs}` | {seconds:.1f} | {50 * CACHES_EACH / seconds * 60:,.0f} | {peak_mib:.0f} |")


def main() -> int:
    """Measure what is asked for; gives the exit code."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--repetitions", type=int, default=3, metavar="N")
    parser.add_argument("--quick", action="store_true", help="the cases that goals are about, and no others")
    parser.add_argument("--only", choices=PARTS, help="one part alone")
    given = parser.parse_args()
    grid = [(300, 0.02), (1000, 0.02), (1000, 0.2)] if given.quick else GRID
    met: list[bool] = []
    logger.disable("purger")  # as a user's purge, which writes no line for each request
    with stand_in() as site:
        results: Results = {}
        if given.only in {None, "contests"}:
            results = asyncio.run(contests(site, grid, given.repetitions))
            table(results, grid)
        if given.only in {None, "contests", "commands"}:
            say("| goal | ratio | at most | met |")
            say("| --- | ---: | ---: | --- |")
        if results:
            met += goals_of_contests(results, grid)
            met.append(asyncio.run(time_per_row(site, given.repetitions)))
            case = (1000, 0.02)
            bars = {name: empty_s(results, name, case) for name in CONTESTANTS if results[name, case]}
            text = picture.svg(
                "1,000 rows, 20 ms a DELETE: until the server has nothing left", bars | {"floor": floor_s(case)}
            )
            DOCS.joinpath("bench.svg").write_text(text)
        if given.only in {None, "commands"}:
            met += goals_of_commands(site, given.repetitions)
        if given.only in {None, "organisation"}:
            organisation(site)
        if given.only in {None, "growth"}:
            growth(site)
    return 0 if all(met) else 1


sys.exit(main())
