"""Guessing is slow, and nobody is locked out by a stranger."""

from __future__ import annotations

from datetime import timedelta

from syndicate.desk.brakes import FORGOTTEN_AFTER, NAME, NETWORK, PAIR, Brakes, counters
from tests.feeds.newsroom import NOON

NONE = timedelta(0)


def test_each_try_after_the_free_ones_waits_twice_as_long() -> None:
    brakes, asked, now = Brakes(), counters("ana", "192.0.2.1/32", None), NOON
    assert [brakes.admit(asked, now) for _ in range(PAIR.free)] == [NONE] * PAIR.free
    for seconds in (1, 2, 4, 8):
        assert brakes.admit(asked, now) == timedelta(seconds=seconds)
        assert brakes.admit(asked, now + timedelta(seconds=seconds - 0.5)) == timedelta(seconds=0.5)
        now += timedelta(seconds=seconds)
        assert brakes.admit(asked, now) == NONE
    assert brakes.admit(asked, now + FORGOTTEN_AFTER + timedelta(seconds=1)) == NONE
    assert PAIR.wait(1000) == PAIR.longest


def test_a_right_one_begins_anew_for_them_but_not_for_the_network() -> None:
    brakes, mine = Brakes(), counters("ana", "192.0.2.1/32", None)
    for name in range(NETWORK.free):
        assert brakes.admit(counters(f"n{name}", "192.0.2.1/32", None), NOON) == NONE
        if name % 5 == 0:
            assert brakes.admit(mine, NOON) == NONE
            brakes.forgive(mine)
    assert brakes.admit(mine, NOON) > NONE
    assert brakes.admit(counters("ana", "192.0.2.2/32", None), NOON) == NONE


def test_a_stranger_does_not_lock_out_who_has_the_name() -> None:
    brakes = Brakes()
    now = NOON
    for network in range(200):
        brakes.admit(counters("ana", f"n{network}", None), now)
    assert NONE < brakes.admit(counters("ana", "another", None), now) <= NAME.longest
    assert brakes.admit(counters("ana", "n1", "her browser"), now) == NONE
    assert brakes.admit(counters("ben", "another", None), now) == NONE
