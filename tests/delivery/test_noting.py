"""Where the database is elsewhere, steps are noted first, and it shows in nothing that callers see."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from syndicate.delivery.ledger import Ledger
from syndicate.model import Delivery, DeliveryState, DigestState
from syndicate.store import Store, digests, leases
from syndicate.store.attempts import Attempt, Begin
from syndicate.store.schema import deliveries, journal
from tests.newsroom import MONDAY
from tests.store.test_remedies import PLANNED, keep

pytestmark = pytest.mark.anyio


@pytest.fixture
def store(postgresql_url: str) -> Iterator[Store]:
    with closing(Store(postgresql_url)) as opened:
        yield opened


async def lease(ledger: Ledger, digest_id: int) -> list[Delivery]:
    """All of a digest's deliveries."""
    mine = ledger.sender_id
    return await ledger.run(lambda c: leases.claim(c, mine, digest_id, due=PLANNED, limit=9, now=MONDAY))


def begin(one: Delivery) -> Begin:
    return Begin(one.id, one.digest_id, one.sender_id)


def accepted(one: Delivery, reply: str = "250 ok") -> Attempt:
    at = MONDAY + timedelta(seconds=1)
    return Attempt(one.id, 1, MONDAY, at, DeliveryState.ACCEPTED, at, 250, "smtp", reply, one.sender_id)


def states(store: Store, digest_id: int) -> list[str]:
    with store.read() as connection:
        query = select(deliveries.c.state).where(deliveries.c.digest_id == digest_id).order_by(deliveries.c.id)
        return list(connection.execute(query).scalars())


def noted(store: Store) -> int:
    with store.read() as connection:
        return connection.execute(select(func.count()).select_from(journal)).scalar_one()


async def test_steps_are_noted_and_posted_when_it_ends(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("syndicate.delivery.noting._POST_S", 600)
    digest_id = keep(store, names=("queued",) * 3)
    async with Ledger(store) as ledger:
        a, b, c = await lease(ledger, digest_id)
        assert await ledger.step([], [begin(a)]) == {a.id}  # its page is opened with the first one
        assert await ledger.step([accepted(a)], [begin(b)]) == {b.id}
        assert await ledger.step([accepted(b)], [begin(c)]) == {c.id}
        assert states(store, digest_id) == ["begun", "queued", "queued"]
        assert noted(store) == 2
        await ledger.step([accepted(c)])
    assert states(store, digest_id) == ["accepted"] * 3
    assert noted(store) == 0


async def test_who_says_what_cannot_be_written_hears_of_it_and_the_others_go_on(store: Store) -> None:
    digest_id = keep(store, names=("queued",) * 2)
    async with Ledger(store) as ledger:
        a, b = await lease(ledger, digest_id)
        await ledger.step([], [begin(a)])
        with pytest.raises(UnicodeEncodeError):
            await ledger.step([accepted(a, "\ud800")])
        assert await ledger.step([accepted(a)], [begin(b)]) == {b.id}
        await ledger.step([accepted(b)])
    assert states(store, digest_id) == ["accepted"] * 2


async def test_an_entry_that_comes_after_a_decision_is_looked_at_again(store: Store) -> None:
    digest_id = keep(store, names=("queued",) * 2)
    async with Ledger(store) as ledger:
        a, b = await lease(ledger, digest_id)
        await ledger.step([], [begin(a)])
        with store.write() as connection:
            digests.set_state(connection, digest_id, DigestState.PAUSED, now=MONDAY)
        assert await ledger.step([accepted(a)], [begin(b)]) == set()
        with store.write() as connection:
            digests.set_state(connection, digest_id, DigestState.SENDING, now=MONDAY)
        assert await ledger.step([], [begin(b)]) == {b.id}
        await ledger.step([accepted(b)])
    assert states(store, digest_id) == ["accepted"] * 2


async def test_small_commits_wait_for_company_where_they_stand_in_line(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two steps come a moment apart: alone each is an entry of its own, in a crowd they are one."""
    monkeypatch.setattr("syndicate.delivery.noting._POST_S", 600)
    monkeypatch.setattr("syndicate.delivery.crowding.Crowding.pause", 600.0)
    monkeypatch.setattr("syndicate.delivery.noting._ENOUGH", 2)
    digest_id = keep(store, names=("queued",) * 3)
    async with Ledger(store) as ledger:
        a, b, c = await lease(ledger, digest_id)
        await ledger.step([], [begin(a)])
        first = asyncio.create_task(ledger.step([accepted(a)], [begin(b)]))
        done, _ = await asyncio.wait([first], timeout=0.05)
        assert not done
        assert noted(store) == 0
        assert await ledger.step([], [begin(c)]) == {b.id, c.id}
        assert await first == {b.id, c.id}
        assert noted(store) == 1
        last = asyncio.create_task(ledger.step([accepted(b), accepted(c)]))
        await asyncio.sleep(0)
        await ledger.run(lambda _: None)  # who wants something else waits for nobody
        await last
    assert states(store, digest_id) == ["accepted"] * 3
