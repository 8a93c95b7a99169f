"""What may come from `.env`: purger's variables, no program, and no place for a token that is not the file's own."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from purger.core.errors import InputError
from purger.core.text import system_words
from purger.secrets import env_file, redaction

OWN_TOKEN_ONLY = {*env_file.WHERE_A_TOKEN_GOES, *env_file.WHERE_FILES_ARE_WRITTEN, env_file.CONSENT_VARIABLE}
KNOWN = {*OWN_TOKEN_ONLY, "PURGER_BROWSER", "PURGER_BRANCH"}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def load(text: str | None, environ: dict[str, str] | None = None, *overridden: str, **signs: bool) -> dict[str, str]:
    """Return the environment after a file with this text was loaded into it."""
    if text is not None:
        Path(".env").write_text(text)
    environ = {} if environ is None else environ
    env_file.load(KNOWN, environ, overridden, **signs)
    return environ


def test_without_a_file_nothing_is_set(folder: Path) -> None:
    assert load(None) == {}
    (folder / ".env").mkdir()
    assert load(None) == {}, "a virtual environment may be called so"


def test_the_environment_and_options_override_the_file() -> None:
    text = "TRAVIS_TOKEN=of-the-file\nPURGER_BRANCH=main\nPURGER_ARTIFACTS=out\n"
    environ = load(text, {"PURGER_BRANCH": "dev"}, "PURGER_ARTIFACTS")
    assert environ == {"TRAVIS_TOKEN": "of-the-file", "PURGER_BRANCH": "dev"}
    assert env_file.current().taken == {"TRAVIS_TOKEN"}
    assert "of-the-file" not in redaction.redact("token of-the-file")


@pytest.mark.parametrize("name", sorted(env_file.HOW_EVERY_HOST_IS_REACHED))
def test_a_proxy_or_authority_of_the_file_is_for_secrets_of_the_file_alone(name: str) -> None:
    load(f"TRAVIS_TOKEN=own\nPURGER_BRANCH=main\n{name}=x\n")
    with pytest.raises(InputError, match=rf"^{name} in \.env decides where GITHUB_TOKEN goes, which is not from \.env"):
        env_file.refuse_to_decide_about("GITHUB_TOKEN", "GITHUB_TOKEN")
    env_file.refuse_to_decide_about("the branch", "PURGER_BRANCH")
    for text, environ in ((f"TRAVIS_TOKEN=own\n{name}=\n", {}), (f"TRAVIS_TOKEN=own\n{name}=x\n", {name: "y"})):
        load(text, environ)
        env_file.refuse_to_decide_about("GITHUB_TOKEN", "GITHUB_TOKEN")


@pytest.mark.parametrize("browser", ["chrome", "msedge", "chromium", ""])
def test_a_browser_of_the_system_may_be_named(browser: str) -> None:
    assert load(f"PURGER_BROWSER={browser}") == {"PURGER_BROWSER": browser}


@pytest.mark.parametrize("browser", ["./x.sh", "/usr/bin/chromium", "chromium-browser", "x.sh", "Chrome"])
def test_a_program_is_refused_even_with_the_files_own_token(browser: str) -> None:
    text = f"TRAVIS_TOKEN=own\nPURGER_BROWSER={browser}"
    with pytest.raises(InputError, match=r"^PURGER_BROWSER in \.env names a program"):
        load(text)
    assert load(text, {"PURGER_BROWSER": "x"})["PURGER_BROWSER"] == "x"
    assert "PURGER_BROWSER" not in load(text, {}, "PURGER_BROWSER")


@pytest.mark.parametrize("name", sorted(OWN_TOKEN_ONLY))
def test_a_place_or_a_consent_is_taken_only_with_the_files_own_token(name: str) -> None:
    alone, with_token = f"{name}=yes", f"{name}=yes\nTRAVIS_TOKEN=own"
    for text, environ, signs_in in (
        (alone, {}, False),
        (alone, {"TRAVIS_TOKEN": "mine"}, False),
        (with_token, {"TRAVIS_TOKEN": "mine"}, False),
        (with_token, {"TRAVIS_TOKEN": ""}, False),
        (with_token, {}, True),
        (f"{name}=yes\nTRAVIS_TOKEN=", {}, False),
        (f"{name}=yes\nTRAVIS_TOKEN=' '", {}, False),
    ):
        before = dict(environ)
        with pytest.raises(InputError, match=rf"^{name} in \.env decides (where|that nothing)"):
            load(text, environ, signs_in=signs_in)
        assert environ == before, "nothing of a refused file is set"
        assert env_file.current() == env_file.EnvFile()
    assert load(with_token) == {name: "yes", "TRAVIS_TOKEN": "own"}
    assert load(alone, {name: "y"}) == {name: "y"}
    assert load(alone, {}, name) == {}
    assert load(f"{name}=") == {name: ""}


@pytest.mark.parametrize("text", ["0", " no ", "FALSE", "off", "n", "nope"])
def test_a_consent_that_is_none_is_taken_without_a_token(text: str) -> None:
    assert load(f"PURGER_YES={text}", {"TRAVIS_TOKEN": "mine"})["PURGER_YES"].strip() == text.strip()


def test_a_sign_out_takes_no_file_of_sessions_even_with_the_files_own_token() -> None:
    text = "TRAVIS_TOKEN=own\nPURGER_URL=https://travis.acme.org\nPURGER_SESSION_FILE=x\n"
    environ: dict[str, str] = {}
    with pytest.raises(InputError, match=r"^PURGER_SESSION_FILE in \.env decides in which file a session is removed"):
        load(text, environ, signs_out=True)
    assert (environ, env_file.current()) == ({}, env_file.EnvFile())
    assert load(text, {"PURGER_SESSION_FILE": "y"}, signs_out=True)["PURGER_URL"] == "https://travis.acme.org"
    assert "PURGER_SESSION_FILE" not in load(text, {}, "PURGER_SESSION_FILE", signs_out=True)
    assert load("TRAVIS_TOKEN=own\nPURGER_SESSION_FILE=", signs_out=True)["PURGER_SESSION_FILE"] == ""


@pytest.mark.parametrize(
    "name",
    ["NODE_OPTIONS", "PLAYWRIGHT_NODEJS_PATH", "PLAYWRIGHT_BROWSERS_PATH", "LD_PRELOAD", "PATH", "GIT_SSH_COMMAND",
     "PYTHONPATH", "PYTHONSTARTUP", "NODE_TLS_REJECT_UNAUTHORIZED", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE",
     "HTTPS_PROXY", "HOME", "XDG_CONFIG_HOME", "LOGURU_LEVEL", "DEBUG", "PWDEBUG", "TRAVIS", "GITHUB_OUTPUT", "CI"],
)  # fmt: skip
def test_no_other_variable_is_taken(name: str) -> None:
    assert load(f"{name}=./x\nTRAVIS_TOKEN=own") == {"TRAVIS_TOKEN": "own"}


def test_a_pipe_is_read(folder: Path) -> None:
    os.mkfifo(folder / ".env")
    writer = threading.Thread(target=lambda: (folder / ".env").write_text("PURGER_BRANCH=main\n"))
    writer.start()
    assert load(None) == {"PURGER_BRANCH": "main"}
    writer.join()


@pytest.mark.parametrize("fault", [PermissionError(13, "Permission denied"), OSError(40, "Too many levels")])
def test_a_file_that_can_not_be_read_is_an_error(monkeypatch: pytest.MonkeyPatch, fault: OSError) -> None:
    def refuse(*_: object) -> None:
        raise fault

    monkeypatch.setattr(env_file, "read_whole", refuse)
    with pytest.raises(env_file.UnreadableError, match=rf"\.env can't be read: {system_words(fault)}"):
        load(None)
    env_file.remember_token(KNOWN)


@pytest.mark.skipif(os.name == "nt", reason="Windows makes no such links")
@pytest.mark.parametrize("target", ["missing", "file/below", "link"])
def test_a_link_to_a_file_that_does_not_exist_is_an_error(folder: Path, target: str) -> None:
    (folder / "file").touch()
    (folder / "link").symlink_to("missing")
    (folder / ".env").symlink_to(target)
    with pytest.raises(env_file.UnreadableError, match=r"\.env can't be read: it is a link to a file that does not"):
        load(None)
    (folder / "missing").write_text("PURGER_BRANCH=main\n")
    assert target == "file/below" or load(None) == {"PURGER_BRANCH": "main"}


def test_a_huge_file_is_an_error() -> None:
    with pytest.raises(env_file.UnreadableError, match="too large"):
        load("#" * (env_file.LARGEST_BYTES + 1))


@pytest.mark.parametrize(
    "content",
    [
        b"\0GITCRYPT\0\x8a\xd1\xff\x03",
        b"\x85\x01\x0c\x03\xd1\xff",
        b"$ANSIBLE_VAULT;1.1;AES256\n36383636\n",
        b"age-encryption.org/v1\n-> X25519 x\n",
        b"-----BEGIN AGE ENCRYPTED FILE-----\nx\n",
        b"-----BEGIN PGP MESSAGE-----\n\nx\n",
        b"U2FsdGVkX18rx==\n",
        b'{\n\t"data": "ENC[AES256_GCM,data:x,type:str]"\n}\n',
        b"version https://git-lfs.github.com/spec/v1\noid sha256:x\n",
    ],
)
def test_a_file_whose_lines_are_encrypted_or_elsewhere_is_an_error(content: bytes) -> None:
    Path(".env").write_bytes(content)
    with pytest.raises(env_file.UnreadableError, match=r"\.env can't be read: it is encrypted, or no text"):
        load(None)
    assert isinstance(env_file.current().fault, env_file.UnreadableError)


@pytest.mark.parametrize(
    "content", [b"source venv/bin/activate\n", b"FOO=caf\xe9\x1b[0m\r\n\f", b"A='-----BEGIN PGP '"]
)
def test_a_text_without_a_line_of_ours_is_no_error(content: bytes) -> None:
    Path(".env").write_bytes(content)
    assert load(None) == {}


def test_the_token_is_not_repeated_where_the_file_is_not_in_effect() -> None:
    Path(".env").write_text("TRAVIS_TOKEN=t0ken-of-a-file\n")
    env_file.remember_token(KNOWN)
    assert redaction.redact("t0ken-of-a-file") == "REDACTED"
