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


def test_an_error_about_something_keeps_all_but_its_text() -> None:
    error = errors.LastingSiteError("the site is gone", where="https://api", remedy="Wait.")
    about = error.about("job 5 was not restarted")
    assert type(about) is errors.LastingSiteError
    assert str(about) == "job 5 was not restarted: the site is gone (https://api)"
    assert (about.args, about.remedy) == (("job 5 was not restarted: the site is gone",), "Wait.")
    assert error.what == "the site is gone"
