"""PostgreSQL is asked while the event loop goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import BigInteger, Integer, Text, bindparam, column, func, literal, select
from sqlalchemy import cast as as_type

from syndicate.errors import AwayError
from syndicate.store import Held, Store
from syndicate.store.engine.prepared import Prepared

pytestmark = pytest.mark.anyio

LENGTH = Prepared(select(func.length(bindparam("text", type_=Text))), "text")
COUNTED = Prepared(
    select(column("n")).select_from(func.generate_series(1, bindparam("n", type_=Integer)).alias("n")), "n"
)
DIVIDED = Prepared(select(as_type(literal(1), BigInteger) / as_type(bindparam("by", type_=Text), BigInteger)), "by")
PID = Prepared(select(func.pg_backend_pid()))
UNKNOWN = Prepared(select(func.no_such_function()))
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


def asking(held: Held, statement: Prepared, *values: Any) -> asyncio.Future[list[str]]:
    """What it finds, once it has."""
    found = asyncio.get_running_loop().create_future()

    def tell(rows: list[str], error: Exception | None) -> None:
        if error is None:
            found.set_result(rows)
        else:
            found.set_exception(error)

    held.ask(statement, values, tell)
    return found


async def test_it_answers_again_and_again(store: Store) -> None:
    for _ in range(2):  # the second time it is the same connection out of the pool
        with store.held() as held:
            for _ in range(2):
                assert await asking(held, COUNTED, 3) == ["1", "2", "3"]
                assert await asking(held, COUNTED, 0) == []


async def test_it_answers_after_a_rollback(held: Held) -> None:
    await asking(held, COUNTED, 3)
    for _ in range(2):
        with held.patiently(), suppress(ZeroDivisionError), held.transaction():
            raise ZeroDivisionError
        with held.patiently(), held.transaction() as connection:
            connection.exec_driver_sql("SELECT 1")
        assert await asking(held, COUNTED, 3) == ["1", "2", "3"]


async def test_what_is_longer_than_the_socket_takes_arrives_whole(held: Held) -> None:
    assert await asking(held, LENGTH, "š" * 20_000_000) == ["20000000"]


async def test_after_an_error_it_can_be_asked_again(held: Held) -> None:
    with pytest.raises(Exception, match="division by zero"):
        await asking(held, DIVIDED, "0")
    [found] = await asking(held, DIVIDED, "1")
    assert float(found) == 1


async def test_the_loop_goes_on_meanwhile_and_who_waits_hears_of_a_connection_that_is_cut(held: Held) -> None:
    slow = asking(held, SLEEPS, 600)
    done, _ = await asyncio.wait([slow], timeout=0.05)
    assert not done
    held.cut()
    with pytest.raises(AwayError):
        await slow


async def test_who_asks_on_a_connection_that_is_gone_hears_of_it(store: Store, held: Held) -> None:
    await asking(held, COUNTED, 3)
    [number] = await asking(held, PID)
    with store.write() as connection:
        connection.execute(select(func.pg_terminate_backend(int(number))))
    for _ in range(2):
        with pytest.raises(AwayError):
            await asking(held, COUNTED, 3)


async def test_others_use_the_connection_once_it_is_left_to_them(held: Held) -> None:
    for _ in range(2):
        assert await asking(held, COUNTED, 3) == ["1", "2", "3"]
        held.hush()

        def use() -> object:
            with held.patiently(), held.transaction() as connection:
                return connection.execute(select(literal(5))).scalar()

        assert await asyncio.to_thread(use) == 5


async def test_what_cannot_be_prepared_is_refused_each_time(held: Held) -> None:
    for _ in range(2):
        with pytest.raises(Exception, match="no_such_function"):
            await asking(held, UNKNOWN)
    assert await asking(held, COUNTED, 1) == ["1"]
