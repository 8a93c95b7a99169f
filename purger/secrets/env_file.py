"""Read `.env` in the current folder, decide what may come from it, and set that in the environment."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from purger.core.env_lines import hides_lines, settings_in
from purger.core.errors import InputError
from purger.core.options import is_on
from purger.core.text import system_words
from purger.secrets import redaction
from purger.secrets.child_environment import TOKEN_VARIABLE
from purger.secrets.files import read_whole

ENV_FILE = Path(".env")
LARGEST_BYTES = 1_000_000
BROWSER_VARIABLE = "PURGER_BROWSER"
SESSION_FILE_VARIABLE = "PURGER_SESSION_FILE"
BROWSERS = frozenset({"chrome", "msedge", "chromium"})
WHERE_A_TOKEN_GOES = frozenset(
    {
        "PURGER_URL",
        "PURGER_API_URL",
        "PURGER_CONNECT",
        "PURGER_PROXY",
        "PURGER_CA_FILE",
        SESSION_FILE_VARIABLE,
        "PURGER_ALLOW_THIRD_PARTY",
        "PURGER_PRINT_TOKEN",
        "TRAVIS_ENDPOINT",
        "TRAVIS_CONFIG_PATH",
    }
)
HOW_EVERY_HOST_IS_REACHED = frozenset({"PURGER_PROXY", "PURGER_CA_FILE"})
WHERE_FILES_ARE_WRITTEN = frozenset({"PURGER_ARTIFACTS"})
CONSENT_VARIABLE = "PURGER_YES"
"""Without it a person sees the repository, which the file may name as well, before anything is deleted."""


class UnreadableError(InputError):
    """`.env` exists, or may exist, and can't be read."""


@dataclass(frozen=True, slots=True)
class EnvFile:
    """What `.env` sets, and which of it is in effect: what neither the environment nor an option overrides.

    `fault` says why a file that exists, or may exist, can't be read.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    taken: frozenset[str] = frozenset()
    fault: UnreadableError | None = None


_current = [EnvFile()]


def current() -> EnvFile:
    """Return what the last `load` of this process found."""
    return _current[0]


@contextmanager
def named_in_errors(variables: Iterable[str]) -> Iterator[None]:
    """Let an error about one of these variables say that it is from the file: nobody finds it in the environment."""
    try:
        yield
    except InputError as error:
        if not error.where and any(name in error.what for name in current().taken.intersection(variables)):
            error.where = str(ENV_FILE)
        raise


def load(
    known: Collection[str],
    environ: MutableMapping[str, str],
    overridden: Collection[str],
    *,
    signs_in: bool = False,
    signs_out: bool = False,
) -> None:
    """Set what `.env` says in `environ`, where neither that nor an option has it already (`overridden`).

    With `signs_in` the token comes from a manual sign-in, and never from the file. With `signs_out` no token is used,
    and a session is removed: not in a file that `.env` names. Raises InputError, and then sets nothing.
    """
    _current[0] = EnvFile()
    try:
        content = read()
        values = _settings_of(content or b"", known)
    except UnreadableError as error:
        _current[0] = EnvFile(fault=error)
        raise
    if content is None:
        return
    redaction.remember(values.get(TOKEN_VARIABLE, "").strip())
    used = {name: text for name, text in values.items() if name not in environ and name not in overridden}
    refuse_what_a_file_may_not_decide(used, has_token=bool(used.get(TOKEN_VARIABLE, "").strip()) and not signs_in)
    if signs_out and used.get(SESSION_FILE_VARIABLE, "").strip():
        raise InputError(
            f"{SESSION_FILE_VARIABLE} in .env decides in which file a session is removed",
            remedy=f"Set {SESSION_FILE_VARIABLE} in the environment or give --session-file; or remove the line.",
        )
    environ.update(used)
    _current[0] = EnvFile(values, frozenset(used))


def _settings_of(content: bytes, known: Collection[str]) -> dict[str, str]:
    """Return what the content sets. Raises InputError, and UnreadableError where it hides what may be a filter."""
    values = settings_in(content, known)
    if not values and hides_lines(content):
        raise UnreadableError(
            ".env can't be read: it is encrypted, or no text", remedy="Decrypt it, or run purger in another folder."
        )
    return values


def read() -> bytes | None:
    """Return the content of `.env`, which may be a pipe, or None if there is none. Raises UnreadableError."""
    try:
        content = read_whole(ENV_FILE, LARGEST_BYTES + 1)
    except IsADirectoryError:
        return None
    except (FileNotFoundError, NotADirectoryError):
        if not ENV_FILE.is_symlink():
            return None
        # Where a secret is mounted later, a filter could be in it.
        raise UnreadableError(
            ".env can't be read: it is a link to a file that does not exist",
            remedy="Make its target available, remove the link, or run purger in another folder.",
        ) from None
    except OSError as error:
        raise UnreadableError(
            f".env can't be read: {system_words(error) or 'unknown error'}",
            remedy="Make the file and its folder readable, or run purger in another folder.",
        ) from None
    if len(content) > LARGEST_BYTES:
        raise UnreadableError(".env can't be read: it is too large", remedy="Run purger in another folder.")
    return content


def refuse_what_a_file_may_not_decide(used: Mapping[str, str], *, has_token: bool) -> None:
    """Raise InputError for a value that starts a program.

    With a token that is not the file's own, also for one that sends it elsewhere, or deletes with it unasked.
    """
    if used.get(BROWSER_VARIABLE, "").strip() not in {"", *BROWSERS}:
        raise InputError(
            f"{BROWSER_VARIABLE} in .env names a program, and a file of a folder may not start one",
            remedy=f"Name it in the environment or with --browser; .env may say {', '.join(sorted(BROWSERS))}.",
        )
    if has_token:
        return
    decided = dict.fromkeys(WHERE_A_TOKEN_GOES, "where a token goes")
    decided |= dict.fromkeys(WHERE_FILES_ARE_WRITTEN, "where files are written")
    if is_on(used.get(CONSENT_VARIABLE, "")):
        decided[CONSENT_VARIABLE] = "that nothing is asked before deleting"
    for name, what in sorted(decided.items()):
        if used.get(name, "").strip():
            raise InputError(
                f"{name} in .env decides {what}, but the token is not from .env",
                remedy=f"Set {name} in the environment or give its option if you trust the value; or put "
                f"{TOKEN_VARIABLE} in the same .env; or remove the line.",
            )


def refuse_to_decide_about(secret: str, variable: str) -> None:
    """Raise InputError where `.env` decides how every host is reached, and this secret is not from it, too.

    `secret` is what holds it, for the message, and `variable` may set it. A token of Travis in the file is its own.
    """
    file = current()
    if variable in file.taken:
        return
    for name in sorted(file.taken & HOW_EVERY_HOST_IS_REACHED):
        if file.values[name].strip():
            raise InputError(
                f"{name} in .env decides where {secret} goes, which is not from .env",
                remedy=f"Set {name} in the environment or give its option if you trust it; or leave {secret} out.",
            )


def remember_token(known: Collection[str]) -> None:
    """Let the token in `.env` be cut out of all that is shown. Nothing is set, and no fault of the file raised."""
    try:
        redaction.remember(settings_in(read() or b"", known).get(TOKEN_VARIABLE, "").strip())
    except InputError:
        return
