"""Opens the database; the only place that knows a dialect.

Calls are synchronous on purpose: SQLite is a function call away, and asyncio code hands whole transactions to a thread.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import disk_usage
from typing import Any

from sqlalchemy import Connection, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import DatabaseError, DataError, IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.pool import ConnectionPoolEntry

from syndicate.errors import BusyError, StoreError
from syndicate.store.prepared import Batch
from syndicate.store.schema import VERSION

_BUSY_SECONDS = 30.0
_ASK_AGAIN_SECONDS = 0.02
"""SQLite sleeps longer with every try; beside a busy writer, who asks often waits less."""


@dataclass(frozen=True, slots=True)
class Facts:
    """A database: ``server`` is the program with its version, ``version`` the newest migration.

    ``bytes`` are its size, ``free`` those that are left where it lies, None where that is not on this machine.
    """

    name: str
    server: str
    version: str
    bytes: int
    free: int | None


class Store:
    """A database that was opened. ``read()`` and ``write()`` give a connection inside one transaction each."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url)
        self.name = self._url.render_as_string(hide_password=True)
        self._sqlite = self._url.get_backend_name() == "sqlite"
        if self._sqlite and self._url.database:
            folder = Path(self._url.database).parent
            if not folder.is_dir():
                raise StoreError(self.name, f"there is no folder {folder}; make it, or change store.url")
        self.engine = create_engine(
            self._url,
            connect_args={"timeout": _ASK_AGAIN_SECONDS, "check_same_thread": False} if self._sqlite else {},
            pool_size=10,
        )
        self._driver: Any = self.engine.dialect.loaded_dbapi
        self._open: Connection | None = None
        self._writing = self.engine.execution_options(begin="IMMEDIATE")
        if self._sqlite:
            event.listen(self.engine, "connect", _set_up_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view. :raises StoreError: when the database can't be used."""
        if self._open is not None:
            yield self._open
            return
        with self._told(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction: all or nothing. SQLite's begins with the write lock held, so that it can't fail half-way.

        :raises StoreError: when the database can't be used.
        """
        if self._open is not None:
            yield self._open
            return
        with self._told(), self._writing.begin() as connection:
            yield connection

    def within(self, connection: Connection) -> Store:
        """The same, whose transactions are parts of the caller's: all of them or nothing, together."""
        part = copy.copy(self)
        part._open = connection  # noqa: SLF001 - of its own kind
        return part

    @contextmanager
    def held(self) -> Iterator[Held]:
        """A connection that is kept for many transactions. :raises StoreError: when the database can't be used."""
        with self._told(), self._writing.connect() as connection:
            held = Held(connection, self._told, is_file=self._sqlite)
            with held.at_once():
                yield held

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except DatabaseError as error:
            if isinstance(error, IntegrityError | ProgrammingError | DataError):
                raise
            raise self._error(error.orig or error) from error
        except self._driver.OperationalError as error:
            raise self._error(error) from error

    def _error(self, error: BaseException) -> StoreError:
        busy = "locked" in str(error)
        return (BusyError if busy else StoreError)(self.name, _reason(error))

    def version(self) -> str | None:
        """The migration that the database is at, None when it is empty."""
        with self.read() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return None
            found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
            return None if found is None else str(found)

    def check(self) -> None:
        """Builds the tables in an empty database. :raises StoreError: when they are of another version."""
        version = self.version()
        if version is None:
            self.migrate()
        elif version != VERSION:
            raise StoreError(
                self.name, f"is at version {version}, this program needs {VERSION}; run `syndicate migrate`"
            )

    def migrate(self) -> None:
        """Brings the tables to this program's version; does nothing when they are. Data stays."""
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", "syndicate.store:migrations")
        config.set_main_option("path_separator", "os")
        with self.write() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def facts(self) -> Facts:
        """What operators want to know of it. :raises StoreError: when the database can't be used."""
        with self.read() as connection:
            if not self._sqlite:
                server = f"PostgreSQL {connection.execute(text('SHOW server_version')).scalar_one()}".split(" (")[0]
                used = int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())
                return Facts(self.name, server, VERSION, used, None)
            server = f"SQLite {connection.execute(text('SELECT sqlite_version()')).scalar_one()}"
            pages = [int(connection.execute(text(f"PRAGMA {one}")).scalar_one()) for one in ("page_count", "page_size")]
        free = disk_usage(Path(self._url.database).parent).free if self._url.database else None
        return Facts(self.name, server, VERSION, pages[0] * pages[1], free)

    def close(self) -> None:
        """Closes every pooled connection."""
        self.engine.dispose()


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

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Waits for nobody."""
        self._wait(0)
        try:
            yield
        finally:
            self._wait(_BUSY_SECONDS)

    @contextmanager
    def patiently(self) -> Iterator[None]:
        """Waits for other processes, as ``Store.write`` does."""
        self._is_patient = True
        self._wait(_BUSY_SECONDS)
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

    @contextmanager
    def batch(self) -> Iterator[Batch]:
        """One transaction, for prepared statements: a fifth of the cost where each has few rows."""
        self._check()
        with self._told():
            cursor = self._driver.cursor()
            self._begin(cursor)
            try:
                yield Batch(cursor, self._connection.dialect)
                self._driver.commit()
            except BaseException:
                self._driver.rollback()
                raise
            finally:
                cursor.close()

    def _begin(self, cursor: Any) -> None:
        until = time.monotonic() + self._connection.info["patience"]
        while True:
            try:
                cursor.execute("BEGIN IMMEDIATE" if self._is_file else "BEGIN")
            except self._connection.dialect.loaded_dbapi.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() >= until:
                    raise
            else:
                return

    def _check(self) -> None:
        if not (self._is_file or self._is_patient):
            raise BusyError("the database", "is not on this machine")

    def _wait(self, seconds: float) -> None:
        self._connection.info["patience"] = seconds
        if self._is_file:
            milliseconds = int(min(seconds, _ASK_AGAIN_SECONDS) * 1000)
            self._driver.execute(f"PRAGMA busy_timeout = {milliseconds}").close()


def _set_up_sqlite(connection: Any, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    wanted = connection.get_execution_options().get("begin", "")
    until = time.monotonic() + connection.info.get("patience", _BUSY_SECONDS)
    while True:
        try:
            connection.exec_driver_sql(f"BEGIN {wanted}")
        except OperationalError as error:
            if "locked" not in str(error.orig) or time.monotonic() >= until:
                raise
        else:
            return


def _reason(error: BaseException) -> str:
    said = next(iter(str(error).strip().splitlines()), "") or error.__class__.__name__
    hints = {
        "locked": "another process holds it; try again when that one is done",
        "unable to open": "check that the path exists and may be written",
        "readonly": "the file or its folder may not be written",
        "full": "make room on the disk",
        "disk I/O error": "the disk fails or is full, or files may not grow; look at it, and make room",
        "no such module: fts5": "this Python's SQLite can't search; use one that was built with FTS5",
        "not a database": "store.url names another kind of file",
    }
    return next((f"{said}: {hint}" for word, hint in hints.items() if word in said), said)
