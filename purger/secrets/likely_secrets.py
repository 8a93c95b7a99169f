"""Blank what is likely a secret in lines that other programs wrote: by its own shape, or by what stands before it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from purger.secrets.redaction import redact, with_whole_secrets
from purger.secrets.spellings import REDACTED

_KEY_TEXT = r"(?=[^\n]*[A-Z])(?=[^\n]*[a-z])[ \t]*+[A-Za-z0-9+/]{64}(?:[A-Za-z0-9+/]{6}){0,2}[ \t]*+"
_OF_KEYS = (
    r"(?s)-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?P<secret>.*?)(?:-----END [A-Z0-9 ]{0,40}-----|\Z)",
    # The beginning was cut off: what is left is key text down to the end, or nothing else.
    r"(?m)(?P<secret>^(?:[ \t]*+[A-Za-z0-9+/=]++[ \t]*+\n)+)(?=[ \t]*+-----END [A-Z0-9 ]{0,40}PRIVATE KEY)",
    rf"(?m)(?P<secret>^{_KEY_TEXT}(?:\n{_KEY_TEXT}){{2,}}(?:\n[ \t]*+[A-Za-z0-9+/]{{1,76}}={{0,2}}$)?)",
)
"""Private keys in PEM, which take several lines."""
_SHAPES = (
    r"gh[pousr]_[A-Za-z0-9]{8,}|github_pat_\w{8,}",
    r"gl(?:pat|ptt|dt|rt|oas|cbt|ft|imt|agent|soat)-[\w\-]{16,}(?:\.[\w.\-]+)?",
    r"xox[a-z]-[\w\-]{8,}|xapp-\d-[\w\-]{8,}",
    r"(?:AKIA|ASIA)[A-Z0-9]{16}",
    r"npm_[A-Za-z0-9]{20,}|pypi-A[\w\-]{16,}|rubygems_[0-9a-f]{32,}|dckr_[a-z]{2,4}_[\w\-]{16,}",
    r"eyJ[\w\-]{6,}\.[\w\-]{6,}(?:\.[\w\-]*)?",
    r"AIza[\w\-]{35}|ya29\.[\w\-]{16,}|[srp]k_(?:live|test)_[A-Za-z0-9]{8,}|SG\.[\w\-]{16,}\.[\w\-]{16,}",
)
"""Tokens that say by their first letters what they are."""
_WORD = (
    r"(?:token|secret|password|passwd|passphrase|"
    r"(?:api|access|private|secret|auth|deploy|encryption|signing|master|account|storage)[_.\-]?key)"
)
_SHORT_WORD = r"(?<=[_\-\"])(?:pass|pwd|auth)"
_NAME = rf"(?P<word>{_WORD}|secrets|passwords|credentials?|{_SHORT_WORD})(?:_?id|_?base)?(?:_?\d{{1,2}})?"
"""What the name of a secret ends with."""
_IN_QUOTES = r"[bru]{0,2}(?P<quote>\\{0,4}[\"'`])(?P<secret>(?:(?!(?P=quote))[^\n])+)"
_BARE = r"(?:[^\s\"'`\\]|\\(?![\"'`nr]))+"
_VALUE = rf"(?:{_IN_QUOTES}|(?P<bare>{_BARE}))"
_SIGN = r"(?P<sign>\\{0,4}[\"'`]?\]?(?:=|[ \t]{0,9}:[ \t]{0,40}|[ \t]{0,9}(?:=>|:=|(?<=[ \t])=)[ \t]{0,40}))"
_IN_QUERY = (
    r"(?:[?&;]|u0026)(?:x-(?:amz|goog)-(?:signature|credential|security-token)|signature|sig|key|"
    rf"awsaccesskeyid|googleaccessid|[\w\-]{{0,40}}?{_WORD})"
)
"""The name of a secret in the query of an address, as of a signed one."""
_USER = r"[^\n]{0,400}?[ \t](?:-u|--user|--proxy-user)[ =]?[\"']?[^\s:\"']+:"
_SCHEME = r"(?:bearer|token|basic|digest|apikey|negotiate)"

_PLAIN = re.compile(
    r"(?:|none|nil|null|undefined|true|false|yes|no|on|off|empty|unset|missing|required|optional|invalid|incorrect|"
    r"wrong|expired|denied|failed|accepted|revoked|rejected|unknown|str|string|text|hidden|secure|masked|redacted|"
    r"removed|filtered|\d{1,2}|not[ _]?(?:set|found|given|provided)"
    rf"|{_SCHEME}|\W+|[x*.\-]+)[\])}}>.,;:!?]*",
    re.IGNORECASE,
)
"""Values that say that nothing is there, or that it was blanked."""
_REFERENCE = re.compile(
    r"\$\{?\w+(?:[:\-][^}]*)?\}?[.,;:!?)]*|\$\$?\(.*|\$\{\{.*|"
    r"\{\{.*|<[^<>]*>?|%\w+%|\[[a-z ]+\]|(?:REDACTED|\[secure\])(?:\W.*)?"
)
_CODE = re.compile(
    r"(?:[\w.]+[(\[].*|(?:[A-Za-z_]\w*(?:\.|::|->))+[A-Za-z_]\w*|[\w.]*(?:token|secret|password|key|auth|credentials))[)\]},;]*",
    re.IGNORECASE,
)
"""An expression of a program, as a traceback shows it: a call, an attribute, a variable of the same name."""
_PROSE = re.compile(
    r"-.*|(?:an?|and|any|are|as|at|be|but|by|can|cannot|does|expects|flag|for|from|has|have|if|in|instead|is|its?|may|"
    r"must|needs|not|of|on|only|options?|or|requires|should|switch|that|the|this|to|was|when|will|with|without|you)[.,:;]?"
)
"""What stands behind an option in a sentence about it."""
_MIXED = re.compile(r"(?=.*[A-Za-z])(?=.*\d)|(?=.*[a-z])(?=[^A-Z]*[^A-Z\W_][A-Z])|.*\w[@#$%^&*!+]+\w")
_LEAST_OF_MIXED = 6
_NARROWEST = 40
"""Columns that a terminal has at least."""


class _Kind(NamedTuple):
    """What stands before a secret, and which of the values behind it are none."""

    pattern: re.Pattern[str]
    is_spared: Callable[[re.Match[str], str], bool] = lambda *_: False


def _is_no_value(_: re.Match[str], value: str) -> bool:
    return bool(_PLAIN.fullmatch(value) or _REFERENCE.fullmatch(value))


def _is_word(found: re.Match[str], value: str) -> bool:
    """Whether a value is a word of a sentence: it has no digit, and nothing else that passwords have."""
    is_mixed = len(value) >= _LEAST_OF_MIXED and _MIXED.match(value)
    return not is_mixed or _is_no_value(found, value)


def _is_sentence(found: re.Match[str], value: str) -> bool:
    return all(_is_word(found, word) for word in value.split())


def _is_prose(found: re.Match[str], value: str) -> bool:
    return bool(_PROSE.fullmatch(value)) or _is_no_value(found, value)


def _is_no_assignment(found: re.Match[str], value: str) -> bool:
    """Whether what stands behind a name is no value of it: `password: incorrect`, `token = get_token()`."""
    if _is_no_value(found, value):
        return True
    sign, word = found["sign"], found["word"]
    is_shell = word.isupper() and sign.endswith("=")
    if not is_shell and found["secret"] is None and _CODE.fullmatch(value):
        return True
    if word.lower() == "pwd" and value.startswith(("/", "~", ".")):
        return True
    is_loose = sign != "=" and not word.isupper() and found["secret"] is None
    return (is_loose or word.lower() == "auth") and _is_word(found, value)


def _is_user_id(found: re.Match[str], value: str) -> bool:
    return value.isdecimal() or _is_no_value(found, value)


_KINDS = (
    *(_Kind(re.compile(pattern)) for pattern in _OF_KEYS),
    _Kind(re.compile(rf"(?<![A-Za-z0-9])(?P<secret>{'|'.join(_SHAPES)})")),
    _Kind(re.compile(r"(?<=hooks\.slack\.com/services/)(?P<secret>[\w/]+)")),
    _Kind(re.compile(rf"(?i)authorization{_SIGN}[\"'`]?{_SCHEME}[ \t]+(?P<bare>{_BARE})"), _is_no_value),
    _Kind(re.compile(rf"(?i)authorization{_SIGN}[\"'`]?(?P<bare>[^\s\"'`\\][^\n\"'`\\]*+)"), _is_sentence),
    _Kind(re.compile(rf"(?i)\bcookie{_SIGN}(?P<secret>[\w.\-]+=[^\n\"'`]*+)")),
    _Kind(re.compile(rf"(?i)\bbearer[ \t]+(?P<bare>{_BARE})"), _is_word),
    _Kind(re.compile(rf"(?i){_IN_QUERY}=(?P<secret>[^\s&\"'`<>\\#;,]++)"), _is_no_value),
    _Kind(re.compile(rf"(?i)(?<![\w\-])--?[\w.\-]{{0,60}}?{_WORD}[ \t]+{_VALUE}"), _is_prose),
    _Kind(re.compile(rf"(?i)\blogin[ \t]+\S+[ \t]+password[ \t]+{_VALUE}"), _is_no_value),
    _Kind(re.compile(rf"\b(?:curl|wget)\b{_USER}(?P<secret>[^\s\"']++)"), _is_user_id),
    _Kind(re.compile(rf"\b(?:login|sshpass|twine|mysql\w*)\b[^\n]{{0,400}}?[ \t]-p[ \t]*{_VALUE}"), _is_no_value),
    _Kind(re.compile(rf"(?i){_NAME}{_SIGN}{_VALUE}"), _is_no_assignment),
)
"""What is blanked, in this order: what one kind has blanked is no value for the next."""


def shown_lines(lines: Iterable[str]) -> list[str]:
    """Return lines of another program's output as they may be repeated: REDACTED stands for what is likely a secret.

    The words around it stay. The lines of a private key become one, and so do those over which a terminal wrapped a
    secret. This is a help and no proof: a secret may look like any other word.
    """
    text = "\n".join(_unwrapped([redact(line) for line in with_whole_secrets(list(lines))]))
    for kind in _KINDS:
        text = _blanked(text, kind)
    return text.split("\n") if text else []


def _unwrapped(lines: Sequence[str]) -> list[str]:
    """Return the lines; one that may be as wide as the terminal is joined to the next where a secret goes on there."""
    width = max(map(len, lines), default=0)
    whole: list[str] = []
    for before, line in pairwise(["", *lines]):
        if len(before) == width >= _NARROWEST and _is_on_both_sides(whole[-1], line):
            whole[-1] += line
        else:
            whole.append(line)
    return whole


def _is_on_both_sides(line: str, after: str) -> bool:
    spans = (span for kind in _KINDS for span in _secrets_in(line + after, kind))
    return any(start < len(line) < end for start, end in spans)


def _blanked(text: str, kind: _Kind) -> str:
    parts, shown = [], 0
    for start, end in _secrets_in(text, kind):
        parts += [text[shown:start], REDACTED]
        shown = end
    return "".join([*parts, text[shown:]])


def _secrets_in(text: str, kind: _Kind) -> Iterator[tuple[int, int]]:
    at = 0
    while found := kind.pattern.search(text, at):
        start, at = found.span(found.lastgroup or 0)
        if kind.is_spared(found, text[start:at]):
            at = start  # it may hold another name with its value
        else:
            yield start, at
