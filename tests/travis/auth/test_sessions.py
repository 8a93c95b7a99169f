"""Saved sessions: a private file, one session for each site, atomic writes."""

from __future__ import annotations

import errno
import json
import os
import stat
from pathlib import Path

import pytest

from purger.core.errors import InputError
from purger.secrets.token import Token
from purger.travis.addresses import Site
from purger.travis.auth.sessions import Session, Sessions

PUBLIC = Site()
ACME = Site.at("https://travis.acme.org")
ONE = Session(Token("token-of-one"), "one")
TWO = Session(Token("token-of-two"), "two")


def token_in(sessions: Sessions, site: Site) -> str | None:
    saved = sessions.find(site)
    return saved.token.reveal() if saved else None


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_each_site_has_its_own_session(tmp_path: Path) -> None:
    sessions = Sessions(tmp_path / "new" / "session.json")
    assert sessions.find(PUBLIC) is None
    sessions.save(PUBLIC, ONE)
    sessions.save(ACME, TWO)
    assert [token_in(sessions, site) for site in (PUBLIC, ACME)] == ["token-of-one", "token-of-two"]
    assert sessions.forget(PUBLIC)
    assert not sessions.forget(PUBLIC)
    assert [token_in(sessions, site) for site in (PUBLIC, ACME)] == [None, "token-of-two"]
    assert sessions.forget(ACME)
    assert not sessions.path.exists()


def test_a_session_that_is_refused_is_renewed_by_signing_in_again_on_its_site_and_in_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    named = tmp_path / "my session.json"
    for sessions, file in ((Sessions(), ""), (Sessions(named), f" --session-file '{named}'")):
        for site, command in ((PUBLIC, "purger login"), (ACME, f"purger login --url {ACME.url}")):
            sessions.save(site, ONE)
            found = sessions.find(site)
            assert found
            assert found.token.renewal == f"Sign in again: `{command}{file}`."
        assert sessions.command("logout", ACME) == f"purger logout --url {ACME.url}{file}"


def test_a_session_is_not_used_for_another_api(tmp_path: Path) -> None:
    sessions = Sessions(tmp_path / "session.json")
    sessions.save(PUBLIC, ONE)
    assert sessions.find(Site.at(PUBLIC.url, "https://api.evil.org")) is None
    assert sessions.find(Site.at("https://evil.org", PUBLIC.api_url)) is None


def test_the_file_is_private_from_its_first_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "purger").mkdir(mode=0o755)
    seen: list[int] = []
    write = os.fdopen

    def spy(handle: int, mode: str) -> object:
        seen.append(stat.S_IMODE(os.fstat(handle).st_mode))
        return write(handle, mode)

    monkeypatch.setattr(os, "fdopen", spy)
    before = os.umask(0)
    try:
        sessions = Sessions()
        sessions.save(PUBLIC, ONE)
        Sessions(tmp_path / "elsewhere" / "mine.json").save(PUBLIC, ONE)
    finally:
        os.umask(before)
    assert seen == [0o600, 0o600]
    assert sessions.path == tmp_path / "purger" / "session.json"
    assert (mode_of(sessions.path), mode_of(sessions.path.parent)) == (0o600, 0o700)
    assert mode_of(tmp_path / "elsewhere") == 0o700
    assert list(sessions.path.parent.iterdir()) == [sessions.path], "no draft is left"


def test_saving_makes_a_public_file_private(tmp_path: Path) -> None:
    sessions = Sessions(tmp_path / "session.json")
    sessions.save(PUBLIC, ONE)
    sessions.path.chmod(0o644)
    sessions.save(ACME, TWO)
    assert mode_of(sessions.path) == 0o600


def test_the_mode_of_a_given_folder_is_not_changed(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    Sessions(tmp_path / "session.json").save(PUBLIC, ONE)
    assert mode_of(tmp_path) == 0o755


@pytest.mark.parametrize("link", ["purger", "purger/session.json"])
def test_the_mode_of_a_folder_behind_a_symbolic_link_is_not_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, link: str
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    strange = tmp_path / "strange"
    strange.mkdir(mode=0o755)
    (tmp_path / link).parent.mkdir(exist_ok=True)
    (tmp_path / link).symlink_to(strange if link == "purger" else strange / "session.json")
    Sessions().save(PUBLIC, ONE)
    assert mode_of(strange) == 0o755
    assert mode_of(strange / "session.json") == 0o600


def test_a_symbolic_link_is_kept(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "real.json")
    sessions = Sessions(tmp_path / "link")
    sessions.save(PUBLIC, ONE)
    assert (tmp_path / "link").is_symlink()
    assert token_in(Sessions(tmp_path / "real.json"), PUBLIC) == "token-of-one"


def test_a_session_behind_a_symbolic_link_is_removed_and_not_only_the_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "real.json")
    sessions = Sessions(tmp_path / "link")
    sessions.save(PUBLIC, ONE)
    assert sessions.forget(PUBLIC)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("sites", [[PUBLIC], [PUBLIC, ACME]])
