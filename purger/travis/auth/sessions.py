"""Saved sessions: a private file with one token for each site."""

from __future__ import annotations

import json
import os
import shlex
import stat
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from purger.core.errors import InputError
from purger.secrets.token import Token
from purger.travis.addresses import Site

SCHEMA = 1
_FILE_MODE = 0o600
_FOLDER_MODE = 0o700


@dataclass(frozen=True, slots=True)
class Session:
    """What a sign-in by hand left: the token and whose it is."""

    token: Token
    login: str


class Sessions:
    """The sessions in one file, chosen by site; the file need not exist.

    All methods raise InputError for a file that can't be read or written, or that says something else.
    """

    def __init__(self, path: Path | None = None) -> None:
        """`path` is the one that `--session-file` names; without it, one in the user's configuration folder."""
        self.path = path or _default_path()

    def find(self, site: Site) -> Session | None:
        """The session for this site; one for its front end with another API is none."""
        kept = self._read().get(site.url)
        if kept is None or kept.get("api_url") != site.api_url:
            return None
        token, login = kept.get("token"), kept.get("login", "")
        if not isinstance(token, str) or not isinstance(login, str):
            raise self._broken("a token is missing")
        return Session(Token(token), login)

    def prepare(self) -> None:
        """Make sure that a session can be saved, before a person goes to the trouble of signing in."""
        self._read()
        try:
            self._folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        except OSError as error:
            raise self._unwritable(error.strerror) from None
        if not os.access(self._folder, os.W_OK | os.X_OK):
            raise self._unwritable("its folder is not writable")

    def save(self, site: Site, session: Session) -> None:
        """Keep the session, instead of an older one of the same site."""
        kept = self._read()
        kept[site.url] = {
            "api_url": site.api_url,
            "login": session.login,
            "token": session.token.reveal(),
            "saved_at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        self._write(kept)

    def forget(self, site: Site) -> bool:
        """Remove the site's session; tells whether there was one."""
        kept = self._read()
        if kept.pop(site.url, None) is None:
            return False
        if kept:
            self._write(kept)
        else:
            try:
                self.path.unlink()
            except OSError as error:
                raise self._unwritable(error.strerror) from None
        return True

    @property
    def _folder(self) -> Path:
        return self._target.parent

    @property
    def _target(self) -> Path:
        # Someone's link stays a link.
        return self.path.resolve()

    def _read(self) -> dict[str, dict[str, Any]]:
        text = read_private(self.path, "the saved session")
        if text is None:
            return {}
        try:
            told = json.loads(text)
        except ValueError as error:
            where = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else "a number is too long"
            raise self._broken(f"it is not JSON: {where}") from None
        except RecursionError:
            raise self._broken("it is nested too deeply") from None
        sites = told.get("sites") if isinstance(told, dict) else None
        if not isinstance(sites, dict) or not all(isinstance(kept, dict) for kept in sites.values()):
            raise self._broken("it is not written as purger writes it")
        if told.get("schema") != SCHEMA:
            raise self._broken("another version of purger wrote it")
        return sites

    def _write(self, sites: dict[str, dict[str, Any]]) -> None:
        text = json.dumps({"schema": SCHEMA, "sites": sites}, indent=1)
        draft = self._target.with_name(f".{self._target.name}.{os.getpid()}")
        try:
            self._folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
            if self.path == _default_path():
                self._folder.chmod(_FOLDER_MODE)
            # Private from its first byte, and whole or not there at all.
            draft.unlink(missing_ok=True)
            with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _FILE_MODE), "w") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._target)
        except OSError as error:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
            raise self._unwritable(error.strerror) from None

    def _broken(self, why: str) -> InputError:
        return InputError(
            f"the file of saved sessions can't be used: {why}",
            where=str(self.path),
            remedy=f"Delete it and sign in anew: rm {shlex.quote(str(self.path))}; purger login.",
        )

    def _unwritable(self, why: str | None) -> InputError:
        return InputError(
            f"the session can't be kept: {why or 'the file is not writable'}",
            where=str(self.path),
            remedy="Name another file with --session-file.",
        )


def _default_path() -> Path:
    from platformdirs import user_config_path

    return user_config_path("purger") / "session.json"


def read_private(path: Path, what: str) -> str | None:
    """The text of a file that holds a secret; None where there is no such file. Raises InputError."""
    try:
        return path.read_text("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except UnicodeDecodeError:
        why = "it is not text"
    except OSError as error:
        why = error.strerror or "unknown"
    raise InputError(
        f"{what} can't be read: {why}", where=str(path), remedy="Mend or remove the file, or set TRAVIS_TOKEN."
    )


def warning_if_public(path: Path) -> str | None:
    """A sentence with the remedy, where others may read or change a file that holds a secret."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return None
    if not mode & 0o077:
        return None
    return f"{path} holds a token, and others can read it (mode {mode:04o}): chmod 600 {shlex.quote(str(path))}"
