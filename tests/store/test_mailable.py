"""Who is not mailed, on both databases."""

from __future__ import annotations

from sqlalchemy import update

from syndicate.store import Store, mailable, suppressions
from syndicate.store.mailable import Aside
from syndicate.store.schema import subscriptions
from tests.store.test_remedies import NOW, keep


def test_private_feeds_and_suppressed_addresses_are_counted_once(store: Store) -> None:
    first = keep(store, names=("queued", "queued", "queued", "queued")) * 100
    with store.write() as connection:
        for number in (first, first + 1, first + 2):
            suppressions.add(connection, f"r{number}@queued", "hard bounce", now=NOW)
        connection.execute(update(subscriptions).where(subscriptions.c.id == first).values(channel="feed"))
        connection.execute(update(subscriptions).where(subscriptions.c.id == first + 1).values(state="paused"))
        assert mailable.aside(connection, "brief") == {("daily", 1, ""): Aside(fed=1, suppressed=1)}
        assert mailable.aside(connection, "harbour") == {}