def test_a_session_that_can_not_be_removed_is_an_input_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sites: list[Site]
) -> None:
    sessions = Sessions(tmp_path / "session.json")
    for site in sites:
        sessions.save(site, ONE)

    def refuse(*_paths: object, **_options: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", refuse)
        with pytest.raises(InputError, match="the session can't be removed: Permission denied"):
            sessions.forget(PUBLIC)
    assert token_in(sessions, PUBLIC) == "token-of-one"


def test_a_failed_write_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sessions = Sessions(tmp_path / "session.json")
    sessions.save(PUBLIC, ONE)

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(InputError, match="No space left on device") as raised:
            sessions.save(PUBLIC, TWO)
    assert "--session-file" in str(raised.value.remedy)
    assert token_in(sessions, PUBLIC) == "token-of-one"
    assert list(tmp_path.iterdir()) == [sessions.path]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{sentinel", "not JSON: line 1"),
        ("[]", "does not have the expected format"),
        ('{"schema": 1}', "does not have the expected format"),
        ('{"schema": 1, "sites": {"https://app.travis-ci.com": "sentinel"}}', "does not have the expected format"),
        ('{"schema": 2, "sites": {}}', "another version"),
        (json.dumps({"schema": 1, "sites": {PUBLIC.url: {"api_url": PUBLIC.api_url}}}), "a token is missing"),
        (
            json.dumps({"schema": 1, "sites": {PUBLIC.url: {"api_url": PUBLIC.api_url, "token": 5}}}),
            "a token is missing",
        ),
        ("[" * 100_000, "nested too deeply"),
        ('{"schema": ' + "9" * 5000 + "}", "a number is too long"),
    ],
)
def test_an_invalid_file_is_an_input_error(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "session.json"
    path.write_text(text)
    with pytest.raises(InputError, match=message) as raised:
        Sessions(path).find(PUBLIC)
    assert str(path) in str(raised.value)
    assert "purger login" in str(raised.value.remedy)
    assert "sentinel" not in str(raised.value)


def test_an_empty_file_is_one_for_a_first_session(tmp_path: Path) -> None:
    sessions = Sessions(tmp_path / "made-by-mktemp")
    sessions.path.write_text("\n")
    assert sessions.find(PUBLIC) is None
    sessions.save(PUBLIC, ONE)
    assert token_in(sessions, PUBLIC) == "token-of-one"


def test_only_a_file_of_purgers_own_is_to_be_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "purger").mkdir()
    for sessions, is_own in ((Sessions(), True), (Sessions(tmp_path / "report.json"), False)):
        sessions.path.write_text("{}")
        with pytest.raises(InputError) as raised:
            sessions.find(PUBLIC)
        assert (f"rm {sessions.path}" in str(raised.value.remedy)) is is_own
    with pytest.raises(InputError) as raised:
        Sessions().find(ACME)
    assert str(raised.value.remedy).endswith("; purger login --url https://travis.acme.org.")


def test_a_token_of_a_session_that_can_not_be_sent_is_told_with_its_file(tmp_path: Path) -> None:
    sessions = Sessions(tmp_path / "session.json")
    sessions.save(PUBLIC, ONE)
    sessions.path.write_text(sessions.path.read_text().replace("token-of-one", "token of one"))
    with pytest.raises(InputError, match=r"^the token contains white space.* \(.*session\.json\)$") as raised:
        sessions.find(PUBLIC)
    assert raised.value.remedy == f"Sign in again: `purger login --session-file {sessions.path}`."
    assert "token of one" not in str(raised.value)


def test_a_file_that_cannot_be_read_or_written_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="can't be read: Is a directory"):
        Sessions(tmp_path).find(PUBLIC)
    (tmp_path / "file").write_text("")
    below = Sessions(tmp_path / "file" / "session.json")
    assert below.find(PUBLIC) is None
    with pytest.raises(InputError, match="can't be saved"):
        below.prepare(PUBLIC)
