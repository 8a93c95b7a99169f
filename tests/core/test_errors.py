"""The exit code of each error, as the command-line contract has it, and the error's text."""

from __future__ import annotations

import inspect

import pytest

from purger.core import errors
from purger.core.errors import ExitCode, PurgerError

CONTRACT = {
    "OK": 0,
    "REMAINS": 1,
    "USAGE": 2,
    "ACCESS": 3,
    "SITE": 4,
    "BROWSER": 5,
    "NOT_A_CACHE_PROBLEM": 7,
    "UNWRITTEN": 8,
    "INTERRUPTED": 130,
    "TERMINATED": 143,
}
CODES = {
    "PurgerError": 1,
    "JobError": 1,
    "OutOfTimeError": 1,
    "InputError": 2,
    "AccessError": 3,
    "SiteError": 4,
    "NoAnswerError": 4,
    "LastingSiteError": 4,
    "UnknownPageError": 4,
    "BrowserError": 5,
    "BrowserLostError": 5,
    "UnexpectedError": 5,
    "MachineError": 5,
    "InstallationError": 5,
    "NotACacheProblemError": 7,
    "StoppedError": 130,
    "TerminatedError": 143,
}


def test_no_exit_code_of_the_contract_changes() -> None:
    assert {code.name: int(code) for code in ExitCode}.items() >= CONTRACT.items()


@pytest.mark.parametrize(("name", "code"), CODES.items())
def test_each_error_has_its_exit_code(name: str, code: int) -> None:
    error = getattr(errors, name)("no reason", remedy="Try again.")
    assert isinstance(error, PurgerError)
    assert error.exit_code == code


def test_every_error_of_the_module_has_a_code_above() -> None:
    declared = {name for name, each in inspect.getmembers(errors, inspect.isclass) if issubclass(each, PurgerError)}
    assert declared == set(CODES)


def test_the_text_of_an_error_is_what_and_where_without_the_remedy() -> None:
    error = errors.SiteError("the site is gone", where="https://api", remedy="Wait.")
    assert str(error) == "the site is gone (https://api)"
    assert (error.what, error.where, error.remedy) == ("the site is gone", "https://api", "Wait.")
    assert str(errors.SiteError("the site is gone")) == "the site is gone"
    assert error.args == ("the site is gone",)


def test_an_error_about_something_keeps_all_but_its_text() -> None:
    error = errors.LastingSiteError("the site is gone", where="https://api", remedy="Wait.")
    about = error.about("job 5 was not restarted")
    assert type(about) is errors.LastingSiteError
    assert str(about) == "job 5 was not restarted: the site is gone (https://api)"
    assert (about.args, about.remedy) == (("job 5 was not restarted: the site is gone",), "Wait.")
    assert error.what == "the site is gone"


def test_no_part_of_a_secret_is_left_where_a_fault_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("purger.core.text._hiders", [lambda text: text.replace("s3cret-Token", "REDACTED"), str])
    fault = ValueError(f"{'x' * 195}s3cret-Token")
    for error in (errors.UnexpectedError.of(fault), errors.MachineError.of(fault)):
        assert error.what.endswith("xREDAC")


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (ValueError("a\n  b"), "ValueError: a b"),
        (KeyError(), "KeyError"),
        (ValueError("x" * 300), f"ValueError: {'x' * 200}"),
    ],
    ids=range(3),
)
def test_a_fault_of_purgers_own_is_named_by_its_kind_and_in_one_short_line(fault: BaseException, said: str) -> None:
    error = errors.UnexpectedError.of(fault)
    assert error.what == f"purger failed in a way that it does not know: {said}"
    assert error.remedy is not None
    assert error.remedy.startswith("Please report this as a bug of purger's")


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (RuntimeError("can't start\n new thread"), "can't start new thread"),
        (MemoryError(), "no memory is left"),
        (OSError("x" * 300), "x" * 200),
    ],
    ids=range(3),
)
def test_a_fault_of_the_machine_has_the_words_of_the_system_in_one_short_line(fault: BaseException, words: str) -> None:
    error = errors.MachineError.of(fault)
    assert error.what == f"the machine gives purger too little memory, or too few threads or open files: {words}"
    assert error.remedy is not None
    assert error.remedy.startswith("Give it more: see `ulimit -a`")
