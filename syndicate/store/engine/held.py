"""One connection that is kept for many transactions, for work that can't afford to begin anew. Called by ``store``."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any

from sqlalchemy import Connection

from syndicate.errors import BusyError
from syndicate.store.engine import opening
from syndicate.store.engine.line import Line, Tell
from syndicate.store.engine.prepared import Batch, Prepared


class Held:
    """One connection, for one thread at a time, whose transactions are all or nothing; they can't be mixed.

    Both raise StoreError when the database can't be used, and BusyError at once when another process writes, or when
    it is not a file on this machine, unless they are done ``patiently``.
    """

    def __init__(
        self, connection: Connection, told: Callable[[], AbstractContextManager[None]], *, is_file: bool
    ) -> None:
        self._connection, self._told, self._is_file = connection, told, is_file
        self._driver: Any = connection.connection.driver_connection
        self._is_patient = False
        self._line: Line | None = None

    def cut(self) -> None:
        """Ends the connection under whoever waits for an answer on it; they get AwayError."""
        unusable = (OSError, self._connection.dialect.loaded_dbapi.Error)
        with suppress(*unusable), socket.socket(fileno=os.dup(self._driver.fileno())) as line:
            line.shutdown(socket.SHUT_RDWR)

    def give_up(self) -> None:
        """Forgets a connection that is of no use any more."""
        self.hush()
        self._connection.invalidate()

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Waits for nobody."""
        self._wait(0)
        try:
            yield
        finally:
            self._wait(opening.BUSY_SECONDS)

    @contextmanager
    def patiently(self) -> Iterator[None]:
        """Waits for other processes, as ``Store.write`` does."""
        self._is_patient = True
        self._wait(opening.BUSY_SECONDS)
        try:
            yield
        finally:
            self._is_patient = False
            self._wait(0)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One transaction, as ``Store.write`` gives it."""
        self._check()
        with self._told(), self._connection.begin():
            yield self._connection

    def ask(self, statement: Prepared, values: Sequence[Any], tell: Tell) -> None:
        """Asks one statement, which is a transaction; PostgreSQL's, and no thread waits.

        ``tell`` gets the first column of what it finds, or StoreError. Until then nothing else may be done on the
        connection, and after that not before it is left to others (``hush``).
        """
        if self._line is None:
            names = self._connection.info.setdefault("asked", {})
            self._line = Line(self._driver, self._connection.dialect, names)
        self._line.ask(statement, values, lambda found, error: tell(found, error and self._meant(error)))

    def hush(self) -> None:
        """Leaves the connection to threads."""
        if self._line is not None:
            self._line.hush()

    def _meant(self, error: Exception) -> Exception:
        """What it means to an operator."""
        try:
            with self._told():
                raise error
        except Exception as meant:  # noqa: BLE001 - it is not for us
            return meant

    @contextmanager
    def batch(self) -> Iterator[Batch]:
        """One transaction, for prepared statements: a fifth of the cost where each has few rows."""
        self._check()
        with self._told():
            cursor = self._driver.cursor()
            try:
                if self._is_file:
                    self._begin(cursor)
                yield Batch(cursor, self._connection.dialect)
                self._driver.commit()
            except BaseException:
                with suppress(self._connection.dialect.loaded_dbapi.OperationalError):  # what went wrong first is told
                    self._driver.rollback()
                raise
            finally:
                cursor.close()

    def _begin(self, cursor: Any) -> None:
        until = time.monotonic() + self._connection.info["patience"]
        while True:
            try:
                cursor.execute("BEGIN IMMEDIATE")
            except self._connection.dialect.loaded_dbapi.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() >= until:
                    raise
            else:
                return

    def _check(self) -> None:
        if not (self._is_file or self._is_patient):
            raise BusyError("the database", "is not on this machine")

    def _wait(self, seconds: float) -> None:
        if self._is_file:
            self._connection.info["patience"] = seconds
            milliseconds = int(min(seconds, opening.ASK_AGAIN_SECONDS) * 1000)
            self._driver.execute(f"PRAGMA busy_timeout = {milliseconds}").close()
