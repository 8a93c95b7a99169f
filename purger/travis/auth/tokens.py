"""Find the token for a site: in the environment, in the travis command line's file, or in a saved session."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from purger.core.errors import AccessError, InputError
from purger.core.hosts import origin_of
from purger.core.text import sentence_of
from purger.secrets import env_file
from purger.secrets.child_environment import TOKEN_VARIABLE
from purger.secrets.token import Token
from purger.travis.addresses import DEFAULT_URL, Site
from purger.travis.auth.sessions import OutOfReachError, Sessions, read_private, warning_if_public

_TRAVIS_FOLDER_VARIABLE = "TRAVIS_CONFIG_PATH"


@dataclass(frozen=True, slots=True)
class FoundToken:
    """A token and its source.

    `source` describes the source for the user; `file` is None for the environment. `warnings` are sentences about
    files that others can read.
    """

    token: Token
    source: str
    file: Path | None = None
    warnings: tuple[str, ...] = ()


def find_token(site: Site, session_file: Path | None = None, *, is_ci: bool = False) -> FoundToken:
    """Return the token for this site: from `TRAVIS_TOKEN`, the travis command line, or a saved session.

    The token is removed from the environment, so that child processes don't get it. Raises AccessError if there is no
    token, with a remedy for a CI if `is_ci`, InputError for one that can't be sent and for a file that can't be read.
    """
    empty = TOKEN_VARIABLE in os.environ and not os.environ[TOKEN_VARIABLE].strip()
    out_of_reach: list[OutOfReachError] = []
    if found := first_token(site, out_of_reach):
        return found
    sessions = Sessions(session_file)
    try:
        session = sessions.find(site)
    except OutOfReachError as error:
        if not sessions.is_default:
            raise
        session = None
        out_of_reach.append(error)
    if session:
        source = f"{_short(sessions.path)}, the session that `purger login` saved"
        ignored = tuple(f"{sentence_of(str(error))} It is ignored." for error in out_of_reach)
        return FoundToken(session.token, source, sessions.path, (*_warnings(sessions.path), *ignored))
    where = " in .env" if TOKEN_VARIABLE in env_file.current().taken else ""
    what = f"{TOKEN_VARIABLE}{where} is empty" if empty else "there is no token"
    nothing = [f"{_TRAVIS_FOLDER_VARIABLE} names no folder with a config.yml"] if _names_nothing() else []
    what = "; ".join([what, *nothing, *(str(error) for error in out_of_reach)])
    remedy = _for_ci(site) if is_ci else _how_to_sign_in(site, sessions)
    raise AccessError(f"not signed in to {site.url}: {what}", remedy=remedy)


def first_token(site: Site, out_of_reach: list[OutOfReachError] | None = None) -> FoundToken | None:
    """Return the token that takes precedence over saved sessions, or None. Raises InputError as `find_token` does.

    A file in a HOME where this user can't look is as none; the error is added to `out_of_reach`.
    """
    try:
        return _from_environment() or _from_travis_command_line(site)
    except OutOfReachError as error:
        if os.environ.get(_TRAVIS_FOLDER_VARIABLE):  # somebody named it
            raise
        if out_of_reach is not None:
            out_of_reach.append(error)
        return None


def _how_to_sign_in(site: Site, sessions: Sessions) -> str:
    """Describe the three ways to sign in, the easiest one first."""
    travis = "--pro" if site.url == DEFAULT_URL else f"-e {site.api_url}"
    return (
        f"1. `{sessions.command('login', site)}` opens a browser where you sign in.\n"
        f"2. Copy an API token from {site.url}/account/preferences and set it: export {TOKEN_VARIABLE}=...\n"
        f"3. Run `travis login {travis}`: purger finds the token that it stores."
    )


def _for_ci(site: Site) -> str:
    return (
        f"Copy an API token from {site.url}/account/preferences into a secret of this CI, and set {TOKEN_VARIABLE} "
        "from it. A secret that does not exist, or that this job may not read, is empty."
    )


def _from_environment() -> FoundToken | None:
    in_file = env_file.current().values.get(TOKEN_VARIABLE)
    warnings = _warnings(env_file.ENV_FILE) if in_file else ()
    given = os.environ.pop(TOKEN_VARIABLE, "")
    text = given.strip()  # a secret of a CI often ends with the line end of the `echo` or the file that it is from
    if not text:
        return None
    if given == in_file:
        return FoundToken(Token(text), f"{TOKEN_VARIABLE} in .env", env_file.ENV_FILE, warnings)
    return FoundToken(Token(text), TOKEN_VARIABLE, None, warnings)


def _travis_file() -> Path | None:
    """Return where the travis command line keeps its tokens; None without a home."""
    folder = os.environ.get(_TRAVIS_FOLDER_VARIABLE) or "~/.travis"
    folder = os.path.expanduser(folder)  # noqa: PTH111 - the other one raises without a home
    # Without a home there is no such folder, and a stranger's may be called that here.
    return None if folder.startswith("~") else Path(folder) / "config.yml"


def _names_nothing() -> bool:
    """Whether somebody named a folder of the travis command line's that has no such file."""
    path = _travis_file()
    return bool(os.environ.get(_TRAVIS_FOLDER_VARIABLE)) and (path is None or not os.path.lexists(path))


