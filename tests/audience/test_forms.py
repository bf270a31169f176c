from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.audience.forms import FASTEST, Stamps, is_automatic

NOW = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)
STAMPS = Stamps("a secret of this test, 32 characters or more")


@pytest.mark.parametrize(
    ("trap", "stamp", "automatic"),
    [
        ("", STAMPS.stamp(NOW - timedelta(seconds=9)), False),
        ("  ", STAMPS.stamp(NOW - timedelta(days=90)), False),
        ("", None, False),
        ("https://spam.example", None, True),
        ("x", STAMPS.stamp(NOW - timedelta(seconds=9)), True),
        ("", STAMPS.stamp(NOW - FASTEST + timedelta(seconds=1)), True),
        ("", STAMPS.stamp(NOW + timedelta(minutes=1)), True),
        ("", "", True),
        ("", Stamps("another secret of this test").stamp(NOW - timedelta(seconds=9)), True),
    ],
)
def test_people_and_programs(trap: str, stamp: str | None, automatic: bool) -> None:
    assert is_automatic(trap=trap, stamp=stamp, stamps=STAMPS, now=NOW) is automatic


@given(st.datetimes(datetime(1970, 1, 2), datetime(9000, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_a_stamp_says_when(shown: datetime) -> None:
    assert STAMPS.shown_at(STAMPS.stamp(shown)) == shown.replace(microsecond=0)


@given(st.text(max_size=60))
def test_no_other_text_is_a_stamp(text: str) -> None:
    assert STAMPS.shown_at(text) is None


@given(st.integers(0, 10**9), st.integers(1, 10**9))
def test_no_stamp_can_be_made_older(second: int, earlier: int) -> None:
    mac = STAMPS.stamp(datetime.fromtimestamp(second + earlier, UTC)).partition("-")[2]
    assert STAMPS.shown_at(f"{second}-{mac}") is None
