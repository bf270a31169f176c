"""Who holds what, when a sender was taken for dead and comes back: nothing of others' is its own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from syndicate.delivery.ledger import Ledger
from syndicate.model import Delivery, DeliveryState
from syndicate.store import Connection, deliveries, leases
from syndicate.store.attempts import Attempt, Begin
from syndicate.store.schema import attempts
from syndicate.store.schema import deliveries as table
from tests.newsroom import MONDAY, Newsroom, newsroom

LONG = timedelta(hours=1)


@pytest.fixture
def room(tmp_path: Path, store_url: str) -> Iterator[Newsroom]:
    with newsroom(tmp_path, store_url=store_url) as opened:
        opened.article("Ferry returns")
        opened.reader("ana@example.org")
        opened.compose()
        yield opened


def claimed(connection: Connection, ledger: Ledger) -> Delivery:
    """The one delivery, leased."""
    [digest] = leases.sending(connection)
    [found] = leases.claim(connection, ledger.sender_id, digest, due=MONDAY + LONG, limit=9, now=MONDAY)
    return found


def accepted(delivery: Delivery) -> Attempt:
    """The relay took it."""
    return Attempt(
        delivery.id, 1, MONDAY, MONDAY, DeliveryState.ACCEPTED, MONDAY, 250, "smtp", "250 ok", delivery.sender_id
    )


def take_over(connection: Connection, sender_id: int) -> None:
    """What another process does that takes a sender for dead."""
    assert leases.inherit(connection, lambda one: one.id == sender_id) == [sender_id]
    ids = [one.id for one in leases.orphans(connection, [sender_id])]
    deliveries.abandon(connection, ids, DeliveryState.QUEUED, now=MONDAY)
    leases.bury(connection, [sender_id])


def test_a_sender_that_comes_back_is_nobody_else(room: Newsroom) -> None:
    with room.app.store.write() as connection:
        first = leases.enter(connection, "host/1/aa", lease_until=MONDAY)
        leases.bury(connection, [first])
        assert leases.enter(connection, "host/2/bb", lease_until=MONDAY) != first


def test_what_others_took_over_is_neither_begun_nor_recorded(room: Newsroom) -> None:
    async def both() -> None:
        async with Ledger(room.app.store) as sleeper, Ledger(room.app.store) as other:
            delivery = await sleeper.run(lambda c: claimed(c, sleeper))
            begin = Begin(delivery.id, delivery.digest_id, delivery.sender_id)
            assert await sleeper.step([], [begin]) == {delivery.id}
            await other.run(lambda c: take_over(c, sleeper.sender_id))
            taken = await other.run(lambda c: claimed(c, other))
            assert await sleeper.step([accepted(delivery)], [begin]) == set()
            assert await sleeper.step([accepted(delivery)], [begin]) == set()
            assert await other.step([], [Begin(taken.id, taken.digest_id, taken.sender_id)]) == {delivery.id}
            await other.step([accepted(taken)])

    asyncio.run(both())
    with room.app.store.read() as connection:
        assert connection.execute(select(table.c.state, table.c.attempts)).all() == [("accepted", 1)]
        assert len(connection.execute(select(attempts)).all()) == 1


def test_what_is_leased_again_after_it_was_taken_over_is_begun_once(room: Newsroom) -> None:
    """The run has it in hand twice then: as it was, and as it is."""

    async def twice() -> None:
        async with Ledger(room.app.store) as sleeper, Ledger(room.app.store) as other:
            before = await sleeper.run(lambda c: claimed(c, sleeper))
            old = Begin(before.id, before.digest_id, before.sender_id)
            assert await sleeper.step([], [old]) == {before.id}
            await other.run(lambda c: take_over(c, sleeper.sender_id))
            assert await sleeper.step([], [old]) == set()
            after = await sleeper.run(lambda c: claimed(c, sleeper))
            new = Begin(after.id, after.digest_id, after.sender_id)
            assert await sleeper.step([], [old]) == set()
            assert await sleeper.step([], [new]) == {after.id}
            assert await sleeper.step([accepted(before)], [old]) == set()
            with room.app.store.read() as connection:
                assert connection.execute(select(table.c.state)).scalar_one() == "begun"
            await sleeper.step([accepted(after)])

    asyncio.run(twice())
    with room.app.store.read() as connection:
        assert connection.execute(select(table.c.state)).scalar_one() == "accepted"


def test_one_step_tells_what_became_of_each_and_begins_others(room: Newsroom) -> None:
    said = {
        DeliveryState.ACCEPTED: (250, "ok"),
        DeliveryState.QUEUED: (450, "full"),
        DeliveryState.REJECTED: (550, "no"),
    }

    def claim_all(connection: Connection, ledger: Ledger) -> list[Delivery]:
        digest = leases.sending(connection)[-1]
        return leases.claim(connection, ledger.sender_id, digest, due=MONDAY + timedelta(days=2), limit=9, now=MONDAY)

    async def step() -> list[int]:
        async with Ledger(room.app.store) as ledger:
            held = await ledger.run(lambda c: claim_all(c, ledger))
            begin = [Begin(one.id, one.digest_id, one.sender_id) for one in held]
            assert await ledger.step([], begin[:3]) == {one.id for one in held[:3]}
            ended = [
                Attempt(one.id, 1, MONDAY, MONDAY + LONG, state, MONDAY + LONG, code, "smtp", reply, one.sender_id)
                for one, (state, (code, reply)) in zip(held, said.items(), strict=False)
            ]
            cancelled = Begin(held[4].id, held[4].digest_id + 1, held[4].sender_id)
            assert await ledger.step(ended, [begin[3], cancelled]) == {held[3].id}
            return [one.id for one in held]

    for name in ("ben", "cia", "dan", "eva"):
        room.reader(f"{name}@example.org")
    room.article("Eels are back")
    room.clock.now = MONDAY + timedelta(days=1)
    room.compose()
    ids = asyncio.run(step())
    c = table.c
    with room.app.store.read() as connection:
        found = connection.execute(
            select(c.state, c.attempts, c.next_at == MONDAY + LONG, c.finished_at, c.reply, c.sender_id.is_not(None))
            .where(c.id.in_(ids))
            .order_by(c.id)
        ).all()
        assert [tuple(row) for row in found[:4]] == [
            ("accepted", 1, True, MONDAY + LONG, "", False),
            ("queued", 1, True, None, "full", False),
            ("rejected", 1, True, MONDAY + LONG, "no", False),
            ("begun", 0, False, None, "", True),
        ]
        tried = connection.execute(select(attempts).order_by(attempts.c.delivery_id)).all()
        assert [row[1:] for row in tried] == [
            (1, MONDAY, MONDAY + LONG, state.value, code, "smtp", reply) for state, (code, reply) in said.items()
        ]
