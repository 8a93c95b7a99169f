"""Real git tells the folder's remotes or says why not, and nothing that the folder's settings name is run."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from purger.cli import git
from purger.cli.targets import targets_from
from purger.core.errors import InputError
from purger.purge.run import Run
from purger.travis.addresses import Site
from tests.support.command_line import Command

pytestmark = pytest.mark.cli
COM = Site()


@pytest.fixture(autouse=True)
def _fresh_cache() -> Iterator[None]:
    yield
    git.real_host.cache_clear()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q"], check=True, cwd=tmp_path)
    return tmp_path


def add(name: str, address: str) -> None:
    subprocess.run(["git", "remote", "add", name, address], check=True)


def meant(site: Site = COM) -> tuple[str, str | None]:
    (repository,), source = targets_from([], None, site)
    return str(repository), source


def fake_ssh(folder: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> Path:
    """Put an `ssh` before all others that notes its arguments; return the notes' file."""
    commands, notes = folder / "bin", folder / "asked"
    commands.mkdir()
    (commands / "ssh").write_text(f'#!/bin/sh\necho "$*" >>"{notes}"\n{body}\n')
    (commands / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{commands}{os.pathsep}{os.environ['PATH']}")
    return notes


@pytest.mark.parametrize(
    ("remotes", "expected"),
    [
        ([("origin", "a/one"), ("upstream", "a/two")], ("a/one", "the git remote origin")),
        ([("fork", "a/one"), ("upstream", "a/two")], ("a/two", "the git remote upstream")),
        ([("github", "a/one")], ("a/one", "the git remote github")),
        ([("b", "a/one"), ("a", "a/one.git")], ("a/one", "the git remote a")),
    ],
)
def test_the_remote_that_is_meant(folder: Path, remotes: list[tuple[str, str]], expected: tuple[str, str]) -> None:
    for name, path in remotes:
        add(name, f"git@github.com:{path}")
    assert meant() == expected


def test_a_remote_of_a_host_without_repositories_does_not_matter_beside_another(folder: Path) -> None:
    add("heroku", "https://git.heroku.com/app.git")
    add("mine", "https://github.com/acme/widgets")
    assert meant() == ("acme/widgets", "the git remote mine")


def test_several_remotes_that_mean_several_repositories_are_refused(folder: Path) -> None:
    add("one", "git@github.com:acme/one")
    add("two", "git@github.com:acme/two")
    add("three", "https://x:s3cret-word@git.corp.test/three")
    with pytest.raises(InputError, match="is called origin or upstream: one is acme/one; two is acme/two; ") as caught:
        meant()
    assert "three, https://git.corp.test/three, does not tell" in caught.value.what.replace("two is acme/two; ", "")
    assert "s3cret" not in str(caught.value)


def test_insteadof_is_applied(folder: Path) -> None:
    subprocess.run(["git", "config", "url.git@github.com:acme/.insteadOf", "work:"], check=True)
    add("origin", "work:widgets")
    assert meant() == ("acme/widgets", "the git remote origin")


@pytest.mark.parametrize(
    "address",
    ["https://u:s3cret-word@git.corp.test/o/n.git?key=s3cret-word", "ext::sh -c s3cret-word% x", "s3cret@h:x/y"],
)
def test_a_remote_that_is_not_understood_is_shown_without_its_secrets(
    folder: Path, command: Command, runs: list[Run], address: str
) -> None:
    add("origin", address)
    ended = command("purge", "-y")
    assert (ended.code, runs) == (2, [])
    assert "the git remote origin, " in ended.err
    assert "s3cret" not in ended.err + ended.out
    assert "has no git remote" not in ended.err


def test_an_enterprises_own_host_belongs_to_its_installation(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add("origin", "git@github.acme.org:acme/widgets.git")
    assert meant(Site.at("https://travis.acme.org")) == ("acme/widgets", "the git remote origin")
    with pytest.raises(InputError, match=r"git@github\.acme\.org:acme/widgets\.git, does not tell"):
        meant()


def test_a_folder_without_a_repository_has_gits_own_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.setenv("GIT_TRACE", "1")
    with pytest.raises(InputError, match="git says: not a git repository") as caught:
        meant()
    assert "trace" not in caught.value.what


def test_a_repository_of_somebody_else_has_gits_own_words(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add("origin", "git@github.com:acme/widgets")
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(InputError, match="git says: detected dubious ownership in repository at") as caught:
        meant()
    assert "safe.directory" in caught.value.what


def test_a_repository_without_a_remote_and_a_broken_one_are_told_apart(folder: Path) -> None:
    with pytest.raises(InputError, match="git repository has no remote"):
        meant()
    (folder / ".git" / "config").write_text("[remote\n")
    with pytest.raises(InputError, match="git says: bad config line 1"):
        meant()


def test_without_git_that_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="git is not installed"):
        meant()


def test_nothing_that_the_folder_names_is_run(folder: Path) -> None:
    """Each of these settings runs a command in some of git's commands."""
    touched = folder / "touched"
    (folder / "hook").write_text(f"#!/bin/sh\ntouch {touched}\n")
    (folder / "hook").chmod(0o755)
    hook = str(folder / "hook")
    add("origin", "git@github.com:acme/widgets")
    settings = {
        "core.sshCommand": hook,
        "core.fsmonitor": hook,
        "core.pager": hook,
        "pager.remote": hook,
        "core.editor": hook,
        "core.askPass": hook,
        "credential.helper": hook,
        "alias.remote": f"!{hook}",
        "core.hooksPath": str(folder),
        "core.gitProxy": hook,
        "remote.origin.vcs": "ext",
        "remote.origin.uploadpack": hook,
        "filter.x.process": hook,
    }
    for name, text in settings.items():
        subprocess.run(["git", "config", name, text], check=True)
    (folder / "more").write_text(f"[core]\n\tsshCommand = {hook}\n")
    subprocess.run(["git", "config", "include.path", "../more"], check=True)
    assert meant()[0] == "acme/widgets"
    assert not touched.exists()


def test_ssh_is_asked_for_the_host_of_an_alias_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notes = fake_ssh(folder, monkeypatch, 'echo "user git"; echo "hostname github.com"')
    add("origin", "git@github.com-work:acme/widgets.git")
    assert meant() == meant() == ("acme/widgets", "the git remote origin")
    assert notes.read_text() == "-G -- github.com-work\n"


@pytest.mark.parametrize("alias", ["-oProxyCommand=x", "a;b", "$(id)", "a b", "`id`", "a|b", "", "ä", "a%h", "x" * 300])
def test_ssh_is_not_asked_for_what_is_no_host_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, alias: str) -> None:
    notes = fake_ssh(tmp_path, monkeypatch, 'echo "hostname github.com"')
    assert git.real_host(alias) == alias
    assert not notes.exists()


@pytest.mark.parametrize("body", ["exit 255", "echo nothing", "kill $$", "echo 'hostname github.com'; exit 1"])
def test_an_ssh_that_does_not_tell_leaves_the_name_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str
) -> None:
    fake_ssh(tmp_path, monkeypatch, body)
    assert git.real_host("work") == "work"
    git.real_host.cache_clear()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert git.real_host("work") == "work"


@pytest.mark.skipif(not shutil.which("ssh"), reason="needs ssh")
def test_the_real_ssh_understands_the_question() -> None:
    assert git.real_host("no-such-alias.test") == "no-such-alias.test"


@pytest.mark.parametrize(
    ("mode", "content", "why"), [(0o644, "#!/bin/sh\n", "permission denied"), (0o755, "\x7fELF", "exec format error")]
)
def test_a_git_that_can_not_be_started_is_told_from_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int, content: str, why: str
) -> None:
    (tmp_path / "git").write_text(content)
    (tmp_path / "git").chmod(mode)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match=f"git can't be started: {why}"):
        git.remotes_to_try()
