"""The doctor's check `settings`: what variables say that ends a purge."""

from __future__ import annotations

import os

import pytest

import purger.cli.app  # noqa: F401 - it declares all variables
from purger.cli.doctor_settings import settings_described, settings_fault
from purger.cli.environment import known_variables
from purger.secrets import env_file


@pytest.fixture(autouse=True)
def _no_env_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(env_file, "_current", [env_file.EnvFile()])


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({}, []),
        ({"PURGER_BRANCH": "main dev", "PURGER_OLDER_THAN": "30d", "PURGER_GONE": "no", "PURGER_SHARD": "2/5"}, []),
        ({"PURGER_TRACE": "on", "PURGER_KEEP_OPEN": "yes", "PURGER_DRY_RUN": "1\n"}, []),
        ({"PURGER_OLDER_THAN": "nonsense"}, ["PURGER_OLDER_THAN 'nonsense' is not a duration"]),
        ({"PURGER_GONE": "maybe", "PURGER_SHARD": "9/5"}, ["PURGER_GONE 'maybe'", "PURGER_SHARD '9/5'"]),
        ({"PURGER_EXCLUDE": ""}, ["PURGER_EXCLUDE is empty"]),
        ({"PURGER_BRANCH": "'main'"}, ["PURGER_BRANCH holds quotes"]),
        ({"PURGER_BRNACH": "main"}, ["PURGER_BRNACH is not a variable"]),
        ({"PURGER_NEWER_THAN": "1d", "PURGER_OLDER_THAN": "2d"}, ["no cache is newer than 1 day"]),
        ({"PURGER_SLOW_MO": "-1"}, ["PURGER_SLOW_MO -1.0 is too small"]),
        ({"PURGER_GONE": "yes", "GITHUB_TOKEN": "two words"}, ["GITHUB_TOKEN contains white space"]),
        ({"GITHUB_TOKEN": "two words"}, []),
    ],
)
def test_what_a_purge_refuses_is_a_fault_and_what_an_option_completes_is_none(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], said: list[str]
) -> None:
    for name, text in variables.items():
        monkeypatch.setenv(name, text)
    fault = settings_fault()
    told = str(fault).split("; ") if fault else []
    assert len(told) == len(said), told
    assert all(one.startswith(text) for one, text in zip(told, said, strict=True)), told
    assert fault is None or fault.remedy


def test_variables_that_contradict_each_other_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PURGER_NEWER_THAN", "1d")
    monkeypatch.setenv("PURGER_OLDER_THAN", "2d")
    fault = settings_fault()
    assert fault is not None
    assert str(fault.remedy).endswith("Set as a variable, maybe in .env: PURGER_OLDER_THAN, PURGER_NEWER_THAN.")


def test_the_variables_that_count_are_named_without_their_values(monkeypatch: pytest.MonkeyPatch) -> None:
    for option in known_variables & set(os.environ):  # of whoever runs the tests, or left by another one
        monkeypatch.delenv(option)
    assert settings_described() == "no variable narrows or changes a purge"
    monkeypatch.setenv("PURGER_BRANCH", "topic")
    monkeypatch.setenv("PURGER_SETTLE", "9s")
    assert settings_described() == "taken from variables: PURGER_BRANCH, PURGER_SETTLE"
    for name in ("PURGER_HEADED", "PURGER_URL", "PURGER_PROXY"):
        monkeypatch.setenv(name, "1")
    named = "PURGER_BRANCH, PURGER_SETTLE, PURGER_HEADED, PURGER_URL, PURGER_PROXY"
    assert settings_described() == f"taken from variables: {named}"
