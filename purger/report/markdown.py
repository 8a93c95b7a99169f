"""A report as Markdown, for GitHub's job summary: short, bounded, and with every untrusted name kept as plain text."""

from __future__ import annotations

import string
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from urllib.parse import quote

from purger.core.cache import Outcome
from purger.core.text import hidden, many, sentence_of, visible
from purger.core.units import seconds_text, size_text
from purger.report.model import Report, RepositoryReport
from purger.report.phrases import error_words, errors_of, headline, list_headline, remedy_lines, state_of, stored_size

MOST_REPOSITORIES = 500
MOST_LEFT = 100
MOST_BRANCHES = 20
MOST_WARNINGS = 50
_LONGEST_NAME = 256
"""No branch or repository has a longer name: git keeps a branch in a file of at most 255 bytes."""
_LONGEST_TEXT = 800
_PLAIN = frozenset(string.ascii_letters + string.digits + " -/,")
_STARTS = frozenset(":@#.")
"""What GitHub makes an emoji, a mention, a reference or a link of, after Markdown was rendered, in one run of text."""
_SIGNS = {"done": "✅", "dry-run": "🔎", "stopped": "✋", "failed": "❌"}


def text_of(text: str) -> str:
    """Escape untrusted text so that it is nothing but text, for any Markdown renderer and for GitHub's own filters.

    Character references mean the character itself and never structure, in GitHub's Markdown as in CommonMark. A
    possible line break (`<wbr>`) in `:100:` keeps it from becoming an emoji, and in `@name` from mentioning anybody.
    """
    return "".join(f"{each}<wbr>" if mark in _STARTS else each for mark, each in _escaped(text, _LONGEST_TEXT))


def _escaped(text: str, longest: int) -> Iterator[tuple[str, str]]:
    """Yield each character with its escaped form."""
    shown = visible(hidden(text), longest)
    # What begins a line may mean a list or a heading even where it is harmless further on.
    for at, character in enumerate(shown):
        is_plain = character in _PLAIN and (at or character.isalnum())
        yield character, character if is_plain else _reference(character)


def _reference(character: str) -> str:
    return f"&#{ord(character)};" if character.isascii() else character


def name_as_code(name: str) -> str:
    """Return an untrusted name as code: GitHub makes no emoji and no link of a mention, number or address in it."""
    return f"<code>{''.join(each for _, each in _escaped(name, _LONGEST_NAME))}</code>"


def short_summary(report: Report, *, as_list: bool = False) -> str:
    """Return the result alone; `as_list` if the report is of a list, and so of no purge."""
    state = state_of(ok=report.ok, dry_run=report.dry_run, exit_code=report.exit_code)
    result = list_headline(report) if as_list else headline(report)
    return f"\n### {_SIGNS[state]} {text_of(result)}\n"


def markdown_summary(report: Report, *, as_list: bool = False) -> str:
    """Return the whole summary: result, errors, numbers, what is left and why, warnings, space freed by branch.

    `as_list` if the report is of a list: then it says nothing of deletions.
    """
    repositories, purges = report.repositories, report.purges
    parts = [short_summary(report, as_list=as_list)]
    for error, names in islice(errors_of(report).items(), MOST_REPOSITORIES):
        where = f"{', '.join(map(name_as_code, names))}: " if names else ""
        remedy = "".join(f"<br>{text_of(line)}" for line in remedy_lines(error))
        parts.append(f"> {where}{text_of(error_words(error))}{remedy}")
    if repositories and not as_list:
        parts.append(_numbers(purges))
    if not report.dry_run:
        parts += _what_is_left(repositories)
    parts += _kept(repositories)
    parts += _warnings(report)
    title = "Space by branch" if as_list else f"Space {'that would be ' if report.dry_run else ''}freed, by branch"
    parts += _by_branch(purges, title, dry_run=report.dry_run)
    parts.append(f"<sub>purger {text_of(report.version)}, exit code {report.exit_code}</sub>")
    return "\n\n".join(parts) + "\n"


