"""Whole commands, each a process of its own: start-up, an empty repository, 60 rows, memory, an organisation."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time

from scripts.benchmarks.site import BenchSite

BARE_TYPER = """
import typer
app = typer.Typer()
@app.callback(invoke_without_command=True)
def main(version: bool = typer.Option(False, "--version")) -> None:
    typer.echo("1")
app()
"""
BARE_PLAYWRIGHT = """
import sys
from playwright.sync_api import sync_playwright
from purger.browser import find_browser
page_url, token, click = sys.argv[1:]
with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=find_browser(playwright, None))
    context = browser.new_context()
    context.add_init_script(f"localStorage.setItem('travis.webToken', '{token}'); window.confirm = () => true")
    page = context.new_page()
    page.goto(page_url)
    if click == "click":
        page.locator(".delete-cache-icon").first.wait_for()
        page.evaluate("() => document.querySelectorAll('.delete-cache-icon').forEach((icon) => icon.click())")
    page.locator(".no-caches").wait_for()
    browser.close()
"""
WITH_PEAK = """
import atexit, resource, sys
atexit.register(lambda: print("peak_kib", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr))
from purger.__main__ import main
main()
"""


def seconds_of(command: list[str], site: BenchSite | None = None) -> float:
    """How long a command takes; it has to end well."""
    return run(command, site)[0]


def run(command: list[str], site: BenchSite | None = None) -> tuple[float, str]:
    """How long a command takes, and what it wrote to stderr; it has to end well."""
    environment = {name: text for name, text in os.environ.items() if not name.startswith(("PURGER_", "TRAVIS"))}
    if site is not None:
        more = {"TRAVIS_TOKEN": site.token.reveal(), "PURGER_URL": site.site.url, "PURGER_API_URL": site.site.api_url}
        environment |= more
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    seconds = time.perf_counter() - started
    if done.returncode:
        raise SystemExit(f"{command} ended with {done.returncode}: {done.stderr}")
    return seconds, done.stderr


def bare_typer() -> list[str]:
    """A Typer program with nothing in it."""
    return [sys.executable, "-c", BARE_TYPER, "--version"]


def bare_playwright(site: BenchSite, *, click: bool) -> list[str]:
    """A script that starts the same browser, opens the same page and, maybe, runs the snippet."""
    return [sys.executable, "-c", BARE_PLAYWRIGHT, site.page, site.token.reveal(), "click" if click else "look"]


def purger(*arguments: str) -> list[str]:
    """A purger command."""
    return [sys.executable, "-m", "purger", *arguments]


def purge(*arguments: str) -> list[str]:
    """A purge that asks nothing, waits for nothing and knows no limit."""
    return purger("purge", *arguments, "--yes", "--json", "--settle", "0", "--max-rate", "0")


def purge_measured(site: BenchSite, *arguments: str) -> tuple[float, float]:
    """The seconds that a purge took, and the most memory of purger's own process, in MiB."""
    seconds, told = run([sys.executable, "-c", WITH_PEAK, *purge(*arguments)[3:]], site)
    found = re.search(r"peak_kib (\d+)", told)
    assert found
    return seconds, int(found[1]) / 1024
