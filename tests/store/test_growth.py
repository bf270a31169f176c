"""How many readers there were on each day: counted backwards once, then kept day by day."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import insert

from syndicate.store import Store, growth
from syndicate.store.growth import Day
from syndicate.store.schema import subscribers, subscriptions
from tests.newsroom import MONDAY


def join(
    store: Store, number: int, created_at: datetime, state: str = "active", ended_at: datetime | None = None
) -> None:
    person = {
        "id": number,
        "email": f"r{number}@x.example",
        "domain": "x.example",
        "name": "",
        "created_at": created_at,
    }
    choices = {"newsletter": "brief", "state": state, "cadence": "daily", "topics": "", "watermark": 0, "consent": ""}
    with store.write() as connection:
        connection.execute(insert(subscribers), person)
        own = {"subscriber_id": number, "created_at": created_at, "ended_at": ended_at}
        connection.execute(insert(subscriptions), choices | own)


def keep(store: Store, now: datetime) -> list[tuple[date, int, int, int]]:
    """Counts and keeps them; what is kept then, by day."""
    with store.write() as connection:
        growth.save(connection, growth.counted(connection, now=now))
        kept = growth.since(connection, ["brief"], date(2000, 1, 1))
    return [(one.day, one.readers, one.joined, one.left) for one in kept]


def test_days_are_filled_backwards_and_the_past_stays(store: Store) -> None:
    assert keep(store, MONDAY) == []
    day = timedelta(days=1)
    join(store, 1, MONDAY - 3 * day)
    join(store, 2, MONDAY - 3 * day, "unsubscribed", MONDAY - day)
    join(store, 3, MONDAY - day, "paused")
    join(store, 4, MONDAY, "pending")
    before = [
        (date(2026, 2, 27), 2, 2, 0),
        (date(2026, 2, 28), 2, 0, 0),
        (date(2026, 3, 1), 2, 1, 1),
        (date(2026, 3, 2), 2, 0, 0),
    ]
    assert keep(store, MONDAY) == before
    assert keep(store, MONDAY) == before
    join(store, 5, MONDAY + timedelta(hours=2))
    join(store, 6, MONDAY + 2 * day)
    after = [*before[:3], (date(2026, 3, 2), 3, 1, 0), (date(2026, 3, 3), 3, 0, 0), (date(2026, 3, 4), 4, 1, 0)]
    assert keep(store, MONDAY + 2 * day + timedelta(hours=1)) == after
    with store.read() as connection:
        assert growth.since(connection, ["brief"], date(2026, 3, 4)) == [Day("brief", date(2026, 3, 4), 4, 1, 0)]
        assert growth.since(connection, ["other"], date(2026, 3, 4)) == []
