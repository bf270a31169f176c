"""What one process changes, all others hear of."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, suppress

import pytest
from sqlalchemy import text

from syndicate.model import DigestState
from syndicate.store import Store, digests, journal, leases, remedies
from syndicate.store.engine import news
from syndicate.store.schema import journal as entries
from tests.newsroom import MONDAY
from tests.store.test_remedies import PLANNED, keep

pytestmark = pytest.mark.anyio


@pytest.fixture
def shared(postgresql_url: str) -> Iterator[Store]:
    with closing(Store(postgresql_url)) as opened:
        yield opened


@asynccontextmanager
async def hearing(store: Store) -> AsyncIterator[asyncio.Queue[None]]:
    """What is heard, from when it is listened on."""
    heard = asyncio.Queue[None]()
    task = asyncio.create_task(news.hear(store.address, lambda: heard.put_nowait(None)))
    try:
        await asyncio.wait_for(heard.get(), 30)
        yield heard
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_every_move_of_a_digest_is_heard_once_it_is_committed(shared: Store) -> None:
    digest_id = keep(shared)
    async with hearing(shared) as heard:
        with shared.write() as connection:
            remedies.move(connection, digest_id, DigestState.PAUSED, (DigestState.SENDING,), only="")
            assert heard.empty()
        await asyncio.wait_for(heard.get(), 30)
        with shared.write() as connection:
            remedies.resume(connection, digest_id, now=MONDAY)
        await asyncio.wait_for(heard.get(), 30)
        with shared.write() as connection:
            digests.set_state(connection, digest_id, DigestState.CANCELLED, now=MONDAY)
        await asyncio.wait_for(heard.get(), 30)


async def test_what_a_worker_posts_is_heard(shared: Store) -> None:
    digest_id = keep(shared)
    with shared.write() as connection:
        sender = leases.enter(connection, "host/1/aa", lease_until=MONDAY)
        leases.claim(connection, sender, digest_id, due=PLANNED, limit=9, now=MONDAY)
        noted = dict.fromkeys((one.name for one in entries.c), "") | {"sender_id": sender, "number": 1}
        connection.execute(entries.insert(), noted)
    async with hearing(shared) as heard:
        with shared.write() as connection:
            journal.post(connection)
        await asyncio.wait_for(heard.get(), 30)
        with shared.write() as connection:
            journal.post(connection)  # there is nothing more
        with shared.write() as connection:
            news.tell(connection)
        await asyncio.wait_for(heard.get(), 30)
        assert heard.empty()


async def test_it_is_listened_on_after_the_connection_was_lost(shared: Store) -> None:
    async with hearing(shared) as heard:
        with shared.write() as connection:
            query = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE 'LISTEN %'"
            query += " AND datname = current_database()"
            assert connection.execute(text(query)).scalar_one() == 1
        await asyncio.wait_for(heard.get(), 30)
        with shared.write() as connection:
            news.tell(connection)
        await asyncio.wait_for(heard.get(), 30)


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_nobody_is_told_on_sqlite(store: Store) -> None:
    with store.write() as connection:
        news.tell(connection)
