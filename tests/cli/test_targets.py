"""Which repositories a command is about: as named, else of the CI job, else of the git remote."""

from __future__ import annotations

import io
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch

import pytest
from rich.console import Console

from purger.cli.output import Output
from purger.cli.targets import one_repository, targets_from
from purger.core.errors import InputError
from purger.core.policies import Policies
from purger.core.selection import Selection
from purger.purge.run import Run
from purger.report.build import run_report
from purger.report.json_document import to_json
from purger.travis.addresses import Repository, Site
from tests.support.command_line import Command

pytestmark = pytest.mark.cli


def test_without_a_name_the_repository_is_that_of_the_job_or_the_folder(
    command: Command, runs: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    subprocess.run(["git", "init", "-q"], check=True)
    subprocess.run(["git", "remote", "add", "origin", "git@github.com:acme/folder.git"], check=True)
    ended = command("list")
    assert "acme/folder, from the git remote origin" in ended.err
    monkeypatch.setenv("TRAVIS_REPO_SLUG", "acme/job")
    monkeypatch.setenv("TRAVIS_TOKEN", "token-for-tests")
    assert "acme/job, from TRAVIS_REPO_SLUG" in command("list").err
    assert [str(run.request.repositories[0]) for run in runs] == ["acme/folder", "acme/job"]


@pytest.mark.parametrize(
    ("travis", "remote", "meant"),
    [
        ("true", "https://gitlab.com/acme/job.git", "gitlab/acme/job"),
        ("true", "git@bitbucket.org:Acme/Job.git", "bitbucket/Acme/Job"),
        ("true", "https://github.com/acme/job.git", "acme/job"),
        ("true", "https://gitlab.com/acme/other.git", "acme/job"),
        ("true", "https://git.acme.org/acme/job.git", "acme/job"),
        ("true", None, "acme/job"),
        ("", "https://gitlab.com/acme/job.git", "acme/job"),
    ],
)
def test_the_provider_of_a_jobs_repository_is_that_of_its_clone(
    monkeypatch: pytest.MonkeyPatch, travis: str, remote: str | None, meant: str
) -> None:
    monkeypatch.setenv("TRAVIS_REPO_SLUG", "acme/job")
    monkeypatch.setenv("TRAVIS", travis)
    subprocess.run(["git", "init", "-q"], check=True)
    if remote:
        subprocess.run(["git", "remote", "add", "origin", remote], check=True)
    assert list(map(str, targets_from([], None, Site())[0])) == [meant]


@pytest.mark.parametrize("remote", ["/srv/acme/widgets", "../acme/widgets", "acme/widgets"])
def test_a_remote_that_is_a_folder_names_no_repository(command: Command, runs: list[Run], remote: str) -> None:
    subprocess.run(["git", "init", "-q"], check=True)
    subprocess.run(["git", "remote", "add", "origin", remote], check=True)
    ended = command("purge", "-y")
    assert (ended.code, runs) == (2, [])
    assert "Name it, as owner/name." in ended.err


def test_resuming_a_report_that_is_done_deletes_nothing(command: Command, runs: list[Run]) -> None:
    done = run_report([], None, datetime.now(UTC), selection=Selection())
    Path("report.json").write_text(to_json(done))
    ended = command("purge", "--resume", "report.json", "-y")
    assert ended.code == 0
    assert "Nothing is left to do: every repository of the report was done." in ended.err
    assert runs[0].request.repositories == []


@pytest.mark.parametrize(("folder", "how"), [("kept", "-y"), ("kept", "--dry-run"), ("other", "-y")])
def test_a_report_of_nothing_does_not_replace_the_one_that_is_resumed(
    command: Command, runs: list[Run], folder: str, how: str
) -> None:
    Path("kept").mkdir()
    former = to_json(run_report([], None, datetime.now(UTC), selection=Selection()))
    files = {Path("kept", name): f"{former}\n" for name in ("report.json", "report.html", "before.png")}
    for path, text in files.items():
        path.write_text(text)
    ended = command("purge", "--resume", "kept/report.json", how, "--artifacts", folder, "--trace", "on")
    assert (ended.code, len(runs)) == (0, 1), ended.err
    assert {path: path.read_text() for path in files} == files
    assert Path(folder, "report.json").is_file()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_files_of_names_and_reports_may_begin_with_a_byte_order_mark(
    command: Command, runs: list[Run], encoding: str
) -> None:
    Path("names.txt").write_text("acme/a\r\nacme/b\r\n", encoding)
    assert [str(target) for target in targets_from([], "names.txt", Site())[0]] == ["acme/a", "acme/b"]
    Path("report.json").write_text(to_json(run_report([], None, datetime.now(UTC), selection=Selection())), encoding)
    assert command("purge", "--resume", "report.json", "-y").code == 0
    assert runs[0].request.repositories == []


@pytest.mark.usefixtures("former")
@pytest.mark.parametrize("lines", ["PURGER_BRANCH=main\n", "PURGER_LIMIT=3\n", "PURGER_OLDER_THAN=1d\n"])
def test_the_variables_need_not_be_all_that_the_former_run_had(command: Command, runs: list[Run], lines: str) -> None:
    Path(".env").write_text(lines)
    ended = command("purge", "--resume", "report.json", "-y")
    assert ended.code == 0, ended.err
    selection = runs[0].request.selection
    assert (selection.branches, selection.older_than_s, selection.policies.limit) == (("main",), 86_400.0, 3)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_names_of_stdin_are_read_as_those_of_a_file(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO("acme/a # für\r\n".encode(encoding)), "ascii"))
    assert [str(target) for target in targets_from([], "-", Site())[0]] == ["acme/a"]


