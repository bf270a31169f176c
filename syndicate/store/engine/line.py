"""A connection to PostgreSQL that answers while the event loop goes on. Called by ``held``.

No thread waits for it, no task, and no cursor stands before it, which together cost as much as all else that a mail
does. It is used for one statement at a time, each a transaction of its own, by psycopg's libpq.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Sequence
from typing import Any

from syndicate.store.engine.prepared import Prepared

Tell = Callable[[list[str], Exception | None], None]
"""Hears the first column of what was found, as text, or why there is no answer."""

_numbers = itertools.count(1)


class Line:
    """``driver`` is psycopg's connection, outside of a transaction whenever something is asked.

    ``names`` are the statements that it knows already, and stay with it. Between two questions it listens on, which
    spares the event loop to begin anew; before others use the connection it must ``hush``.
    """

    def __init__(self, driver: Any, dialect: Any, names: dict[Prepared, bytes]) -> None:
        self._driver, self._dialect, self._names = driver, dialect, names
        self._loop = asyncio.get_running_loop()
        self._socket: int | None = None
        self._question: tuple[Prepared, Sequence[Any], Tell] | None = None
        self._is_preparing = False
        self._results: list[Any] = []

    def ask(self, statement: Prepared, values: Sequence[Any], tell: Tell) -> None:
        """Has ``tell`` called with what it finds, which is done and durable then, or with psycopg's error.

        After an error that closes the connection it may have been done.
        """
        self._question = statement, values, tell
        text, given = statement.numbered(self._dialect, values)
        pg = self._driver.pgconn
        self._is_preparing = statement not in self._names
        if self._is_preparing:
            self._names[statement] = b"line_%d" % next(_numbers)
            self._send(lambda: pg.send_prepare(self._names[statement], text))
        else:
            self._send(lambda: pg.send_query_prepared(self._names[statement], given))

    def hush(self) -> None:
        """Leaves the connection to others, until something is asked again."""
        if self._socket is not None:
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)
            self._socket = None

    def _send(self, send: Callable[[], None]) -> None:
        try:
            if self._socket is None:
                self._socket = self._driver.pgconn.socket
                self._loop.add_reader(self._socket, self._hear)
            send()
            if self._driver.pgconn.flush():
                self._loop.add_writer(self._socket, self._flush)
        except Exception as error:  # noqa: BLE001 - who asked hears of it
            self._break(error)

    def _flush(self) -> None:
        try:
            if not self._driver.pgconn.flush() and self._socket is not None:
                self._loop.remove_writer(self._socket)
        except Exception as error:  # noqa: BLE001 - as above
            self._break(error)

    def _hear(self) -> None:
        pg = self._driver.pgconn
        try:
            pg.consume_input()
            if self._question is None or pg.is_busy():
                return
            while (result := pg.get_result()) is not None:
                self._results.append(result)
                if pg.is_busy():
                    return
        except Exception as error:  # noqa: BLE001 - as above
            self._break(error)
            return
        self._answer()

    def _answer(self) -> None:
        from psycopg import errors, pq

        assert self._question is not None
        statement, values, tell = self._question
        results, self._results = self._results, []
        failed = [one for one in results if one.status not in (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK)]
        error = errors.error_from_result(failed[0]) if failed else None
        if error is not None and self._is_preparing:
            del self._names[statement]
        elif isinstance(error, errors.InvalidSqlStatementName):  # psycopg has all of them forgotten after a rollback
            del self._names[statement]
            self.ask(statement, values, tell)
            return
        elif self._is_preparing:
            self.ask(statement, values, tell)
            return
        self._question = None
        found = [] if error else [results[-1].get_value(row, 0).decode() for row in range(results[-1].ntuples)]
        tell(found, error)

    def _break(self, error: Exception) -> None:
        """Closes the connection, for what it would answer next is not known."""
        self.hush()
        self._driver.close()
        if self._question is not None:
            _, _, tell = self._question
            self._question = None
            tell([], error)
