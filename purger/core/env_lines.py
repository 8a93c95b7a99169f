"""Read the lines of a `.env` file: purger's are understood exactly or refused by name, others are passed over."""

from __future__ import annotations

import difflib
import io
import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from dotenv.parser import Binding, parse_stream

from purger.core.errors import InputError
from purger.core.filters import Filters
from purger.core.options import declared
from purger.core.policies import Policies
from purger.core.text import decoded, likely_meant

OF_TRAVIS = frozenset({"TRAVIS_TOKEN", "TRAVIS_ENDPOINT", "TRAVIS_CONFIG_PATH", "TRAVIS_REPO_SLUG"})
"""The variables of other Travis tools that purger reads too. Other `TRAVIS_…` lines are not purger's."""
_PINS = frozenset({"PURGER_VERSION", "PURGER_IMAGE", "PURGER_TAG"})
"""What pins the purger that is installed, or run as a container: `pip install purger==$PURGER_VERSION`."""
_PREFIXES = frozenset({"EXPORT", "SET", "SETX", "SETENV", "ENV", "DECLARE", "TYPESET", "LOCAL", "READONLY", "X", "LET"})
_SETTING_INSIDE = re.compile(r"(?<!\w)PURGER_\w+\s*[:?+]?=", re.IGNORECASE)
_ANOTHER_OF_OURS = re.compile(
    r"(?<!\w)(?:PURGER_\w+|TRAVIS_(?:TOKEN|ENDPOINT|CONFIG_PATH|REPO_SLUG))\s*[:=]", re.IGNORECASE
)
_ANOTHER_ASSIGNMENT = re.compile(r"\s[A-Za-z_]\w*\+?=")
"""What a shell takes for one more variable: not at the start of a value, where a token may end with `==`."""
_NAMED_INSIDE = re.compile(r"(?<!\w)PURGER_\w+")
_QUOTED_INSIDE = re.compile(r"(?<=[\[(][\"'])PURGER_\w+")
"""A name as programs write it: `os.environ["PURGER_BRANCH"] = …`."""
_GIVEN_AS_A_NAME = re.compile(
    r"(?<![\w${])(?i:name|key|variable|env)[\"']?\s*[:=]\s*[\"'\\]?"
    r"(PURGER_[A-Z_]+|TRAVIS_(?:TOKEN|ENDPOINT|CONFIG_PATH|REPO_SLUG)\b)"
)
"""A name in a place of its own, as in lists of Kubernetes (`- name: PURGER_BRANCH`), in JSON, XML and PowerShell.

In small letters it may well be the name of something else: `NAME=purger_test`.
"""
_A_WORD_ALONE = re.compile(r"-\s.*|(?!(?:fi|done)\Z)(?=.*[a-z])[^\s=:]+")
"""An item of a list, or a word that is no variable's name, which would pass on another one's value."""
_SETS_NOTHING = re.compile(r"\s*(?:unset|echo|printf|if|elif|while|test|source|eval|\[|\.\s|\w+\s+-)", re.IGNORECASE)
_SETS_SOMETHING = re.compile(r"\w\s*[=:]\s*[^=\s]")
_OURS = re.compile(r"PURGER|TRAVIS", re.IGNORECASE)
_OF_A_SHELL = re.compile(r"\$[A-Za-z_{(]|`|\\$|^<<|^\(|^[\u201c-\u201f\u2018-\u201b\u00ab\u2039]")
"""What a shell replaces or joins, and quotes that are none: taken as they are they would select other caches."""
_OF_SELECTING = frozenset(
    name for settings in (Filters, Policies) for _, option in declared(settings) for name in option.variables
)
"""The variables of which a lost or misread one selects what nobody meant."""
NARROWING = _OF_SELECTING | {"PURGER_DRY_RUN", "PURGER_FROM_FILE", "PURGER_RESUME", "PURGER_SHARD"}
"""The variables without which a purge deletes more."""
_NARROWING_BY_REST = {name.removeprefix("PURGER_").replace("_", ""): name for name in sorted(NARROWING)}
_UNQUOTED = re.compile(r"[\\;&|<>\"']|^=")
"""What a shell would take for something else, in a value that has no quotes around it."""
_MISSPELT = 0.8
"""How alike the first words of two names are, at least, where one is the other misspelt (difflib's ratio)."""
_REST_MISSPELT = 0.82
"""The same of what follows: `BRANCHES` and `BRANCH`, but neither `BATCH` and `MATCH` nor `OLDER_THAN_DAYS`."""
_A_VARIABLE = re.compile(r"\$\{")
_HOLDING_SECRETS = frozenset({"TRAVIS_TOKEN", "PURGER_PROXY", "PURGER_CONNECT"})
"""A secret may hold nearly anything."""
_COMMENT_AT_END = re.compile(r"\s#.*")
_REMEDY = "Write each line as NAME=VALUE, or remove it."
_HIDES_LINES = re.compile(
    r"\A\s*(?:\$ANSIBLE_VAULT;|age-encryption\.org/|-----BEGIN (?:AGE|PGP) |U2FsdGVkX1|version https://git-lfs\."
    r"|\{\s*\"data\": ?\"ENC\[)|[\x00-\x08\x0e-\x19\x7f]"
)
"""How a file begins that Ansible, age, GnuPG, OpenSSL or SOPS encrypted, or that Git LFS put in the place of another.

What git-crypt makes, and any other such file, holds what no text does.
"""


