"""One declaration of an option: names, variables, default, and the values that are rejected."""

from __future__ import annotations

from dataclasses import dataclass, field, make_dataclass
from enum import StrEnum
from typing import Any

import pytest

from purger.core.errors import InputError
from purger.core.options import (
    SITE,
    Option,
    check_ranges,
    check_switch,
    chosen,
    declared,
    flag,
    is_on,
    number,
    parse_number,
    text,
    wait,
)
from purger.core.units import parse_duration_s


@dataclass(frozen=True, kw_only=True)
class Declared:
    """Settings with one option of each kind, and a field that is no option."""

    branch: str | None = text("--branch", "-b", panel=None, help="Only this branch.", refuse_empty=True)
    batch_size: int = number("--batch-size", default=50, at_least=1, panel=None, help="Rows in a batch.")
    settle_s: float = wait("--settle", default="5m", at_least=1, panel=None, help="Wait this long.")
    dry_run: bool = flag("--dry-run", "-n", panel=None, help="Delete nothing.")
    jobs: list[int] = field(default_factory=list)


OPTIONS: dict[str, Option] = {each.name: option for each, option in declared(Declared)}


def test_only_declared_fields_are_options_in_their_order() -> None:
    assert list(OPTIONS) == ["branch", "batch_size", "settle_s", "dry_run"]


def test_the_longest_name_is_the_name_and_the_variable_follows_from_it() -> None:
    assert (OPTIONS["branch"].name, OPTIONS["branch"].variables) == ("--branch", ("PURGER_BRANCH",))
    assert OPTIONS["dry_run"].variables == ("PURGER_DRY_RUN",)
    several = Option(names=("--url",), help="", panel=None, more_variables=("TRAVIS_ENDPOINT",))
    assert several.variables == ("PURGER_URL", "TRAVIS_ENDPOINT")
    assert Option(names=("--yes",), help="", panel=None, has_variable=False).variables == ()


def test_the_default_is_written_for_people_and_parsed_for_the_field() -> None:
    made = Declared()
    assert (made.batch_size, made.settle_s, made.dry_run, made.branch) == (50, 300.0, False, None)
    defaults = {name: option.default for name, option in OPTIONS.items()}
    assert defaults == {"branch": None, "batch_size": "50", "settle_s": "5m", "dry_run": None}
    assert OPTIONS["settle_s"].parse is not None
    assert OPTIONS["settle_s"].parse("2m") == 120


def test_an_empty_variable_is_an_error_only_where_the_option_says_so() -> None:
    OPTIONS["branch"].refuse_empty_variables({"PURGER_BRANCH": "main"})
    OPTIONS["branch"].refuse_empty_variables({})
    OPTIONS["batch_size"].refuse_empty_variables({"PURGER_BATCH_SIZE": ""})
    with pytest.raises(InputError, match="PURGER_BRANCH is empty"):
        OPTIONS["branch"].refuse_empty_variables({"PURGER_BRANCH": "  "})


