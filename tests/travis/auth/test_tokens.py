"""The order of the sources of a token, and the errors and warnings about their files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from purger.core.errors import AccessError, InputError
from purger.secrets import env_file
from purger.secrets.token import Token
from purger.travis.addresses import Site
from purger.travis.auth.sessions import Session, Sessions
from purger.travis.auth.tokens import find_token, first_token

PUBLIC = Site()
ACME = Site.at("https://travis.acme.org")


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    for name in ("TRAVIS_TOKEN", "TRAVIS_CONFIG_PATH"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def config(text: str, folder: str = ".travis", mode: int = 0o600) -> Path:
    path = Path(folder) / "config.yml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


def endpoint(address: str, token: str) -> str:
    return f"last_check:\n  etag: x\nendpoints:\n  {address}:\n    access_token: {token}\n"


def found(site: Site = PUBLIC, session_file: Path | None = None) -> tuple[str, str]:
    by = find_token(site, session_file)
    return by.token.reveal(), by.source


def test_the_environment_comes_before_the_travis_command_line_and_a_session(monkeypatch: pytest.MonkeyPatch) -> None:
    Sessions().save(PUBLIC, Session(Token("from-the-session"), "octavia"))
    assert found()[0] == "from-the-session"
    config(endpoint("https://api.travis-ci.com/", "from-the-config"))
    assert found() == ("from-the-config", "~/.travis/config.yml, the travis command line's")
    Path(".env").write_text("TRAVIS_TOKEN=from-the-variable\n")
    Path(".env").chmod(0o600)
    env_file.load((), {}, ())
    monkeypatch.setenv("TRAVIS_TOKEN", "from-the-variable")
    assert found() == ("from-the-variable", "TRAVIS_TOKEN in .env")
    assert "TRAVIS_TOKEN" not in os.environ, "child processes do not get it"
    monkeypatch.setenv("TRAVIS_TOKEN", "from-elsewhere")
    assert found() == ("from-elsewhere", "TRAVIS_TOKEN")


@pytest.mark.parametrize(
    ("address", "site"),
    [
        ("https://api.travis-ci.com/", PUBLIC),
        ("https://api.travis-ci.com", PUBLIC),
        ("https://API.travis-ci.com:443/", PUBLIC),
        ("https://travis.acme.org/api", ACME),
        ("https://travis.acme.org/api/", ACME),
    ],
)
def test_the_travis_command_lines_token_is_chosen_by_api(address: str, site: Site) -> None:
    config(
        f'endpoints:\n  "{address}":\n    access_token: of-this-api\n  https://other.org/:\n    access_token: other\n'
    )
    assert found(site)[0] == "of-this-api"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "endpoints:\n",
        "endpoints: {}\n",
        "checked_completion: true\n",
        "endpoints:\n  https://api.travis-ci.com/: {}\n",
        endpoint("https://api.travis-ci.org/", "of-another-api"),
        endpoint("https://api.travis-ci.com.evil.org/", "of-another-api"),
        endpoint("http://api.travis-ci.com/", "of-another-api"),
        endpoint("https://api.travis-ci.com/v3", "of-another-api"),
        endpoint("nonsense", "of-another-api"),
        endpoint("'https://[::1'", "of-another-api"),
    ],
)
def test_a_configuration_without_a_token_for_this_api_is_ignored(text: str) -> None:
    config(text)
    with pytest.raises(AccessError, match="there is no token"):
        find_token(PUBLIC)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("endpoints: [secret-token-in-here", "not YAML: line 1"),
        ("a: 1\nb: {secret-token-in-here: ]", "not YAML: line 2"),
        ("- secret-token-in-here", "does not have the travis"),
        ("endpoints: secret-token-in-here", "does not have the travis"),
        ("endpoints: !ruby/object:Secret {token: secret-token-in-here}", "not YAML: line 1"),
        ("\x01secret-token-in-here", "not YAML"),
        (endpoint("https://api.travis-ci.com/", "!!bool secret-token-in-here"), "it is not valid YAML"),
        (endpoint("https://api.travis-ci.com/", "!!timestamp secret-token-in-here"), "it is not valid YAML"),
        (endpoint("https://api.travis-ci.com/", "!!int secret-token-in-here"), "it is not valid YAML"),
        (endpoint("https://api.travis-ci.com/", "!!float secret-token-in-here"), "it is not valid YAML"),
        (endpoint("https://api.travis-ci.com/", "!!binary secret-tökén"), "not YAML: line"),
        ('x: !!int ""', "it is not valid YAML"),
        ("x: !!timestamp 2026-99-99", "it is not valid YAML"),
        ("? !!map {a: 1}\n: secret-token-in-here", "not YAML: line 1"),
        (endpoint("https://api.travis-ci.com/", "0123456"), "put it in quotes"),
        (endpoint("https://api.travis-ci.com/", "'a token with spaces'"), "white space"),
    ],
)
def test_an_invalid_configuration_is_an_error_that_does_not_quote_it(text: str, message: str) -> None:
    config(text)
    with pytest.raises(InputError, match=message) as raised:
        find_token(PUBLIC)
    assert "secret-token" not in f"{raised.value}{raised.value.remedy}{raised.value.__cause__}"


@pytest.mark.parametrize("around", [" {}", "{}\n", "{}\r\n", "\t{} ", "\u00a0{}\u2028"])
def test_what_stands_around_a_token_in_a_variable_is_no_part_of_it(
    monkeypatch: pytest.MonkeyPatch, around: str
) -> None:
    monkeypatch.setenv("TRAVIS_TOKEN", around.format("of-a-secret"))
    assert found() == ("of-a-secret", "TRAVIS_TOKEN")


def test_a_token_that_can_not_be_sent_is_told_with_its_file() -> None:
    path = config(endpoint("https://api.travis-ci.com/", "'secret-token with spaces'"))
    with pytest.raises(InputError, match=r"^the token contains white space") as raised:
        find_token(PUBLIC)
    assert raised.value.where == str(path.resolve())
    assert raised.value.remedy == "Run `travis login` again, or set TRAVIS_TOKEN."
    config(endpoint("https://api.travis-ci.com/", "''"))
    with pytest.raises(AccessError, match="the token is empty") as refused:
        find_token(PUBLIC)
    assert refused.value.where == str(path.resolve())


def test_a_configuration_that_cannot_be_read_is_an_error() -> None:
    Path(".travis/config.yml").mkdir(parents=True)
    with pytest.raises(InputError, match="can't be read: Is a directory"):
        find_token(PUBLIC)
    Path(".travis/config.yml").rmdir()
    Path(".travis/config.yml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="it is not text"):
        find_token(PUBLIC)


def test_the_configuration_folder_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    config(endpoint("https://api.travis-ci.com/", "from-home"))
    config(endpoint("https://api.travis-ci.com/", "from-elsewhere"), "elsewhere")
    monkeypatch.setenv("TRAVIS_CONFIG_PATH", "elsewhere")
    assert found()[0] == "from-elsewhere"
    for nothing in ("nowhere", "elsewhere/config.yml"):
        monkeypatch.setenv("TRAVIS_CONFIG_PATH", nothing)
        with pytest.raises(AccessError, match="no token; TRAVIS_CONFIG_PATH names no folder"):
            find_token(PUBLIC)


def test_without_a_token_the_error_lists_three_ways_to_sign_in(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AccessError, match="there is no token") as raised:
        find_token(ACME)
    lines = str(raised.value.remedy).splitlines()
    assert [line[:2] for line in lines] == ["1.", "2.", "3."]
    assert "purger login --url https://travis.acme.org`" in lines[0]
    assert "https://travis.acme.org/account/preferences" in lines[1]
    assert "travis login -e https://travis.acme.org/api" in lines[2]
    monkeypatch.setenv("TRAVIS_TOKEN", " ")
    with pytest.raises(AccessError, match="TRAVIS_TOKEN is empty"):
        find_token(PUBLIC)


def test_without_a_token_a_ci_is_told_to_set_the_secret() -> None:
    with pytest.raises(AccessError, match="there is no token") as raised:
        find_token(ACME, is_ci=True)
    assert "https://travis.acme.org/account/preferences into a secret of this CI" in str(raised.value.remedy)
    assert "purger login" not in str(raised.value.remedy)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_file_that_others_can_read_is_a_warning(monkeypatch: pytest.MonkeyPatch, mode: int) -> None:
    path = config(endpoint("https://api.travis-ci.com/", "a-token"), mode=mode)
    assert find_token(PUBLIC).warnings[0].endswith(f"chmod 600 {path.resolve()}")
    sessions = Sessions(Path("my session.json"))
    sessions.save(ACME, Session(Token("a-token"), "octavia"))
    sessions.path.chmod(mode)
    assert find_token(ACME, sessions.path).warnings[0].endswith("chmod 600 'my session.json'")
    Path(".env").write_text("TRAVIS_TOKEN=a-token\n")
    Path(".env").chmod(mode)
    env_file.load((), {}, ())
    monkeypatch.setenv("TRAVIS_TOKEN", "from-the-environment")
    assert find_token(PUBLIC).warnings[0].endswith("chmod 600 .env")
    Path(".env").write_text("PURGER_JOBS=2\n")
    env_file.load(("PURGER_JOBS",), {}, ())
    monkeypatch.setenv("TRAVIS_TOKEN", "from-the-environment")
    assert find_token(PUBLIC).warnings == ()


def test_without_a_home_no_folder_of_that_name_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRAVIS_TOKEN", raising=False)
    monkeypatch.delenv("TRAVIS_CONFIG_PATH", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "~" / ".travis").mkdir(parents=True)
    (tmp_path / "~" / ".travis" / "config.yml").write_text(
        "endpoints:\n  https://api.travis-ci.com/:\n    access_token: a-strangers-token\n"
    )
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    assert first_token(Site()) is None


@pytest.mark.skipif(os.name == "nt", reason="Windows makes no such links")
def test_a_home_where_this_user_can_not_look_holds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    monkeypatch.setenv("HOME", str(loop))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(loop / ".config"))
    with pytest.raises(AccessError, match="there is no token; the travis command line's configuration can't be read"):
        find_token(PUBLIC)
    file = tmp_path / "session.json"
    Sessions(file).save(PUBLIC, Session(Token("of-the-session"), "octavia"))
    found_token = find_token(PUBLIC, file)
    assert found_token.token.reveal() == "of-the-session"
    assert "configuration can't be read: Too many levels" in " ".join(found_token.warnings)
    with pytest.raises(InputError, match="the saved session can't be read"):
        find_token(PUBLIC, loop / "session.json")
    monkeypatch.setenv("TRAVIS_CONFIG_PATH", str(loop))
    with pytest.raises(InputError, match="configuration can't be read"):
        find_token(PUBLIC, file)