def settings_in(content: bytes, known: Collection[str]) -> dict[str, str]:
    """Return the variables that a `.env` file sets, of those that are `known` or of Travis.

    Raises InputError for a line that looks like one of these and is not understood. The error never repeats a value.
    """
    try:
        # An editor may add a mark before one that is there already.
        text = decoded(content, errors="surrogateescape").lstrip("\ufeff")
    except UnicodeDecodeError:
        raise InputError(".env can't be read: its text is cut or broken", remedy="Save the file as UTF-8.") from None
    if len(_OURS.findall(text.replace("\0", ""))) > len(_OURS.findall(text)):
        raise InputError(
            ".env can't be read: a line of purger's holds zero bytes, as UTF-16 does", remedy="Save the file as UTF-8."
        )
    _refuse_misspelt(text)
    found: dict[str, str] = {}
    understood = 0
    for binding in parse_stream(io.StringIO(text)):
        ours = list(_lines_of_ours(binding, known))
        for line in ours:
            value = _value(binding, line, known, is_alone=len(ours) == 1)
            if found.setdefault(line.name, value) != value:
                raise line.refused("is set a second time, to another value", "Remove one of the two lines.")
            understood += 1
    if understood != sum(name_meant(line) is not None for line in text.splitlines()):
        raise InputError(".env can't be read: a line of purger's is not understood", remedy=_REMEDY)
    _refuse_continued(text)
    return found


def hides_lines(content: bytes) -> bool:
    """Return whether a file is encrypted, no text at all, or a pointer to one: its lines can't be read."""
    return _HIDES_LINES.search(decoded(content, errors="surrogateescape")) is not None


def narrowing_meant(line: str) -> str | None:
    """Return the variable that a line nearly names, of those that narrow a purge: both parts may be misspelt.

    What does not matter to `name_meant` does not matter here, either.
    """
    bare = _bare(line)
    start, separator = _start(bare)
    tokens = start.split()
    while tokens and (tokens[0].upper() in _PREFIXES or tokens[0].startswith("-")):
        tokens.pop(0)
    # Without a separator the second word is the value, as in `setx PURGE_BRANCH main`.
    written = (" ".join(tokens), *tokens[-1:]) if separator else tokens[:1]
    is_comment = bare.startswith("#")
    return next(filter(None, map(_narrowing_like, written)), None) if not is_comment else None


def _narrowing_like(name: str) -> str | None:
    """Return the variable of those that narrow a purge that a name, however it is written, is nearly."""
    head, *others = re.findall(r"[^\W_]+", name.upper()) or [""]
    rest = "".join(others)
    if head.startswith("PURGER"):
        head, rest = "PURGER", head.removeprefix("PURGER") + rest
    if not difflib.get_close_matches(head, ["PURGER"], cutoff=_MISSPELT):
        return None
    similar = difflib.get_close_matches(rest, _NARROWING_BY_REST, cutoff=_REST_MISSPELT)
    return _NARROWING_BY_REST[similar[0]] if similar else None