def test_a_person_at_a_terminal_is_told_how_to_give_the_names(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(b"acme/a\n"))
    monkeypatch.setattr("sys.stdin", stdin)
    targets_from([], "-", Site())
    assert capsys.readouterr().err == ""
    stdin = io.TextIOWrapper(io.BytesIO(b"acme/a\n"))
    monkeypatch.setattr(stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stdin", stdin)
    targets_from([], "-", Site())
    assert capsys.readouterr().err == "Write the repositories, one a line, then press Ctrl-D.\n"


def test_names_of_a_file_have_comments_and_each_is_meant_once() -> None:
    Path("names.txt").write_text("# all of ours\nacme/a  # the first\n\nacme/b\nacme/a\n")
    targets, source = targets_from(["acme/b", "acme/*"], "names.txt", Site())
    assert [str(target) for target in targets] == ["acme/b", "acme/*", "acme/a"]
    assert source is None


@pytest.mark.parametrize("line", ["acme/a# it", "acme/a#", "acme/a\t#i#t", "https://github.com/acme/a#it"])
def test_a_comment_stands_behind_or_before_a_blank(line: str) -> None:
    Path("names.txt").write_text(f"{line}\n#acme/b\n")
    assert [str(target) for target in targets_from([], "names.txt", Site())[0]] == ["acme/a"]


@pytest.mark.parametrize("line", ["acme/a#main", "acme/a#main # it", "acme/*#main"])
def test_what_may_be_a_branch_of_a_repository_in_a_file_is_no_comment(
    command: Command, runs: list[Run], line: str
) -> None:
    Path("names.txt").write_text(f"{line}\n")
    ended = command("purge", "--from-file", "names.txt", "-y")
    assert (ended.code, runs) == (2, [])
    assert f"'{line.partition(' ')[0]}' does not name a repository (names.txt, line 1)" in ended.err
    Path("names.txt").write_text(f"acme/a#{'s3cret' * 20}\n")
    assert "s3cret" not in command("purge", "--from-file", "names.txt", "-y").err


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_of_names_that_cannot_be_read_is_an_error(content: bytes | None) -> None:
    if content is not None:
        Path("names.txt").write_bytes(content)
    with pytest.raises(InputError, match="the list of repositories can't be read"):
        targets_from([], "names.txt", Site())


def test_an_empty_file_of_names_means_no_repository_and_not_the_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAVIS_REPO_SLUG", "acme/job")
    Path("names.txt").write_text("# none\n")
    assert targets_from([], "names.txt", Site()) == ([], None)


def test_a_variable_that_names_no_repository_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAVIS_REPO_SLUG", "widgets")
    with pytest.raises(InputError, match=r"^'widgets' does not name a repository") as refused:
        targets_from([], None, Site())
    assert str(refused.value).endswith("(TRAVIS_REPO_SLUG)")


@pytest.fixture
def former() -> None:
    """The report of a run with a filter and a policy, none of whose repositories are left."""
    selection = Selection(branches=("main",), older_than_s=86_400.0, policies=Policies(limit=3))
    Path("report.json").write_text(to_json(run_report([], None, datetime.now(UTC), selection=selection)))


@pytest.mark.usefixtures("former")
@pytest.mark.parametrize(
    "more",
    [
        ["acme/widgets"],
        ["--from-file", "names.txt"],
        ["--branch", "dev"],
        ["--exclude", "dev"],
        ["--branch", "main", "--older-than", "24h", "--limit", "2"],
        ["--branch", "main", "--older-than", "1d", "--limit", "3", "--gone"],
    ],
)
def test_a_report_to_resume_takes_neither_names_nor_filters(command: Command, runs: list[Run], more: list[str]) -> None:
    ended = command("purge", "--resume", "report.json", "-y", *more)
    assert (ended.code, runs) == (2, [])
    assert "--resume takes its repositories and filters from the report" in ended.err
    assert "also in variables and .env" in ended.err


@pytest.mark.usefixtures("former")
@pytest.mark.parametrize("path", ["names.txt", "~/names.txt"])
def test_what_the_former_run_had_from_variables_may_still_be_set_when_it_is_resumed(
    command: Command, runs: list[Run], monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    Path(".env").write_text(f"PURGER_BRANCH=main\nPURGER_OLDER_THAN=24h\nPURGER_FROM_FILE={path}\n")
    monkeypatch.setenv("PURGER_LIMIT", "3")
    assert command("purge", "--resume", "report.json", "-y").code == 0
    assert runs[0].request.repositories == []


def test_a_line_that_is_no_name_is_told_by_its_number(command: Command, runs: list[Run]) -> None:
    Path("names.txt").write_text("# ours\nacme/a\n\nacme/b, acme/c  # two\n")
    ended = command("purge", "--from-file", "names.txt", "-y")
    assert (ended.code, runs) == (2, [])
    assert "names.txt, line 4" in ended.err


@pytest.mark.parametrize("path", ["names.txt", "~/names.txt"])
@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["acme/a"], ["acme/a"]),
        ([], ["acme/b"]),
        (["acme/a", "--from-file", "more.txt"], ["acme/a", "acme/c"]),
        (["acme/a", "--from-file", "names.txt"], ["acme/a", "acme/b"]),
    ],
)
def test_what_is_named_overrides_the_variable_of_a_list(
    command: Command, runs: list[Run], monkeypatch: pytest.MonkeyPatch, words: list[str], meant: list[str], path: str
) -> None:
    Path("names.txt").write_text("acme/b\n")
    Path("more.txt").write_text("acme/c\n")
    monkeypatch.setenv("PURGER_FROM_FILE", path)
    assert command("purge", "-y", *words).code == 0
    assert [str(one) for one in runs[0].request.repositories] == meant


