"""Waits that grow, and claims that outlast what was claimed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.settings import WebSub
from syndicate.websub.patience import MOST_FAILURES, claimed_until, may_recover, next_try

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def test_waits_double_up_to_six_hours() -> None:
    waits = [next_try(failures, NOW, 0) - NOW for failures in range(1, 12)]
    assert waits[:4] == [timedelta(minutes=minutes) for minutes in (1, 2, 4, 8)]
    assert waits[-1] == timedelta(hours=6)
    assert next_try(1, NOW, 1) - NOW == timedelta(seconds=75)
    in_all = sum((next_try(failures, NOW, 0) - NOW for failures in range(1, MOST_FAILURES)), timedelta(0))
    assert timedelta(days=5) < in_all < timedelta(days=7)


@given(st.integers(1, 10_000), st.floats(0, 1))
@settings(max_examples=50)
def test_no_wait_is_longer_than_that(failures: int, chance: float) -> None:
    assert timedelta(minutes=1) <= next_try(failures, NOW, chance) - NOW <= timedelta(hours=7.5)


def test_a_claim_outlasts_a_request() -> None:
    settings = WebSub.model_validate({"timeout": "1h"})
    assert claimed_until(NOW, settings) - NOW > settings.timeout


def test_what_may_recover() -> None:
    assert [status for status in (200, 301, 404, 410, 429, 500, 503) if may_recover(status)] == [429, 500, 503]