@pytest.mark.parametrize("given", ["main\n", ["main", "develop\n"], "\n", "main\r"])
def test_a_filter_that_ends_with_a_line_break_is_rejected(given: str | list[str]) -> None:
    """The end of a block of YAML, or of a line of a Windows file: such a filter would silently select nothing."""
    with pytest.raises(InputError, match=r"^PURGER_BRANCH ends with a line break"):
        OPTIONS["branch"].value_of(given, "PURGER_BRANCH")
    assert OPTIONS["branch"].value_of("a\nb") == "a\nb"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"batch_size": 0}, "--batch-size 0 is too small"),
        ({"batch_size": float("nan")}, "--batch-size nan is too small"),
        ({"settle_s": 0.5}, "--settle 0.5 s is too small"),
        ({"settle_s": 7 * 86_400 + 1}, "--settle is longer than a week"),
    ],
)
def test_a_number_out_of_range_is_rejected(values: dict[str, float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        check_ranges(Declared(**values))  # type: ignore[arg-type]


def test_numbers_at_the_ends_of_the_range_are_accepted() -> None:
    check_ranges(Declared(batch_size=1, settle_s=1))
    check_ranges(Declared(settle_s=7 * 86_400, dry_run=False))


@pytest.mark.parametrize("text", ["1_0", "٣", "１２", "", "ten"])
@pytest.mark.parametrize("kind", [int, float])
def test_a_number_has_plain_digits(text: str, kind: type[int | float]) -> None:
    with pytest.raises(InputError, match="number"):
        parse_number(text, kind)


@pytest.mark.parametrize(
    ("given", "kind", "at_least", "remedy"),
    [
        ("ten", int, None, "Give a whole number."),
        ("0.5", int, 1, "Give a whole number, 1 or more."),
        ("ten", float, None, "Give a number."),
        ("ten", float, 0.5, "Give a number, 0.5 or more."),
    ],
)
def test_what_is_no_number_is_rejected_with_the_numbers_that_are_accepted(
    given: str, kind: type[int | float], at_least: float | None, remedy: str
) -> None:
    with pytest.raises(InputError) as caught:
        parse_number(given, kind, at_least)
    assert caught.value.what == f"'{given}' is not {remedy.removeprefix('Give ').partition(',')[0].rstrip('.')}"
    assert caught.value.remedy == remedy


def test_a_number_is_read_as_its_kind() -> None:
    assert [parse_number("7", int), parse_number("7.5", float)] == [7, 7.5]


def declaration(made: Any) -> tuple[Any, Option]:
    """Return the field's default and the option of a declaration that is made during the test."""
    ((each, option),) = declared(make_dataclass("Made", [("value", object, made)]))
    return each.default, option


def test_each_kind_of_declaration_says_what_its_option_is() -> None:
    assert declaration(text("--url", "-u", default="a", shown="the usual one", panel=SITE, help="Which.")) == (
        "a", Option(names=("--url", "-u"), help="Which.", panel=SITE, shown="the usual one"),
    )  # fmt: skip
    assert declaration(number("--rows", default=50, at_least=1, panel=None, help="Rows.")) == (
        50, Option(names=("--rows",), help="Rows.", panel=None, raw=int, metavar="N", default="50", at_least=1),
    )  # fmt: skip
    assert declaration(flag("--yes", "-y", panel=None, help="Yes.", is_hidden=True)) == (
        False, Option(names=("--yes", "-y"), help="Yes.", panel=None, raw=bool, is_hidden=True),
    )  # fmt: skip
    a_wait = Option(
        names=("--settle",), help="Wait.", panel=None, metavar="TIME", parse=parse_duration_s, default="5m", at_least=0,
        seconds_a_unit=1.0,
    )  # fmt: skip
    assert declaration(wait("--settle", default="5m", panel=None, help="Wait.")) == (300.0, a_wait)


def test_a_default_of_none_or_of_zero_is_not_written() -> None:
    default, option = declaration(wait("--timeout", default=None, panel=None, help="Stop."))
    assert (default, option.default) == (None, None)
    default, option = declaration(number("--spare", default=0, metavar="COUNT", panel=None, help="Spare."))
    assert (default, option.default, option.metavar) == (0, None, "COUNT")


def test_a_wait_without_a_value_is_in_every_range() -> None:
    check_ranges(make_dataclass("Made", [("value", object, wait("--timeout", default=None, panel=None, help=""))])())


class Order(StrEnum):
    """Choices of which two begin alike."""

    SIZE = "size"
    SITE = "site"
    NAME = "name"


ORDER = Option(names=("--order",), help="", panel=None, raw=Order)


def test_what_is_given_as_text_is_converted_to_the_type_of_the_option() -> None:
    assert OPTIONS["batch_size"].value_of("7") == 7
    assert OPTIONS["batch_size"].value_of(7) == 7
    assert OPTIONS["settle_s"].value_of("2m") == 120.0
    assert OPTIONS["branch"].value_of("7") == "7"
    assert ORDER.value_of("name") is Order.NAME
    assert ORDER.value_of(" name ") is Order.NAME
    assert Option(names=("--many",), help="", panel=None, raw=list[str]).value_of("a") == "a"


@pytest.mark.parametrize(
    ("option", "given", "what", "remedy"),
    [
        (OPTIONS["batch_size"], "x", "PURGER_X 'x' is not a whole number", "Give a whole number, 1 or more."),
        (OPTIONS["batch_size"], "0", "PURGER_X 0 is too small", "Give 1 or more."),
        (OPTIONS["settle_s"], "2w", "PURGER_X is longer than a week", "Give a week (1w) or less."),
        (ORDER, "nam", "PURGER_X 'nam' is not a choice", "Is name meant? Give size, site or name."),
    ],
)
def test_a_value_that_makes_no_sense_is_rejected_in_the_name_of_its_source(
    option: Option, given: str, what: str, remedy: str
) -> None:
    with pytest.raises(InputError) as caught:
        option.value_of(given, "PURGER_X")
    assert (caught.value.what, caught.value.remedy) == (what, remedy)


@pytest.mark.parametrize(
    ("said", "what"), [("is a folder", "PURGER_X is a folder"), ("--x is a folder", "--x is a folder")]
)
def test_the_source_is_named_once_and_the_place_is_kept(said: str, what: str) -> None:
    def refuse(given: str) -> object:
        raise InputError(said, where=given, remedy="Give a file.")

    with pytest.raises(InputError) as caught:
        Option(names=("--x",), help="", panel=None, parse=refuse).value_of("/srv", "PURGER_X")
    assert (caught.value.what, caught.value.where, caught.value.remedy) == (what, "/srv", "Give a file.")


def test_a_value_that_is_no_number_is_not_compared_with_the_range() -> None:
    never = Option(
        names=("--x",), help="", panel=None, at_least=1, parse=lambda given: None if given == "no" else given
    )
    assert (never.value_of("no"), never.value_of("yes")) == (None, "yes")


def test_a_wait_in_larger_units_is_at_most_a_week_too() -> None:
    days = Option(names=("--days",), help="", panel=None, seconds_a_unit=86_400.0)
    days.check(7)
    with pytest.raises(InputError, match="--days is longer than a week"):
        days.check(8)


def test_a_number_that_is_too_small_is_shown_in_a_few_digits() -> None:
    with pytest.raises(InputError, match=f"--batch-size -1{'0' * 18} is too small"):
        OPTIONS["batch_size"].check(-(10**30))


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("N", "Is name meant? "),
        ("nams", "Is name meant? "),
        ("sit", "Is site meant? "),
        ("SI", ""),
        ("xyz", ""),
        ("", ""),
    ],
)
def test_a_choice_that_is_likely_meant_is_named(given: str, meant: str) -> None:
    with pytest.raises(InputError) as caught:
        chosen(given, Order)
    assert caught.value.what == f"'{given}' is not a choice"
    assert caught.value.remedy == f"{meant}Give size, site or name."


@pytest.mark.parametrize(
    ("given", "switched_on"),
    [("", False), ("1", True), ("true", True), ("Yes", True), (" ON ", True), ("0", False), ("False", False),
     ("n", False), ("off", False)],
)  # fmt: skip
def test_a_variable_may_switch_an_option_in_several_words(given: str, switched_on: bool) -> None:
    check_switch(given)
    assert is_on(given) is switched_on


def test_the_variables_of_an_option_that_have_a_value_are_given() -> None:
    option = Option(names=("--x",), help="", panel=None, more_variables=("TRAVIS_X", "TRAVIS_Y"))
    given = {"TRAVIS_Y": "0", "PURGER_X": "1", "TRAVIS_X": "", "TRAVIS_Z": "1"}
    assert option.variables_given(given) == ["PURGER_X", "TRAVIS_Y"]


def test_a_word_that_switches_nothing_is_rejected() -> None:
    with pytest.raises(InputError, match="'maybe' is neither yes nor no") as caught:
        check_switch("maybe")
    assert caught.value.remedy == "Give 1, true, yes or on to switch it on; 0, false, no or off to switch it off."
