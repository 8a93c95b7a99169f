"""The site's clock is known from the first response with a date, and from no other text."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from purger.travis.site_clock import SiteClock
from tests.support.builders import NOW


def clock() -> SiteClock:
    return SiteClock(lambda: NOW)


@pytest.mark.parametrize(
    ("date", "hours"),
    [
        ("Sun, 01 Mar 2026 12:00:00 GMT", 0),
        ("Sun, 01 Mar 2026 10:00:00 GMT", -2),
        ("Sun, 01 Mar 2026 13:00:00 -0000", 1),
        ("Sun, 01 Mar 2026 12:00:00 +0200", -2),
    ],
)
def test_the_offset_is_the_sites_time_less_the_machines(date: str, hours: int) -> None:
    there = clock()
    there.compare(date)
    assert there.offset == timedelta(hours=hours)
    assert there.now() == NOW + timedelta(hours=hours)


def test_the_first_date_decides() -> None:
    there = clock()
    for date in (None, "", "Sun, 01 Mar 2026 11:00:00 GMT", "Sun, 01 Mar 2026 15:00:00 GMT"):
        there.compare(date)
    assert there.offset == timedelta(hours=-1)


@pytest.mark.parametrize("date", ["soon", "Sun, 01 Mar 9999 12:00:00 GMT", "7"])
def test_what_is_no_date_of_today_is_passed_over(date: str) -> None:
    there = clock()
    there.compare(date)
    assert there.offset is None
    assert there.now() == NOW


@given(st.text())
def test_no_header_raises(date: str) -> None:
    clock().compare(date)