def _numbers(repositories: Sequence[RepositoryReport]) -> str:
    rows = [
        (
            f"[{name_as_code(repository.name)}]({_address(repository.url)})",
            f"{repository.selected:,}",
            f"{repository.deleted:,}",
            f"{len(repository.left):,}",
            size_text(repository.bytes_deleted),
            f"{repository.looks:,}",
            f"{repository.requests:,}",
            seconds_text(repository.seconds),
        )
        for repository in repositories[:MOST_REPOSITORIES]
    ]
    table = _table(("repository", "selected", "deleted", "left", "freed", "loads", "requests", "time"), rows)
    return table + _and_more(len(repositories) - len(rows), "repository")


def _what_is_left(repositories: Sequence[RepositoryReport]) -> Iterator[str]:
    left = [(repository, cache) for repository in repositories for cache in repository.left]
    if not left:
        return
    several = len(repositories) > 1
    rows = [
        (
            *([name_as_code(repository.name)] if several else []),
            name_as_code(cache.branch),
            name_as_code(cache.name),
            stored_size(cache.size_bytes),
            text_of(cache.outcome),
            text_of(cache.reason or ""),
        )
        for repository, cache in left[:MOST_LEFT]
    ]
    heads = (*(["repository"] if several else []), "branch", "cache", "size", "outcome", "why")
    yield f"#### What is left\n\n{_table(heads, rows)}{_and_more(len(left) - len(rows), 'cache')}"


def _kept(repositories: Sequence[RepositoryReport]) -> Iterator[str]:
    rows = [
        (
            *([name_as_code(repository.name)] if len(repositories) > 1 else []),
            f"{kept.caches:,}",
            size_text(kept.size_bytes),
            text_of(kept.reason),
        )
        for repository in repositories
        for kept in repository.kept
    ]
    if rows:
        heads = (*(["repository"] if len(repositories) > 1 else []), "caches", "size", "why")
        shown = rows[:MOST_REPOSITORIES]
        yield f"#### What is kept\n\n{_table(heads, shown)}{_and_more(len(rows) - len(shown), 'reason')}"


def _warnings(report: Report) -> Iterator[str]:
    warnings = [*report.repository_warnings, *(("", text) for text in report.warnings)]
    if not warnings:
        return
    lines = [
        f"- {f'{name_as_code(name)}: ' if name and len(report.repositories) > 1 else ''}{text_of(sentence_of(text))}"
        for name, text in warnings[:MOST_WARNINGS]
    ]
    yield "#### Warnings\n\n" + "\n".join(lines) + _and_more(len(warnings) - len(lines), "warning")


def _by_branch(repositories: Sequence[RepositoryReport], title: str, *, dry_run: bool) -> Iterator[str]:
    sizes: dict[tuple[str, str], list[int]] = {}
    for repository in repositories:
        for cache in repository.caches:
            if cache.selected and (dry_run or cache.outcome is Outcome.DELETED):
                sizes.setdefault((repository.name, cache.branch), []).append(cache.size_bytes)
    if not sizes:
        return
    largest = sorted(sizes.items(), key=lambda item: -sum(item[1]))
    several = len({repository.name for repository in repositories}) > 1
    rows = [
        (
            *([name_as_code(name)] if several else []),
            name_as_code(branch),
            f"{len(caches):,}",
            size_text(sum(caches)),
        )
        for (name, branch), caches in largest[:MOST_BRANCHES]
    ]
    heads = (*(["repository"] if several else []), "branch", "caches", "size")
    more = _and_more(len(largest) - len(rows), "branch")
    yield f"<details><summary>{title}</summary>\n\n{_table(heads, rows)}{more}\n\n</details>"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    numbers = {"selected", "deleted", "left", "freed", "loads", "requests", "time", "size", "caches"}
    edges = ["---:" if head in numbers else "---" for head in heads]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heads, edges, *rows))


def _and_more(count: int, noun: str) -> str:
    return f"\n\n… and {many(count, noun)} more." if count > 0 else ""


def _address(url: str) -> str:
    return quote(url, safe=":/?&=%-._~")
