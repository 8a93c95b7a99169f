"""Tell what a value of `--branch` or `--exclude` means, a branch's full name or a glob, and refuse what is neither."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase, translate

from purger.core.errors import InputError
from purger.core.text import visible

_GLOB = re.compile(r"[*?[]")
_CLASS = re.compile(r"\[(!?+\]?+[^\]]*)\]")
"""Characters in brackets as fnmatch reads them: a first `]` is one of them and closes nothing, as in `[]a]`."""
_NOT_IN_A_NAME = re.compile(
    r"[\x00-\x20\x7f~^:\\\[]|\.\.|@\{|//|(?:\A|/)\.|\.lock(?:/|\Z)|\A[-/]|[/.]\Z|\A@\Z", re.ASCII
)
"""What git allows in no branch's name."""
_NOT_REPLACED = re.compile(r"\$[\w{(]|\{\{|\}\}|%\w+%")
"""What a shell, a template or a batch file would have replaced."""
_ANY_FOLDERS = re.compile(r"//(?:\*\*//)+")
_ANY_FOLDERS_FIRST = re.compile(r"\A(?:\*\*/)+")


def is_glob(name: str) -> bool:
    """Return whether a `--branch` value is a pattern. Git does not allow these characters in branch names."""
    return _GLOB.search(name) is not None


def matches(branch: str, pattern: str) -> bool:
    """Whether a full name is meant by a `--branch` value.

    A glob matches the displayed name, the last part. Only one with a slash matches the full name, too: the full names
    of some caches are not known, and of one branch all caches are selected or none.
    """
    if not is_glob(pattern):
        return branch == pattern
    return fnmatchcase(branch.rpartition("/")[2], pattern) or ("/" in pattern and fnmatchcase(branch, pattern))


def excludes(branch: str, pattern: str) -> bool:
    """Whether a full name is meant by an `--exclude` value: any glob matches the full name, too.

    A `**/` means any folders or none, as in lists of files to ignore and in workflows.
    """
    if matches(branch, pattern):
        return True
    # With two slashes for each, one ends the folder before it, and the other one begins the next.
    name, folders = (f"/{each}".replace("/", "//") for each in (branch, pattern))
    is_in_folders = fnmatchcase(name, _ANY_FOLDERS.sub("/*/", folders))
    return is_glob(pattern) and (fnmatchcase(branch, pattern) or is_in_folders)


def covers(exclude: tuple[str, ...], name: str) -> bool:
    """Whether all that a `--branch` value means is excluded, as far as that is plain."""
    before = _GLOB.split(name)[0]
    return any(
        pattern == name
        or (set(pattern) <= {"*", "?"} and "*" in pattern and pattern.count("?") < 2)
        or (not is_glob(name) and excludes(name, pattern))
        # All that begins so is excluded, in full names and in displayed ones.
        or (pattern.endswith("*") and before.startswith(pattern[:-1]))
        for pattern in (_ANY_FOLDERS_FIRST.sub("", each) for each in exclude)
    )


def check_name(option: str, name: str) -> None:
    """Raise InputError for what is no branch's name or pattern: it would match nothing, and exclude nothing."""
    check_text(option, name)
    if name.startswith("refs/"):
        raise InputError(
            f"{option} {visible(name)} is a reference, and no branch's name",
            remedy="Write the name as the site has it: main, not refs/heads/main; PR.7 for pull request 7.",
        )
    if _NOT_REPLACED.search(name):
        raise InputError(
            f"{option} {visible(name)} holds a variable that nothing replaced",
            remedy="Write the name itself, or let your shell replace it; a ? instead of the odd character matches it.",
        )
    single = [match[1].removeprefix("!") for match in _CLASS.finditer(name)]
    if any(one.startswith("^") or set(one) & set(",;\"' [") for one in single):
        raise InputError(
            f"{option} {visible(name)} holds more than single characters in its brackets",
            remedy=f"Give {option} once for each name; [abc] is one of these characters, [!abc] is any other one.",
        )
    # The translation of characters of which there are none (`[z-a]`) is an expression that nothing matches.
    if _NOT_IN_A_NAME.search(_CLASS.sub("x", name)) or "(?!)" in translate(name):
        raise InputError(
            f"{option} {visible(name)} can't be a branch's name",
            remedy=f"Give {option} once for each name. Git allows no blank, ~ ^ : \\ or .. in one, no - or / at its "
            "start, and no / or full stop at its end; a ? matches any character.",
        )


def check_text(option: str, given: str) -> None:
    """Raise InputError for a text that is in no name."""
    if given == "":
        raise InputError(f"{option} is empty", remedy=f"Leave {option} out to select everything.")
    if "\0" in given or not _is_utf8(given):
        raise InputError(
            f"{option} contains a NUL or bytes that are not text", remedy="No branch or cache has such a name."
        )


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
