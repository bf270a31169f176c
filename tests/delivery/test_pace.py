"""How fast mail may go: buckets, quotas, warm-up, lowering and raising, on any clock."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from syndicate.delivery.pace import FIRST_BLOCK, Pace
from syndicate.settings import Rate, WarmUp

NOW = datetime(2026, 3, 2, 7, tzinfo=UTC)
DAY = 86400


def goes(pace: Pace, now: datetime, at_most: int = 1000) -> int:
    """How many may go at that instant."""
    count = 0
    while count < at_most and pace.wait(now) <= 0:
        pace.take(now)
        count += 1
    return count


def kept(pace: Pace, rates: tuple[Rate, ...] = (), warm_up: WarmUp | None = None) -> Pace:
    """The same after a restart."""
    again = Pace(rates, warm_up, NOW)
    again.remember(json.loads(json.dumps(pace.facts())))
    return again


def test_nothing_set_is_no_limit() -> None:
    pace = Pace((), None, NOW)
    assert goes(pace, NOW) == 1000
    assert not pace.is_set


def test_a_second_gives_a_seconds_worth() -> None:
    pace = Pace((Rate(14, 1),), None, NOW)
    assert goes(pace, NOW) == 14
    assert 0 < pace.wait(NOW) <= 1 / 14
    assert goes(pace, NOW + timedelta(seconds=0.5)) == 7
    assert goes(pace, NOW + timedelta(hours=9)) == 14


@given(st.lists(st.floats(-2 * DAY, 2 * DAY), max_size=20))
def test_a_clock_that_jumps_makes_no_tokens(jumps: list[float]) -> None:
    pace = Pace((Rate(14, 1),), None, NOW)
    now = NOW
    for jump in jumps:
        now += timedelta(seconds=jump)
        assert goes(pace, now) <= 14
    assert pace.wait(now) <= 1


@given(st.lists(st.integers(0, 3 * 3600), min_size=1, max_size=40))
def test_no_day_has_more_than_its_quota(steps: list[int]) -> None:
    pace = Pace((Rate(50, DAY),), None, NOW)
    now, sent = NOW, list[datetime]()
    for step in steps:
        now += timedelta(seconds=step)
        sent += [now] * goes(pace, now, 30)
    for first in sent:
        assert sum(1 for one in sent if first <= one < first + timedelta(days=1)) <= 50


def test_a_used_quota_says_when_it_goes_on_and_is_kept() -> None:
    rates = (Rate(50, DAY),)
    pace = Pace(rates, None, NOW)
    assert goes(pace, NOW) == 50
    again = kept(pace, rates)
    wait = again.wait(NOW)
    assert DAY <= wait <= DAY * 25 / 24
    assert goes(again, NOW + timedelta(seconds=wait)) == 50


def test_a_new_sender_doubles_each_day() -> None:
    warm_up = WarmUp(200, 1000)
    pace = Pace((), warm_up, NOW)
    for day, allowed in enumerate((200, 400, 800, 1000, 1000)):
        now = NOW + timedelta(days=day)
        assert goes(pace, now, 5000) == allowed
        pace = kept(pace, (), warm_up)
        assert goes(pace, now, 5000) == 0
        assert 0 < pace.wait(now) <= DAY


def test_too_fast_halves_it_and_quiet_minutes_give_it_back() -> None:
    rates = (Rate(20, 1),)
    pace = Pace(rates, None, NOW)
    pace.lower(NOW, 1000, "452 4.7.0 slow down")
    pace.lower(NOW + timedelta(seconds=1), 1000, "452 4.7.0 slow down")
    assert (pace.rate, pace.is_remarkable) == (10, True)
    pace = kept(pace, rates)
    assert (pace.rate, pace.words) == (10, "452 4.7.0 slow down")
    assert pace.wait(NOW + timedelta(seconds=1)) == 0
    pace.wait(NOW + timedelta(seconds=61))
    assert pace.rate == 12
    pace.wait(NOW + timedelta(minutes=6))
    assert (pace.rate, pace.is_remarkable) == (20, False)


def test_without_a_set_rate_it_is_lowered_from_what_was_measured_and_ends_free() -> None:
    pace = Pace((), None, NOW)
    pace.lower(NOW, 8, "451 too many")
    assert pace.rate == 4
    pace.wait(NOW + timedelta(minutes=30))
    assert not pace.is_set


def test_a_block_is_longer_each_time_until_something_is_taken() -> None:
    pace = Pace((), None, NOW)
    until = pace.block(NOW, "550 5.7.26")
    assert until == NOW + FIRST_BLOCK
    assert pace.block(NOW + timedelta(minutes=1), "again") == until
    pace = kept(pace)
    assert pace.wait(NOW) == FIRST_BLOCK.total_seconds()
    assert pace.block(until, "550 5.7.26") == until + 2 * FIRST_BLOCK
    pace.accepted()
    assert (pace.wait(until), pace.is_remarkable) == (0, False)
