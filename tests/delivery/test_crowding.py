"""Commits wait for company where they stand in line anyway, and nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.delivery.crowding import Crowding


def after(*seconds: float) -> Crowding:
    crowding = Crowding()
    for one in seconds:
        crowding.took(one)
    return crowding


def test_nobody_waits_before_anything_is_known() -> None:
    assert Crowding().pause == 0


@given(st.floats(1e-5, 10), st.integers(1, 200))
def test_a_database_that_is_always_as_slow_is_far_away_and_nobody_waits(seconds: float, times: int) -> None:
    assert after(*[seconds] * times).pause == 0


def test_who_stands_in_line_waits_for_two_commits() -> None:
    assert after(0.001, *[0.005] * 50).pause == pytest.approx(0.010, rel=0.02)


def test_twice_the_quickest_is_no_crowd() -> None:
    assert after(0.001, *[0.002] * 50).pause == 0


def test_the_crowd_goes() -> None:
    assert after(0.001, *[0.005] * 50, *[0.001] * 20).pause == 0


def test_a_database_that_moved_away_is_got_used_to() -> None:
    assert after(0.001, *[0.005] * 400).pause > 0
    assert after(0.001, *[0.005] * 600).pause == 0
