"""Readers who get their digest at the slot's time where they live, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from syndicate.audience.preferences import describe
from syndicate.audience.subscribe import subscribe
from syndicate.model import Digest, DigestState
from syndicate.store import digests, subscribers
from tests.newsroom import MONDAY, Newsroom, newsroom

HOME = {
    "timezone": "Europe/Belgrade",
    "send_in": "subscriber",
    "cadences": {"daily": "0 7 * * *", "weekly": "0 7 * * mon"},
}
SUNDAY = datetime(2026, 3, 1, 13, tzinfo=UTC)
"""Eight in New York."""


@pytest.fixture
def room(tmp_path: Path, store_url: str) -> Iterator[Newsroom]:
    with newsroom(tmp_path, store_url=store_url, **HOME) as opened:
        opened.clock.now = SUNDAY
        opened.compose()
        yield opened


def joins(room: Newsroom, who: str, timezone: str | None = None, **given: Any) -> int:
    """Subscribes someone who lives there; returns the subscription."""
    store, newsletters = room.app.store, room.app.settings.newsletters
    joined = subscribe(
        store, newsletters, email=f"{who}@example.org", timezone=timezone, consent="", now=room.clock(), **given
    )
    return joined.subscriptions[0].id


def hours(room: Newsroom, count: int) -> list[tuple[str, Digest]]:
    """Lets hours pass, composing in each; what was composed, with when (UTC)."""
    composed = []
    for _ in range(count):
        room.clock.pass_by(hours=1)
        composed += [(f"{room.clock():%d %H}", one) for one in room.compose()]
    return composed


def zones(room: Newsroom, digest: Digest) -> tuple[str, ...]:
    with room.app.store.read() as connection:
        return digests.zones_of(connection, digest.id)


def test_seven_in_the_morning_for_everyone(room: Newsroom) -> None:
    joins(room, "home")
    joins(room, "berlin", "Europe/Berlin")
    joins(room, "tokyo", "Asia/Tokyo")
    joins(room, "york", "America/New_York")
    first = room.article("First")
    composed = hours(room, 30)
    assert [(at, zones(room, one)) for at, one in composed] == [
        ("01 22", ("Asia/Tokyo",)),
        ("02 06", ("", "Europe/Berlin")),
        ("02 12", ("America/New_York",)),
    ]
    assert [room.equation(one.id).planned for _, one in composed] == [1, 2, 1]
    assert {articles for _, one in composed for articles in room.texts(one.id)} == {(first,)}
    assert hours(room, 30) == []


def test_each_slot_once_and_nobody_twice(room: Newsroom) -> None:
    person = joins(room, "traveller", "Asia/Tokyo")
    joins(room, "stays", "America/New_York")
    room.article("First")
    assert [at for at, _ in hours(room, 12)] == ["01 22"]
    describe(room.app.store, person, timezone="America/New_York", now=room.clock())
    [(at, digest)] = hours(room, 14)
    assert (at, room.equation(digest.id).planned) == ("02 12", 1)
    second = room.article("Second")
    [(_, digest)] = hours(room, 24)
    assert (room.equation(digest.id).planned, room.texts(digest.id)) == (2, [(second,)])


def test_who_joins_after_the_slot_waits_for_the_next(room: Newsroom) -> None:
    room.clock.pass_by(hours=12)  # 09:00 in Tokyo
    room.article("First")
    joins(room, "tokyo", "Asia/Tokyo", cadence="weekly")
    assert [zones(room, one) for _, one in hours(room, 20)] == []
    assert room.equation().planned == 0
    room.article("Second")
    [(at, digest)] = hours(room, 24 * 7)
    assert (at, zones(room, digest)) == ("08 22", ("Asia/Tokyo",))


def test_the_mail_is_dated_where_it_arrives(room: Newsroom) -> None:
    joins(room, "auckland", "Pacific/Auckland")
    room.article("First")
    [(at, digest)] = hours(room, 12)
    assert at == "01 18"
    with room.app.store.read() as connection:
        [variant] = digests.variants_of(connection, digest.id)
    assert "Monday, 2 March 2026" in variant.parts.text


def test_a_digest_that_waits_is_for_its_own_zone(tmp_path: Path, store_url: str) -> None:
    with newsroom(tmp_path, store_url=store_url, review=True, **HOME) as room:
        room.clock.now = SUNDAY
        room.compose()
        for who, zone in (("tokyo", "Asia/Tokyo"), ("york", "America/New_York")):
            joins(room, who, zone)
        room.article("First")
        (_, tokyo), (_, york) = hours(room, 30)
        assert {tokyo.state, york.state} == {DigestState.REVIEW}
        with room.app.store.read() as connection:
            assert (digests.owed(connection, tokyo), digests.get(connection, tokyo.id).state) == (1, DigestState.REVIEW)
        assert room.app.digests.approve(tokyo.id, room.clock())[1] == 1
        assert room.app.digests.approve(york.id, room.clock())[1] == 1


def test_the_next_slot_of_a_zone_carries_what_waits_there(tmp_path: Path, store_url: str) -> None:
    with newsroom(tmp_path, store_url=store_url, review=True, **HOME) as room:
        room.clock.now = SUNDAY
        room.compose()
        joins(room, "tokyo", "Asia/Tokyo")
        joins(room, "york", "America/New_York")
        first = room.article("First")
        (_, tokyo), (_, york) = hours(room, 25)
        [(_, following)] = hours(room, 10)
        with room.app.store.read() as connection:
            states = [digests.get(connection, one.id).state for one in (tokyo, york, following)]
        assert states == [DigestState.CANCELLED, DigestState.REVIEW, DigestState.REVIEW]
        assert room.texts(following.id) == [(first,)]


@pytest.mark.parametrize(
    ("night", "expected"),
    [
        (datetime(2026, 3, 28, 12, tzinfo=UTC), "29 01:00"),
        (datetime(2026, 10, 24, 12, tzinfo=UTC), "25 00:30"),
    ],
)
def test_nights_in_which_the_readers_clocks_change(tmp_path: Path, night: datetime, expected: str) -> None:
    given = {"timezone": "UTC", "send_in": "subscriber", "cadences": {"nightly": "30 2 * * *"}}
    with newsroom(tmp_path, **given) as room:
        room.clock.now = night
        room.compose()
        joins(room, "reader", "Europe/Belgrade")
        room.article("First")
        came = []
        for _ in range(4 * 24):
            room.clock.pass_by(minutes=15)
            came += [f"{room.clock():%d %H:%M}" for one in room.compose() if room.equation(one.id).planned]
        assert came == [expected]
        assert room.equation().planned == 1


def test_an_unknown_zone_lives_at_home(room: Newsroom) -> None:
    person = joins(room, "lost")
    with room.app.store.write() as connection:
        [one] = subscribers.people(connection, ["lost@example.org"]).values()
        subscribers.change_people(connection, [{"id": one.id, "name": "", "language": None, "timezone": "Gone/Zone"}])
    room.article("First")
    assert [(at, zones(room, one)) for at, one in hours(room, 24)] == [("02 06", ("", "Gone/Zone"))]
    assert person


def test_by_hand_it_goes_to_everyone_at_once(room: Newsroom) -> None:
    joins(room, "tokyo", "Asia/Tokyo")
    joins(room, "home")
    room.article("First")
    digest = room.app.digests.compose_now("brief", room.clock())
    assert room.equation(digest.id).planned == 2
    assert hours(room, 48) == []


def test_readers_of_one_zone_as_ever(tmp_path: Path) -> None:
    with newsroom(tmp_path) as room:
        joins(room, "tokyo", "Asia/Tokyo")
        room.article("First")
        [digest] = room.compose()
        assert (digest.due_at, zones(room, digest), room.equation(digest.id).planned) == (MONDAY, (), 1)
