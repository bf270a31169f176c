"""What becomes of alerts: told once when they begin and end, each day between, and not while something flickers."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as some

from syndicate.store.alerts import Alert
from syndicate.watch.alarms import Alarm, Kind
from syndicate.watch.changes import AGAIN, QUIET, changes
from tests.newsroom import MONDAY

RELAY = Alarm(Kind.RELAY, "smtp", "no route")
WAIT = timedelta(minutes=10)


def patience(kind: Kind) -> timedelta:
    return WAIT if kind is Kind.RELAY else timedelta(0)


def alert(*, began: datetime = MONDAY, seen: datetime = MONDAY, told: datetime | None = None) -> Alert:
    return Alert(
        id=1, kind="relay", about="smtp", said="", began_at=began, seen_at=seen, told_at=told, ended_at=None, owed=""
    )


def test_what_is_new_begins_and_is_told_when_it_lasts() -> None:
    assert changes([], [RELAY], patience, MONDAY).begin == [RELAY]
    soon = changes([alert()], [RELAY], patience, MONDAY + WAIT - timedelta(seconds=1))
    assert (soon.begin, soon.told) == ([], [])
    assert changes([alert()], [RELAY], patience, MONDAY + WAIT).told == [alert()]


def test_what_goes_on_is_told_once_a_day_and_what_is_over_a_while_later() -> None:
    told = alert(told=MONDAY)
    assert changes([told], [RELAY], patience, MONDAY + AGAIN - timedelta(seconds=1)).again == []
    assert changes([told], [RELAY], patience, MONDAY + AGAIN).again == [told]
    assert changes([told], [], patience, MONDAY + QUIET - timedelta(seconds=1)).ended == []
    assert changes([told], [], patience, MONDAY + QUIET).ended == [told]
    assert changes([alert()], [], patience, MONDAY + QUIET).passed == [alert()]


@given(some.lists(some.booleans(), max_size=200))
def test_whatever_happens_each_beginning_that_was_told_has_one_end(minutes: list[bool]) -> None:
    open_: list[Alert] = []
    said: list[str] = []
    now = MONDAY
    for is_down in [*minutes, *[False] * 12]:
        done = changes(open_, [RELAY] if is_down else [], patience, now)
        said += ["began"] * len(done.told) + ["ended"] * len(done.ended)
        gone = [*done.ended, *done.passed]
        known = {one: one for one in open_ if one not in gone}
        for one, _ in done.seen:
            known[one] = alert(began=one.began_at, seen=now, told=now if one in done.told else one.told_at)
        open_ = [*known.values(), *(alert(began=now, seen=now) for _ in done.begin)]
        assert len(open_) <= 1
        now += timedelta(minutes=1)
    assert open_ == []
    assert said == ["began", "ended"] * (len(said) // 2)
