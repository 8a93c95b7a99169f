"""Save, find and remove sessions: a private file with one token for each site."""

from __future__ import annotations

import errno
import json
import os
import shlex
import stat
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from purger.core.errors import InputError
from purger.secrets.child_environment import TOKEN_VARIABLE
from purger.secrets.files import read_whole, write_whole
from purger.secrets.token import Token
from purger.travis.addresses import DEFAULT_URL, Site

SCHEMA = 1
_OUT_OF_REACH = frozenset({errno.EACCES, errno.EPERM, errno.ELOOP, errno.ENAMETOOLONG})
_FILE_MODE = 0o600
_FOLDER_MODE = 0o700


class OutOfReachError(InputError):
    """A file is where this user can't look, as with a HOME that is somebody else's."""


@dataclass(frozen=True, slots=True)
class Session:
    """The result of a manual sign-in: the token and its user's login."""

    token: Token
    login: str


class Sessions:
    """The saved sessions in one file, by site. The file need not exist.

    `path` is the value of `--session-file`, or None for the file in the user's configuration folder. All methods
    raise InputError for a file that can't be read or written, or that does not have the expected format.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.is_default = path is None
        self.path = path or _default_path()

    def find(self, site: Site) -> Session | None:
        """Return the session for this site, or None. The front end and the API must both match."""
        saved = self._read(site).get(site.url)
        if saved is None or saved.get("api_url") != site.api_url:
            return None
        token, login = saved.get("token"), saved.get("login", "")
        if not isinstance(token, str) or not isinstance(login, str):
            raise self._broken(site, "a token is missing")
        renewal = f"Sign in again: `{self.command('login', site)}`."
        return Session(Token(token, where=str(self.path), renewal=renewal), login)

    def command(self, name: str, site: Site) -> str:
        """Return the command of this name (`login`, `logout`) for a session of this site in this file."""
        url = "" if site.url == DEFAULT_URL else f" --url {site.url}"
        if site.api_url != Site.at(site.url).api_url:
            url += f" --api-url {site.api_url}"
        return f"purger {name}{url}" + ("" if self.is_default else f" --session-file {shlex.quote(str(self.path))}")

    def prepare(self, site: Site) -> None:
        """Check that a session can be saved, before the user signs in."""
        self._read(site)
        try:
            self._folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        except OSError as error:
            raise self._unsaved(error.strerror) from None
        if not os.access(self._folder, os.W_OK | os.X_OK):
            raise self._unsaved("its folder is not writable")

    def save(self, site: Site, session: Session) -> None:
        """Save the session, and replace an older one of the same site."""
        sites = self._read(site)
        sites[site.url] = {
            "api_url": site.api_url,
            "login": session.login,
            "token": session.token.reveal(),
            "saved_at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        try:
            self._write(sites)
        except OSError as error:
            raise self._unsaved(error.strerror) from None

    def forget(self, site: Site) -> bool:
        """Remove the site's session; return whether there was one."""
        sites = self._read(site)
        if sites.pop(site.url, None) is None:
            return False
        try:
            if sites:
                self._write(sites)
            else:
                self._target.unlink()  # the token is there, also where `path` is a symbolic link
                self.path.unlink(missing_ok=True)
        except OSError as error:
            raise InputError(
                f"the session can't be removed: {error.strerror}",
                where=str(self.path),
                remedy="Make its folder writable, and run it again: until then the token may still be there.",
            ) from None
        return True

    @property
    def _folder(self) -> Path:
        return self._target.parent

    @property
    def _target(self) -> Path:
        # A symbolic link stays one while there are sessions: its target is replaced.
        return self.path.resolve()

    def _read(self, site: Site) -> dict[str, dict[str, Any]]:
        text = read_private(self.path, "the saved session")
        if text is None or not text.strip():  # an empty one is as `mktemp` makes it, for a first session
            return {}
        try:
            document = json.loads(text)
        except ValueError as error:
            where = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else "a number is too long"
            raise self._broken(site, f"it is not JSON: {where}") from None
        except RecursionError:
            raise self._broken(site, "it is nested too deeply") from None
        sites = document.get("sites") if isinstance(document, dict) else None
        if not isinstance(sites, dict) or not all(isinstance(saved, dict) for saved in sites.values()):
            raise self._broken(site, "it does not have the expected format")
        if document.get("schema") != SCHEMA:
            raise self._broken(site, "another version of purger wrote it")
        return sites

    def _write(self, sites: dict[str, dict[str, Any]]) -> None:
        text = json.dumps({"schema": SCHEMA, "sites": sites}, indent=1)
        self._folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        if self.is_default and not self.path.parent.is_symlink():  # what a link leads to is not purger's own
            self.path.parent.chmod(_FOLDER_MODE)
        write_whole(self._target, text.encode(), mode=_FILE_MODE)

    def _broken(self, site: Site, why: str) -> InputError:
        if self.is_default:
            remedy = f"Delete it and sign in again: rm {shlex.quote(str(self.path))}; {self.command('login', site)}."
        else:  # it may be anything of the user's
            remedy = "Name the file that `purger login` has written with --session-file, or a new one to sign in again."
        return InputError(f"the file of saved sessions can't be used: {why}", where=str(self.path), remedy=remedy)

    def _unsaved(self, why: str | None) -> InputError:
        return InputError(
            f"the session can't be saved: {why or 'the file is not writable'}",
            where=str(self.path),
            remedy="Name another file with --session-file.",
        )


def _default_path() -> Path:
    from platformdirs import user_config_path

    try:
        folder = user_config_path("purger")
    except RuntimeError:
        folder = Path("~")
    if folder.parts[:1] == ("~",):  # so older versions of platformdirs say that there is no home
        raise InputError(
            "there is no home folder that sessions could be in",
            remedy=f"Set HOME, name a file with --session-file, or set {TOKEN_VARIABLE}.",
        )
    return folder / "session.json"


def read_private(path: Path, what: str) -> str | None:
    """Return the text of a file that contains a secret, or None if it does not exist.

    Raises InputError, OutOfReachError where the file's folder is none of this user's.
    """
    kind = InputError
    try:
        return read_whole(path).decode("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except UnicodeDecodeError:
        why = "it is not text"
    except OSError as error:
        why = error.strerror or "unknown"
        kind = OutOfReachError if error.errno in _OUT_OF_REACH else InputError
    remedy = f"Name another file, make this one readable, or set {TOKEN_VARIABLE}."
    raise kind(f"{what} can't be read: {why}", where=str(path), remedy=remedy)


def warning_if_public(path: Path) -> str | None:
    """Return a sentence with the remedy if others can read or change a file that contains a secret, else None."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return None
    if not mode & 0o077:
        return None
    return f"{path} holds a token, and others can read it (mode {mode:04o}): chmod 600 {shlex.quote(str(path))}"