@pytest.mark.parametrize(
    "line",
    [
        "machine api.acme.org password unl1sted",
        "HOME=/root\0TOKEN=unl1sted",
        "TRAVIS_TOKEN=unl1sted",
        "https://me:unl1sted#1@git.example.org/acme/a",
        f"unl1sted{'x' * 60}",
        "unl1sted\u200b",
    ],
)
def test_a_line_that_is_likely_no_mistyped_name_is_not_shown(command: Command, runs: list[Run], line: str) -> None:
    Path("names.txt").write_text(f"acme/a\n{line}\n")
    ended = command("list", "--from-file", "names.txt", "--json")
    assert (ended.code, runs) == (2, [])
    assert "The line does not name a repository (names.txt, line 2)" in ended.err
    assert "Write one name a line: owner/name" in ended.err
    assert "unl1sted" not in ended.err + ended.out


@pytest.mark.parametrize("line", ["unl1sted", "unl1sted/a/b", "https://unl1sted.example.org/a/b"])
def test_no_line_of_a_list_that_the_file_of_a_folder_names_is_shown(command: Command, line: str) -> None:
    Path("names.txt").write_text(f"{line}\n")
    Path(".env").write_text("PURGER_FROM_FILE=names.txt\n")
    assert "unl1sted" in command("list", "--from-file", "names.txt").err, "named by an option, it is shown"
    with patch.dict(os.environ, {"TRAVIS_TOKEN": "token-for-tests"}):
        ended = command("list")
    assert ended.code == 2
    assert "The line does not name a repository (names.txt, line 1)" in ended.err
    assert "unl1sted" not in ended.err


def test_a_list_without_a_name_is_told(command: Command, runs: list[Run]) -> None:
    Path("names.txt").write_text("# none yet\n\n")
    ended = command("purge", "--from-file", "names.txt", "-y")
    assert (ended.code, runs[0].request.repositories) == (0, [])
    assert "Nothing is to do: the list names no repository." in ended.err


def output() -> Output:
    return Output(json=False, verbosity=0, data=Console(file=io.StringIO()), notes=Console(file=io.StringIO()))


def written(console: Console) -> str:
    file = console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


def test_where_one_repository_is_needed_an_owner_is_refused() -> None:
    made = output()
    assert one_repository(made, "acme/widgets", Site()) == Repository("github", "acme", "widgets")
    with pytest.raises(InputError, match="means many repositories"):
        one_repository(made, "acme/*", Site())


def test_the_source_of_a_repository_is_noted_only_where_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAVIS_REPO_SLUG", "acme/job")
    named, found = output(), output()
    one_repository(named, "acme/widgets", Site())
    assert written(named.notes) == ""
    assert one_repository(found, None, Site()) == Repository("github", "acme", "job")
    assert written(found.notes) == "Repository acme/job, from TRAVIS_REPO_SLUG.\n"
    assert written(found.data) == ""
