"""What came back, on both databases: counted by digest, and found by mail."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import text, update

from syndicate.model import DeliveryState, Return, ReturnKind, Returns
from syndicate.store import Store, returns, webhooks
from syndicate.store.engine.partitions import BITS
from syndicate.store.schema import deliveries
from syndicate.store.webhooks import Outcome
from tests.newsroom import MONDAY, Newsroom, newsroom
from tests.tables import migrating


@pytest.fixture
def room(tmp_path: Path, store_url: str) -> Iterator[Newsroom]:
    opened = Store(store_url)
    opened.close()
    with newsroom(tmp_path, store_url=store_url) as made:
        for name in ("ana", "bo", "cy"):
            made.reader(f"{name}@reader.example")
        made.article("Hall")
        made.compose()
        yield made


def delivery(number: int) -> int:
    """The id of the first digest's delivery to that reader."""
    return (1 << BITS) + number


def came(room: Newsroom, number: int, *kinds: ReturnKind) -> None:
    delivery_id = delivery(number)
    with room.app.store.write() as connection:
        whom = returns.mailed(connection, delivery_id)
        assert whom is not None
        for kind in kinds:
            back = Return(
                kind=kind,
                subscriber_id=whom.subscriber_id,
                delivery_id=delivery_id,
                reason="r",
                source="mail",
                came_at=MONDAY,
            )
            returns.add(connection, back)


def test_counts_are_of_deliveries_by_the_worst(room: Newsroom) -> None:
    came(room, 1, ReturnKind.LATE, ReturnKind.SOFT, ReturnKind.HARD, ReturnKind.HARD)
    came(room, 2, ReturnKind.LATE, ReturnKind.SOFT, ReturnKind.COMPLAINT, ReturnKind.COMPLAINT)
    came(room, 3, ReturnKind.LATE)
    with room.app.store.read() as connection:
        assert returns.counts(connection, [1, 7]) == {1: Returns(1, 1, 1, 1), 7: Returns()}
        assert returns.counts(connection, []) == {}
        assert returns.by_kind(connection, since=MONDAY)[ReturnKind.LATE] == 3
        assert len(returns.of_digest(connection, 1, limit=5)) == 5


def test_what_came_before_the_digests_were_noted_is_of_theirs(room: Newsroom) -> None:
    came(room, 1, ReturnKind.HARD)
    with room.app.store.write() as connection:
        config = migrating(connection)
        connection.execute(text("DROP INDEX ix_returns_digest_id_delivery_id_kind"))
        connection.execute(text("ALTER TABLE returns DROP COLUMN digest_id"))
        connection.execute(text("DROP TABLE growth"))
        command.stamp(config, "0016")
        command.upgrade(config, "0017")
    with room.app.store.read() as connection:
        assert returns.counts(connection, [1]) == {1: Returns(hard=1)}


def test_a_delivery_is_found_by_its_number_its_digest_or_its_reader(room: Newsroom) -> None:
    with room.app.store.write() as connection:
        connection.execute(update(deliveries).where(deliveries.c.id == delivery(2)).values(state=DeliveryState.BEGUN))
        connection.execute(
            update(deliveries).where(deliveries.c.id == delivery(2)).values(state=DeliveryState.ACCEPTED)
        )
        by_number, by_digest = returns.mailed(connection, delivery(2)), returns.mailed_in(connection, 1, 2)
        last = returns.mailed_last(connection, [2])
        assert by_number == by_digest == last
        assert last is not None
        assert (last.email, last.planned_at) == ("bo@reader.example", MONDAY)
        assert returns.mailed(connection, delivery(99)) is returns.mailed_in(connection, 1, 99) is None
        never = returns.mailed_last(connection, [3])
        assert never is not None
        assert (never.email, never.delivery_id) == ("cy@reader.example", None)
        assert returns.mailed_last(connection, []) is None


def test_events_are_seen_once_until_they_are_forgotten(room: Newsroom) -> None:
    with room.app.store.write() as connection:
        assert [webhooks.is_new(connection, "ses", "a", now=MONDAY) for _ in range(2)] == [True, False]
        assert webhooks.is_new(connection, "brevo", "a", now=MONDAY)
        assert webhooks.is_new(connection, "ses", "a", now=MONDAY + webhooks.KEPT + timedelta(seconds=1))
        for _ in range(2):
            webhooks.count(connection, "ses", {Outcome.FORGED: 2, Outcome.TAKEN: 1}, now=MONDAY)
        assert [(one.provider, one.outcome, one.number) for one in webhooks.counts(connection)] == [
            ("ses", "forged", 4),
            ("ses", "taken", 2),
        ]
