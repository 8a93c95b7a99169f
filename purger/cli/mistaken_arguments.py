"""Notice mistakes in a command's arguments that its parser would take for something else, and so lose a filter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Sequence
from itertools import pairwise
from typing import Any

from purger.cli.options import TargetOptions
from purger.core.errors import InputError
from purger.core.filters import Filters
from purger.core.options import declared
from purger.core.policies import Policies
from purger.core.shown_address import shown_address
from purger.core.text import visible

_LONGEST_WORD = 40
_SELECTING = frozenset(field.name for settings in (Filters, Policies, TargetOptions) for field, _ in declared(settings))


def option_as_a_value(parameters: Iterable[Any], args: Sequence[str]) -> InputError | None:
    """Return an error where the word behind an option that needs a value is an option itself, or written like one.

    The value was forgotten, or came of a shell's variable that is empty: the second option would be lost.
    """
    options = [one for one in parameters if one.param_type_name == "option"]
    names = {name for one in options for name in (*one.opts, *one.secondary_opts)}
    long_names = {name: one.opts[0] for one in options if not (one.is_flag or one.count) for name in one.opts}
    for before, word in pairwise(args):
        if before == "--":
            break
        name = long_names.get(_last_option(before, long_names))
        if name and (word.startswith("--") or word[:2] in names):
            shown = visible(shown_address(word.partition("=")[0]), _LONGEST_WORD)
            return InputError(
                f"{name} has no value: {shown} follows it",
                remedy=f"Give it a value; one that begins with a hyphen is written {name}=VALUE.",
            )
    return None


def _last_option(word: str, with_value: Container[str]) -> str:
    """Return the option of which the next word is the value, if it needs one: `-b` of `-b`, and also of `-yb`."""
    if word.startswith("--") or not word.startswith("-"):
        return word
    letters = [f"-{letter}" for letter in word[1:]]
    return letters[-1] if letters and not any(one in with_value for one in letters[:-1]) else ""


def given_twice(order: Iterable[Any]) -> InputError | None:
    """Return an error where a filter, policy or list is given twice: only the last value would count."""
    counts = Counter(one.name for one in order if one.name in _SELECTING and not (one.multiple or one.is_flag))
    twice = next((name for name, count in counts.items() if count > 1), None)
    if twice is None:
        return None
    name = next(one.opts[0] for one in order if one.name == twice)
    return InputError(f"{name} is given twice", remedy="Give it once: nobody knows which of the values is meant.")
