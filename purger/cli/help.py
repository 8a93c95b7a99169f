"""Write the help of a command: usage, what it does, its options by panel, examples; in any width from 20 columns on."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import typer

from purger.cli.console import is_terminal, stdout

WIDEST = 100
_NARROW = 56
"""Below this many columns the help of an option is under its name, not beside it."""
_WIDEST_NAME = 24

Entry = tuple[str, list[str]]
"""A name, and paragraphs about it."""


def help_text(command: Any, context: Any) -> str:
    """Return the help of a command, or of the group of all commands, for the width of the terminal."""
    width = min(max(shutil.get_terminal_size().columns, 20), WIDEST)
    parts = [f"Usage: {usage(command, context)}", *_paragraphs(command.help or "")]
    lines = [_wrapped(part, width) for part in parts]
    for title, entries in _sections(command, context):
        column = min(max(len(name) for name, _ in entries), _WIDEST_NAME)
        lines.append("\n".join([_heading(title), *(_entry(entry, column, width) for entry in entries)]))
    lines += [_wrapped(part, width) for part in _paragraphs(command.epilog or "")]
    return "\n\n".join(lines) + "\n"


def usage(command: Any, context: Any) -> str:
    """Return how a command is called: its name, and its arguments as they are declared."""
    return " ".join([context.command_path, *usage_pieces(command, context)])


def usage_pieces(command: Any, context: Any) -> list[str]:
    """Return what follows the name of a command: options, and arguments with the dots and brackets of their metavar."""
    pieces = ["[OPTIONS]"]
    pieces += [each.metavar for each in command.get_params(context) if each.param_type_name == "argument"]
    return [*pieces, "COMMAND", "[ARGS]..."] if hasattr(command, "commands") else pieces


def _sections(command: Any, context: Any) -> Iterator[tuple[str, list[Entry]]]:
    """Yield the panels with their entries: commands, arguments, options as declared, and those without a panel."""
    if names := getattr(command, "commands", None):
        yield "Commands", [(name, _paragraphs(each.help or "")[:1]) for name, each in names.items() if not each.hidden]
    panels: dict[str, list[Entry]] = {}
    for each in command.get_params(context):
        if not getattr(each, "hidden", False):
            is_argument = each.param_type_name == "argument"
            panel = "Arguments" if is_argument else getattr(each, "rich_help_panel", None) or "Options"
            panels.setdefault(panel, []).append((each.metavar, [each.help]) if is_argument else _option(each))
    order = ["Arguments", *(name for name in panels if name not in {"Arguments", "Options"}), "Options"]
    yield from ((name, panels[name]) for name in order if name in panels)


def _option(option: Any) -> Entry:
    names = ", ".join(sorted(option.opts, key=len))
    takes_value = option.metavar and not option.is_flag and not option.count
    variables = [option.envvar] if isinstance(option.envvar, str) else option.envvar or []
    default = option.show_default if isinstance(option.show_default, str) else option.default
    more = [", ".join(variables)] if variables else []
    if default not in {None, False, ""} and not option.count:
        more.append(f"default: {default}")
    about = [option.help, f"[{'; '.join(more)}]"] if more else [option.help]
    return (f"{names} {option.metavar}" if takes_value else names), about


def _entry(entry: Entry, column: int, width: int) -> str:
    """Return the lines of one entry: its text beside the name, or under one that is too long for that."""
    name, paragraphs = entry
    beside = width >= _NARROW
    indent = " " * (column + 4 if beside else 6)
    text = "\n".join(_wrapped(paragraph, width, indent) for paragraph in _joined(paragraphs, width - len(indent)))
    if beside and len(name) <= column:
        return f"  {name:{column}}  {text.lstrip()}"
    return f"  {name}\n{text}"


def _joined(paragraphs: Sequence[str], width: int) -> Iterable[str]:
    """Return short paragraphs as one, where they fit in a line."""
    one = "  ".join(paragraphs)
    return [one] if len(one) <= width else paragraphs


def _paragraphs(text: str) -> list[str]:
    return [part for part in textwrap.dedent(text).strip().split("\n\n") if part]


def _wrapped(text: str, width: int, indent: str = "") -> str:
    """Wrap a paragraph; one with lines of its own (examples) stays as it is. No word is broken."""
    if "\n  " in text:
        return text
    how = textwrap.TextWrapper(
        width, initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
    return how.fill(" ".join(text.split()) if "  [" not in text else text)


def _heading(title: str) -> str:
    return typer.style(f"{title}:", bold=True) if is_terminal(stdout()) else f"{title}:"
