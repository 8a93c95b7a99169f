"""Durations and sizes, parsed and formatted."""

from __future__ import annotations

import pytest

from purger.core.errors import InputError
from purger.core.units import LONGEST_S, age_text, parse_duration_s, parse_size_bytes, seconds_text, size_text


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("45m", 2700),
        ("12h", 43200),
        ("30d", 2592000),
        ("2w", 1209600),
        ("1.5s", 1.5),
        ("200ms", 0.2),
        ("7", 7),
        ("36525d", LONGEST_S),
        (" 5 H ", 18000),
    ],
)
def test_a_duration_is_parsed_as_seconds(text: str, seconds: float) -> None:
    assert parse_duration_s(text) == seconds


@pytest.mark.parametrize("text", ["", "-5s", "5 years", "s", "1e3s", "٣d", "nan", "5s5s", "9" * 12 + "s"])
def test_other_text_is_not_a_duration(text: str) -> None:
    with pytest.raises(InputError, match="not a duration"):
        parse_duration_s(text)


@pytest.mark.parametrize("text", ["6M", " 1.5 M "])
def test_months_are_not_taken_for_minutes(text: str) -> None:
    with pytest.raises(InputError, match="minutes or months"):
        parse_duration_s(text)


def test_a_duration_above_a_century_is_rejected() -> None:
    with pytest.raises(InputError, match=r"^'36526d' is too long"):
        parse_duration_s("36526d")


def test_a_number_without_a_unit_can_be_rejected() -> None:
    with pytest.raises(InputError):
        parse_duration_s("30", bare_seconds=False)


@pytest.mark.parametrize(
    ("text", "size"),
    [("500KB", 500_000), ("100mb", 10**8), ("1.5GB", 1_500_000_000), ("1MiB", 2**20), ("3 B", 3)],
)
def test_a_size_is_parsed_as_bytes(text: str, size: int) -> None:
    assert parse_size_bytes(text) == size


@pytest.mark.parametrize("text", ["", "5", "-1MB", "MB", "1XB", "1,5GB", "ten MB", "١MB"])
def test_other_text_is_not_a_size(text: str) -> None:
    with pytest.raises(InputError, match="not a size"):
        parse_size_bytes(text)


def test_sizes_and_ages_are_formatted_in_their_largest_unit() -> None:
    assert size_text(1_218_524_280) == "1.2 GB"
    assert age_text(7 * 86400) == "7 days"
    assert [age_text(seconds) for seconds in (-5, 0, 40 * 86400)] == ["a moment", "a moment", "40 days"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.43, "0.4 s"), (5, "5 s"), (9.96, "10.0 s"), (10.4, "10 s"), (119, "119 s"), (120, "2 min"), (300, "5 min")],
)
def test_short_durations_are_formatted_in_seconds_and_minutes(seconds: float, text: str) -> None:
    assert seconds_text(seconds) == text
