"""One declaration of an option: names, variables, default, and the values that are rejected."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from purger.core.errors import InputError
from purger.core.options import Option, check_ranges, declared, flag, number, parse_number, text, wait


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


@pytest.mark.parametrize("given", ["main\n", ["main", "develop\n"], "\n"])
def test_a_filter_that_ends_with_a_line_break_is_rejected(given: str | list[str]) -> None:
    """The end of a block of YAML: such a filter would silently select nothing."""
    with pytest.raises(InputError, match=r"^PURGER_BRANCH ends with a line break"):
        OPTIONS["branch"].value_of(given, "PURGER_BRANCH")
    assert OPTIONS["branch"].value_of("a\nb") == "a\nb"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"batch_size": 0}, "--batch-size 0 is too small"),
        ({"batch_size": float("nan")}, "--batch-size nan is too small"),
        ({"settle_s": 0.5}, "--settle 0.5 is too small"),
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
