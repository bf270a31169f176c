"""A connection to PostgreSQL that answers while the event loop goes on. Called by ``held``.

No thread waits for it and no cursor stands before it, which together cost as much as all else that a mail does.
It is used for one statement at a time, each a transaction of its own, by psycopg's libpq.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from syndicate.store.prepared import Prepared

_numbers = itertools.count(1)


class Line:
    """``driver`` is psycopg's connection, outside of a transaction whenever something is asked.

    ``names`` are the statements that it knows already, and stay with it.
    """

    def __init__(self, driver: Any, dialect: Any, names: dict[Prepared, bytes]) -> None:
        self._driver, self._dialect, self._names = driver, dialect, names
        self._loop = asyncio.get_running_loop()

    async def ask(self, statement: Prepared, values: Sequence[Any]) -> list[str]:
        """The first column of what it finds, as text; done and durable when this returns.

        Raises psycopg's errors. What is cut off while it waits may have been done, and the connection is closed.
        """
        from psycopg.errors import InvalidSqlStatementName

        text, given = statement.numbered(self._dialect, values)
        if statement in self._names:
            with suppress(InvalidSqlStatementName):  # psycopg has all of them forgotten after a rollback
                return await self._ask(self._names[statement], given)
        name = self._names[statement] = b"line_%d" % next(_numbers)
        await self._done(lambda pg: pg.send_prepare(name, text))
        return await self._ask(name, given)

    async def _ask(self, name: bytes, given: Sequence[bytes]) -> list[str]:
        answer = await self._done(lambda pg: pg.send_query_prepared(name, given))
        return [answer.get_value(row, 0).decode() for row in range(answer.ntuples)]

    async def _done(self, send: Callable[[Any], None]) -> Any:
        from psycopg import errors, pq

        pg = self._driver.pgconn
        try:
            send(pg)
            while pg.flush():
                await self._until(self._loop.add_writer, self._loop.remove_writer, pg.socket)
            results = await self._results(pg)
        except BaseException:
            self._driver.close()  # what it would answer next is not known
            raise
        for result in results:
            if result.status not in (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK):
                raise errors.error_from_result(result)
        return results[-1]

    async def _results(self, pg: Any) -> list[Any]:
        results: list[Any] = []
        while True:
            while pg.is_busy():
                await self._until(self._loop.add_reader, self._loop.remove_reader, pg.socket)
                pg.consume_input()
            result = pg.get_result()
            if result is None:
                return results
            results.append(result)

    async def _until(self, add: Callable[..., None], remove: Callable[[int], object], socket: int) -> None:
        ready = self._loop.create_future()
        add(socket, _tell, ready)
        try:
            await ready
        finally:
            remove(socket)


def _tell(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)
