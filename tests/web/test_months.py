"""Months in addresses and time zones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.web.months import Month, month_of, months_back, named

BELGRADE = ZoneInfo("Europe/Belgrade")


@pytest.mark.parametrize(
    "text", ["2026-13", "2026-00", "26-11", "2026-1", "0000-01", "9999-12", "２０２６-11", "2026-11 ", "7"]
)
def test_what_names_no_month_is_none(text: str) -> None:
    assert named(text) is None


def test_a_month_begins_at_midnight_there() -> None:
    month = Month(2026, 12)
    assert named(str(month)) == month
    assert month.begin(BELGRADE).astimezone(UTC) == datetime(2026, 11, 30, 23, tzinfo=UTC)
    assert month.end(BELGRADE).astimezone(UTC) == datetime(2026, 12, 31, 23, tzinfo=UTC)
    assert month_of(datetime(2026, 11, 30, 23, tzinfo=UTC), BELGRADE) == month


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 3000), max_size=30))
def test_every_month_in_which_there_was_something_is_found_once(days: list[int]) -> None:
    instants = [datetime(2019, 1, 1, 22, 30, tzinfo=UTC) + timedelta(days=one) for one in days]

    def last_before(before: datetime | None) -> datetime | None:
        return max((one for one in instants if before is None or one < before), default=None)

    assert list(months_back(last_before, BELGRADE)) == sorted(
        {month_of(one, BELGRADE) for one in instants}, reverse=True
    )
