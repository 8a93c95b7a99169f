"""Run and measure whole commands, each in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass

from scripts.benchmarks.site import BenchSite

BARE_TYPER = """
import typer
app = typer.Typer()
@app.callback(invoke_without_command=True)
def main(version: bool = typer.Option(False, "--version")) -> None:
    typer.echo("1")
app()
"""
BARE_LIST = """
import os, sys
import httpx2
owner_and_name, api_url = sys.argv[1:]
headers = {"Authorization": f"token {os.environ['TRAVIS_TOKEN']}", "Travis-API-Version": "3"}
with httpx2.Client(headers=headers) as client:
    client.get(f"{api_url}/user").raise_for_status()
    repository = client.get(f"{api_url}/repo/github/{owner_and_name.replace('/', '%2F')}").raise_for_status().json()
    caches = client.get(f"{api_url}/repo/{repository['id']}/caches").raise_for_status().json()["caches"]
for cache in caches:
    print(cache["branch"], cache["size"], cache["last_modified"], cache["name"])
"""
BARE_PLAYWRIGHT = """
import sys
from playwright.sync_api import sync_playwright
from purger.browser.find import candidates
page_url, token, click = sys.argv[1:]
with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=candidates(playwright, None)[0].path)
    context = browser.new_context()
    context.add_init_script(f"localStorage.setItem('travis.webToken', '{token}'); window.confirm = () => true")
    page = context.new_page()
    page.goto(page_url)
    if click == "click":
        page.locator(".delete-cache-icon").first.wait_for()
        page.evaluate("() => document.querySelectorAll('.delete-cache-icon').forEach((icon) => icon.click())")
    page.locator(".no-caches").wait_for()
    for _ in range(2 if click == "click" else 0):
        page.reload()
        page.locator(".no-caches").wait_for()
    browser.close()
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a run of purger took; see measured.py."""

    seconds: float
    peak_mib: float
    blocked_ms: float


def seconds_of(command: list[str], site: BenchSite | None = None) -> float:
    """Run a command and return its seconds. Raises SystemExit if it fails."""
    return run(command, site)[0]


def run(command: list[str], site: BenchSite | None = None) -> tuple[float, str]:
    """Run a command and return its seconds and its stderr. Raises SystemExit if it fails."""
    environment = {name: text for name, text in os.environ.items() if not name.startswith(("PURGER_", "TRAVIS"))}
    if site is not None:
        environment |= {"TRAVIS_TOKEN": site.token.reveal()}
        environment |= {"PURGER_URL": site.site.url, "PURGER_API_URL": site.site.api_url}
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    seconds = time.perf_counter() - started
    if done.returncode:
        raise SystemExit(f"{command} ended with {done.returncode}: {done.stderr}")
    return seconds, done.stderr


def bare_typer() -> list[str]:
    """Return the command line of an empty Typer program."""
    return [sys.executable, "-c", BARE_TYPER, "--version"]


def bare_list(site: BenchSite, slug: str) -> list[str]:
    """Return the command line of a script that sends the three requests of `purger list` and prints the caches."""
    return [sys.executable, "-c", BARE_LIST, slug, site.site.api_url]


def bare_playwright(site: BenchSite, *, click: bool) -> list[str]:
    """Return the command line of a script that starts the same browser and opens the page.

    It may run the snippet, and then reloads the page twice, as purger does before it calls a cache deleted.
    """
    return [sys.executable, "-c", BARE_PLAYWRIGHT, site.page, site.token.reveal(), "click" if click else "view"]


def purger(*arguments: str) -> list[str]:
    """Return the command line of a purger command."""
    return [sys.executable, "-m", "purger", *arguments]


def purge(*arguments: str) -> list[str]:
    """Return the command line of a purge without confirmation, settle time and request budget."""
    return purger("purge", *arguments, "--yes", "--json", "--settle", "0", "--max-rate", "0")


def purge_measured(site: BenchSite, *arguments: str) -> Measured:
    """Run a purge and return what it took."""
    command = [sys.executable, "-m", "scripts.benchmarks.measured", *purge(*arguments)[3:]]
    seconds, errors = run(command, site)
    return Measured(seconds, **json.loads(errors.splitlines()[-1]))