def meant_by_environment(name: str) -> str | None:
    """Return what the name of a variable of the environment means: `PURGER_…`, or nearly what narrows a purge."""
    line = f"{name}="
    is_ours = re.match(r"\W*PURGER[\W_]", _bare(name), re.IGNORECASE)
    return (name_meant(line) if is_ours else None) or narrowing_meant(line)


def _refuse_misspelt(text: str) -> None:
    """Raise InputError for a line that nearly sets what narrows a purge: `PURGE_BRANCH`."""
    for number, line in enumerate(text.splitlines(), 1):
        meant = narrowing_meant(line)
        if meant is not None and name_meant(line) is None:
            raise InputError(
                f".env can't be read: line {number} is no variable of purger's, and nearly {meant}",
                remedy="Correct the name, or remove the line: a filter that is lost would select everything.",
            )


def _refuse_continued(text: str) -> None:
    """Raise InputError for a line below a filter that may hold more of its values: it would be lost."""
    filter_above, indent_above = None, 0
    for number, line in enumerate(text.splitlines(), 1):
        bare, indent = _bare(line), len(line) - len(line.lstrip())
        if not bare or bare.startswith("#"):
            continue
        is_indented = indent > indent_above and not re.search(r"[=:]", bare)
        if filter_above and (is_indented or _A_WORD_ALONE.fullmatch(bare)):
            raise InputError(
                f".env can't be read: line {number} sets nothing, and may be more of {filter_above} above",
                remedy=f"Write all values on the line of {filter_above}, separated by spaces, or remove line {number}.",
            )
        name = name_meant(line)
        filter_above, indent_above = (name if name in _OF_SELECTING else None), indent


def name_meant(line: str) -> str | None:
    """Return the variable that a line seems to be about: `PURGER_…`, or one of Travis's; None for other lines.

    Case, blanks, invisible characters, punctuation and words such as `export` before the name do not matter. Variables
    that pin purger's version count as other lines.
    """
    bare = _bare(line)
    if bare.startswith("#"):
        return None
    start, separator = _start(bare)
    words = re.findall(r"[A-Z0-9]+", start.upper())
    while words and words[0] in _PREFIXES:
        words.pop(0)
    if words and words[0].startswith("PURGER") and "_".join(words) not in _PINS:
        return "_".join(words)
    for name in OF_TRAVIS:
        parts = name.split("_")
        is_first_word = re.search(rf"(?<!\w){name}(?=\s|$)", start) is not None
        if "".join(words) == "".join(parts) or (words[: len(parts)] == parts and (not separator or is_first_word)):
            return name
    # A line that sets nothing may unset a filter, or test it.
    pattern = _NAMED_INSIDE if not separator and _SETS_NOTHING.match(bare) else _SETTING_INSIDE
    text = _COMMENT_AT_END.sub("", bare)
    found = (one for each in (pattern, _QUOTED_INSIDE, _GIVEN_AS_A_NAME) for one in each.finditer(text))
    inside = (one.group(one.lastindex or 0).rstrip("=:?+ ").upper() for one in found)
    return next((name for name in inside if name not in _PINS), None)


def _bare(line: str) -> str:
    """Return a line as it looks: without invisible characters, and with plain blanks and letters."""
    plain = "".join(" " if each.isspace() else each for each in unicodedata.normalize("NFKC", line))
    return "".join(each for each in plain if each.isprintable()).strip()


def _start(bare: str) -> tuple[str, str]:
    """Return what stands before a line's first `=` or `:`, and a separator if there is one."""
    start, separator, _ = re.sub(r"[=:]", "=", _without_prefix(bare)).partition("=")
    return start, separator