def _from_travis_command_line(site: Site) -> FoundToken | None:
    """Return the token that `travis login` stored for this API (docs/TRAVIS.md section 1)."""
    path = _travis_file()
    text = None if path is None else read_private(path, "the travis command line's configuration")
    if path is None or text is None:
        return None
    for address, endpoint in _endpoints(text, path).items():
        if (
            _is_same(str(address), site.api_url)
            and isinstance(endpoint, dict)
            and endpoint.get("access_token") is not None
        ):
            token = endpoint["access_token"]
            if not isinstance(token, str):
                raise _broken(path, f"the access_token of {site.api_url} is not text: put it in quotes")
            renewal = f"Run `travis login` again, or set {TOKEN_VARIABLE}."
            sent = Token(token, where=str(path), renewal=renewal)
            return FoundToken(sent, f"{_short(path)}, the travis command line's", path, _warnings(path))
    return None


def _endpoints(text: str, path: Path) -> dict[Any, Any]:
    import yaml

    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        # The error's own message quotes the file, which may contain the token.
        mark = getattr(error, "problem_mark", None)
        raise _broken(path, f"it is not YAML: line {mark.line + 1}" if mark else "it is not YAML") from None
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
        # What a tag such as `!!bool` or `!!timestamp` can't convert ends in any of these, some with the text.
        raise _broken(path, "it is not valid YAML") from None
    endpoints = document.get("endpoints") if isinstance(document, dict) else document
    if endpoints is not None and not isinstance(endpoints, dict):
        raise _broken(path, "it does not have the travis command line's format")
    return endpoints or {}


def _is_same(address: str, api_url: str) -> bool:
    try:
        path = address.split("://", 1)[1].partition("/")[2].rstrip("/")
        return origin_of(address) + (f"/{path}" if path else "") == api_url
    except (ValueError, IndexError):
        return False


def _broken(path: Path, why: str) -> InputError:
    return InputError(
        f"the travis command line's configuration can't be used: {why}",
        where=str(path),
        remedy=f"Repair the file, or set {TOKEN_VARIABLE}.",
    )


def _warnings(path: Path) -> tuple[str, ...]:
    warning = warning_if_public(path)
    return (warning,) if warning else ()


def _short(path: Path) -> str:
    """Return the path with `~` for the home folder."""
    text, home = str(path), os.path.expanduser("~")  # noqa: PTH111 - the other one raises without a home
    return f"~{text.removeprefix(home)}" if text.startswith(f"{home}/") else text
