"""PostgreSQL is asked while the event loop goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress

import pytest
from sqlalchemy import BigInteger, Integer, Text, bindparam, column, func, literal, select
from sqlalchemy import cast as as_type

from syndicate.errors import AwayError
from syndicate.store import Held, Store
from syndicate.store.prepared import Prepared

pytestmark = pytest.mark.anyio

LENGTH = Prepared(select(func.length(bindparam("text", type_=Text))), "text")
COUNTED = Prepared(
    select(column("n")).select_from(func.generate_series(1, bindparam("n", type_=Integer)).alias("n")), "n"
)
DIVIDED = Prepared(select(as_type(literal(1), BigInteger) / as_type(bindparam("by", type_=Text), BigInteger)), "by")
SLEEPS = Prepared(select(func.pg_sleep(bindparam("seconds", type_=Integer))), "seconds")


@pytest.fixture
def store(postgresql_url: str) -> Iterator[Store]:
    opened = Store(postgresql_url)
    yield opened
    opened.close()


@pytest.fixture
def held(store: Store) -> Iterator[Held]:
    with store.held() as connection:
        yield connection


async def test_it_answers_again_and_again(store: Store) -> None:
    for _ in range(2):  # the second time it is the same connection out of the pool
        with store.held() as held:
            for _ in range(2):
                assert await held.ask(COUNTED, 3) == ["1", "2", "3"]
                assert await held.ask(COUNTED, 0) == []


async def test_it_answers_after_a_rollback(held: Held) -> None:
    await held.ask(COUNTED, 3)
    for _ in range(2):
        with held.patiently(), suppress(ZeroDivisionError), held.transaction():
            raise ZeroDivisionError
        with held.patiently(), held.transaction() as connection:
            connection.exec_driver_sql("SELECT 1")
        assert await held.ask(COUNTED, 3) == ["1", "2", "3"]


async def test_what_is_longer_than_the_socket_takes_arrives_whole(held: Held) -> None:
    assert await held.ask(LENGTH, "š" * 20_000_000) == ["20000000"]


async def test_after_an_error_it_can_be_asked_again(held: Held) -> None:
    with pytest.raises(Exception, match="division by zero"):
        await held.ask(DIVIDED, "0")
    [found] = await held.ask(DIVIDED, "1")
    assert float(found) == 1


async def test_the_loop_goes_on_meanwhile_and_who_waits_hears_of_a_connection_that_is_cut(held: Held) -> None:
    asking = asyncio.create_task(held.ask(SLEEPS, 600))
    done, _ = await asyncio.wait([asking], timeout=0.05)
    assert not done
    held.cut()
    with pytest.raises(AwayError):
        await asking


async def test_who_stops_waiting_leaves_no_answer_for_the_next(held: Held) -> None:
    asking = asyncio.create_task(held.ask(SLEEPS, 600))
    await asyncio.wait([asking], timeout=0.05)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    with pytest.raises(AwayError):
        await held.ask(COUNTED, 3)