def _without_prefix(line: str) -> str:
    """Return a line without PowerShell's `$env:`, whose colon does not end a name."""
    return re.sub(r"^\W*env:", "", line, flags=re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Line:
    """A line that seems to set a variable of purger's: its number, its text, and the variable."""

    number: int
    text: str
    name: str

    def refused(self, why: str, remedy: str | None = None) -> InputError:
        """Return the error for this line, which never repeats its value."""
        shown = self.name[:60]
        return InputError(
            f".env can't be read: line {self.number} ({shown}) {why}",
            remedy=remedy or f"Write the line as {shown}=VALUE, or remove it.",
        )

    def why_no_setting(self, binding: Binding) -> str:
        """Return what is wrong with a line that is not `NAME=VALUE`, as far as that shows."""
        start, separator, _ = self.text.partition("=")
        written = re.sub(r"^export\s+", "", start.strip()).strip("'\" \t")
        if binding.key is None and not binding.error:
            return "is part of another line"
        if binding.key is not None and name_meant(f"{binding.key}=") is None:
            return "is part of the value of another variable"
        if not separator and _SETS_NOTHING.match(self.text):
            return "sets no value"
        if not separator or re.match(rf"{re.escape(self.name)}\s", written, re.IGNORECASE):
            return "has no = between its name and its value"
        if written == self.name:
            return "has a quote that does not end, or text behind one"
        if written.upper() == self.name:
            return "has its name in small letters"
        return "does not begin with its name" if written.upper().endswith(self.name) else "has its name misspelled"


def _lines_of_ours(binding: Binding, known: Collection[str]) -> Iterator[_Line]:
    """Yield the lines of a binding that seem to set a variable of purger's."""
    start = binding.original.line
    for number, text in enumerate(binding.original.string.splitlines(), start):
        if (name := name_meant(text)) is not None:
            yield _Line(number, text, _without_value(text, name, known))


def _without_value(text: str, name: str, known: Collection[str]) -> str:
    """Return the variable that a line is about, without what follows its name: that may be a secret."""
    begun = [one for one in {*known, *OF_TRAVIS} if f"{name}_".startswith(f"{one}_")]
    if begun:
        return max(begun, key=len)
    words = text.split()
    at = next((at for at, word in enumerate(words) if name_meant(word) is not None), 0)
    meant = name_meant(re.split(r"(?<=\w)\W", _without_prefix(words[at]))[0])
    if meant is None:
        return "PURGER_?"
    if _SETS_SOMETHING.search(text):
        return meant
    return "_".join(meant.split("_")[:2]) if len(words) > at + 1 or meant.count("_") > 1 else "PURGER_?"


def _value(binding: Binding, line: _Line, known: Collection[str], *, is_alone: bool) -> str:
    """Return the value of a binding that is one line of purger's. Raises InputError for any other.

    `is_alone` means that no other line of the binding is purger's.
    """
    name = line.name
    if name not in OF_TRAVIS and name not in known:
        remedy = f"{likely_meant(name, [*OF_TRAVIS, *known])}Correct the name, or remove the line."
        raise line.refused("is not a variable of purger's", remedy)
    if binding.error or binding.value is None or binding.key != name:
        raise line.refused(line.why_no_setting(binding))
    lines = binding.original.string.splitlines()
    settings = _SETTING_INSIDE.findall("\n".join(_COMMENT_AT_END.sub("", each) for each in lines))
    if not is_alone or len(settings) > 1:
        raise line.refused("holds another setting", "Write one setting a line.")
    is_bare = line.text.partition("=")[2].lstrip()[:1] not in {"'", '"'}
    if is_bare and (_ANOTHER_OF_OURS.search(binding.value) or _ANOTHER_ASSIGNMENT.search(binding.value)):
        raise line.refused("holds another setting", "Write one setting a line, or the value in single quotes.")
    if not binding.value.isprintable():
        raise line.refused("holds a character that can't be shown, or a line end", "Write it on one line, without.")
    is_quoted = line.text.partition("=")[2].lstrip().startswith("'")
    if not is_quoted and (_A_VARIABLE if name in _HOLDING_SECRETS else _OF_A_SHELL).search(binding.value):
        why = "holds what a shell would replace, and purger does not"
        raise line.refused(why, "Write the value itself, in single quotes if it is meant so.")
    if is_bare and name in _OF_SELECTING and _UNQUOTED.search(binding.value):
        raise line.refused("holds what a shell would take for something else", "Write the value in single quotes.")
    return binding.value
