"""Durations and sizes, parsed and formatted."""

from __future__ import annotations

import pytest

from purger.core.errors import InputError
from purger.core.units import (
    LARGEST_BYTES,
    LONGEST_S,
    age_text,
    exact_age_text,
    exact_size_text,
    parse_duration_s,
    parse_size_bytes,
    seconds_text,
    size_text,
)


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


@pytest.mark.parametrize(
    "text", ["", "-5s", "5 years", "s", "1e3s", "٣d", "nan", "5s5s", "9" * 12 + "s", "5MS", "5Ms", "5mſ"]
)
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
    [
        ("500KB", 500_000),
        ("100mb", 10**8),
        ("1.5GB", 1_500_000_000),
        ("1MiB", 2**20),
        ("3 B", 3),
        ("2.01KB", 2010),
        ("1.1GiB", 1_181_116_006),
        ("1000000TB", LARGEST_BYTES),
    ],
)
def test_a_size_is_parsed_as_bytes(text: str, size: int) -> None:
    assert parse_size_bytes(text) == size


@pytest.mark.parametrize("text", ["", "5", "-1MB", "MB", "1XB", "1,5GB", "ten MB", "١MB", "0.5B", "1kıb"])
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


def test_every_size_with_two_decimals_is_exact() -> None:
    sizes = range(1, 7000)
    assert [parse_size_bytes(f"{size / 100:.2f}KB") for size in sizes] == [size * 10 for size in sizes]


def test_a_size_that_no_cache_has_is_rejected() -> None:
    with pytest.raises(InputError, match="too large"):
        parse_size_bytes("9999999999TB")


@pytest.mark.parametrize(
    ("text", "quoted"),
    [("500KB", "500 KB"), ("1.25GB", "1.25 GB"), ("1GiB", "1 GiB"), ("1.5MiB", "1.5 MiB"), ("999B", "999 bytes"),
     ("1234567B", "1,234,567 bytes"), ("0B", "0 bytes"), ("1001KB", "1.001 MB")],
)  # fmt: skip
def test_a_size_is_quoted_as_what_it_is(text: str, quoted: str) -> None:
    size_bytes = parse_size_bytes(text)
    assert exact_size_text(size_bytes) == quoted
    assert parse_size_bytes(quoted.replace("bytes", "B").replace(",", "")) == size_bytes


@pytest.mark.parametrize(
    ("text", "quoted"),
    [("36h", "36 hours"), ("47h", "47 hours"), ("24h", "1 day"), ("30d", "30 days"), ("90m", "90 minutes"),
     ("61s", "61 seconds"), ("1.5s", "1.5 seconds"), ("2w", "14 days")],
)  # fmt: skip
def test_an_age_is_quoted_as_what_it_is(text: str, quoted: str) -> None:
    assert exact_age_text(parse_duration_s(text)) == quoted
