"""The database that was opened, and its transactions.

Calls are synchronous on purpose: SQLite is a function call away, and asyncio code hands whole transactions to a thread.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import disk_usage
from typing import Any

from sqlalchemy import Connection, event, inspect, text
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry

from syndicate.errors import BusyError, StoreError
from syndicate.store import queues, versions
from syndicate.store.engine import brake, opening
from syndicate.store.engine.held import Held
from syndicate.store.moving import marks
from syndicate.store.schema import OLDEST, VERSION

_MIGRATING = 7_366_284_207
"""The number of the lock under which PostgreSQL lets one process at a time build tables."""


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
    """A database that was opened. ``read()`` and ``write()`` give a connection inside one transaction each.

    :raises StoreError: when the URL names no database that there can be, or its driver is not installed.
    """

    def __init__(self, url: str) -> None:
        self._url = opening.read_url(url)
        self.name = opening.shown(self._url)
        self._sqlite = self._url.get_backend_name() == "sqlite"
        self.engine = opening.connect(self._url)
        self._driver: Any = self.engine.dialect.loaded_dbapi
        self._open: Connection | None = None
        self._writing = self.engine.execution_options(begin="IMMEDIATE")
        one_view = {} if self._sqlite else {"isolation_level": "REPEATABLE READ"}
        self._reading = self.engine.execution_options(**one_view)

    def read(self) -> AbstractContextManager[Connection]:
        """One consistent view. :raises StoreError: when the database can't be used."""
        return self._within_one(self._reading.connect)

    def write(self) -> AbstractContextManager[Connection]:
        """One transaction: all or nothing. SQLite's begins with the write lock held, so that it can't fail half-way.

        :raises StoreError: when the database can't be used.
        """
        return self._within_one(self._writing.begin)

    def write_much(self) -> AbstractContextManager[Connection]:
        """``write``, for thousands of rows. :raises StoreError: when the database can't be used."""
        return self._within_one(self._begin_roomy)

    def read_much(self) -> AbstractContextManager[Connection]:
        """``read``, for thousands of rows. :raises StoreError: when the database can't be used."""
        return self._within_one(self._connect_roomy)

    @contextmanager
    def _within_one(self, begin: Callable[[], AbstractContextManager[Connection]]) -> Iterator[Connection]:
        if self._open is not None:
            yield self._open
            return
        with self.told(), begin() as connection:
            yield connection

    @contextmanager
    def _begin_roomy(self) -> Iterator[Connection]:
        with self._writing.connect() as connection, opening.roomy(connection), connection.begin():
            yield connection

    @contextmanager
    def _connect_roomy(self) -> Iterator[Connection]:
        with self._reading.connect() as connection, opening.roomy(connection):
            yield connection

    def within(self, connection: Connection) -> Store:
        """The same, whose transactions are parts of the caller's: all of them or nothing, together."""
        part = copy.copy(self)
        part._open = connection  # noqa: SLF001 - of its own kind
        return part

    @contextmanager
    def held(self) -> Iterator[Held]:
        """A connection that is kept for many transactions. :raises StoreError: when the database can't be used."""
        with self.told(), self._writing.connect() as connection:
            held = Held(connection, self.told, is_file=self._sqlite)
            with held.at_once(), opening.planned_once(connection):
                try:
                    yield held
                finally:
                    held.hush()

    @contextmanager
    def told(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            ours = isinstance(error, IntegrityError | ProgrammingError | DataError)
            if ours and not _is_refused(error.orig):
                raise
            raise opening.told(self.name, error.orig or error) from error
        except PoolTimeout as error:
            raise BusyError(self.name, "all connections of this process are in use; try again") from error
        except self._driver.Error as error:
            known = (self._driver.OperationalError, self._driver.InterfaceError)
            if isinstance(error, known) or opening.is_away(error) or _is_refused(error):
                raise opening.told(self.name, error) from error
            raise

    def version(self) -> str | None:
        """The migration that the database is at, None when it is empty."""
        with self.read() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return None
            found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
            return None if found is None else str(found)

    def check(self) -> None:
        """Builds the tables in an empty database.

        :raises StoreError: when they are of another version, or on the way from or to another database.
        """
        version = self.version()
        if version is None:
            self.migrate()
        elif version != VERSION:
            self._check_version(version)
        with self.read() as connection:
            mark = marks.read(connection)
        if mark is not None:
            raise StoreError(self.name, mark.refusal)
        if version is not None:
            self._build_queues()

    def _check_version(self, version: str) -> None:
        """A newer database is fine when it says that programs of this version may go on with it."""
        oldest = None
        if version > VERSION:
            with self.read() as connection:
                oldest = versions.oldest(connection)
        if oldest is None:
            raise StoreError(
                self.name, f"is at version {version}, this program needs {VERSION}; run `syndicate migrate`"
            )
        if oldest > VERSION:
            raise StoreError(
                self.name, f"is at version {version}, this program is of {VERSION}; start one of {oldest} or newer"
            )

    def migrate(self) -> None:
        """Brings the tables to this program's version; does nothing when they are. Data stays."""
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", "syndicate.store:migrations")
        config.set_main_option("path_separator", "os")
        with self.write() as connection:
            if not self._sqlite:
                connection.execute(text("SET LOCAL statement_timeout = 0"))
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATING})"))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            versions.note(connection, OLDEST)
        self._build_queues()

    def _build_queues(self) -> None:
        if not self.is_shared:
            return
        with self.read() as connection:
            is_built = queues.is_built(connection)
        if not is_built:
            with self.write() as connection:
                queues.build(connection)

    @property
    def is_shared(self) -> bool:
        """Whether processes on other machines can use it too, and workers can carry its jobs."""
        return not self._sqlite

    @property
    def address(self) -> str:
        """Where it is, with the password and all parameters, as PostgreSQL's own library takes it."""
        url = opening.with_parameters(self._url.set(drivername="postgresql"))
        return url.render_as_string(hide_password=False)

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

    def home(self) -> str | None:
        """What tells the place of this database from any other, also one that it is restored to; None for a file."""
        if self._sqlite:
            return None
        place = "SELECT system_identifier, oid FROM pg_control_system(), pg_database WHERE datname = current_database()"
        with self.read() as connection:
            return ".".join(map(str, connection.execute(text(place)).one()))

    def close(self) -> None:
        """Closes every pooled connection; those that a thread still uses when it gives them back."""
        event.listen(self.engine, "checkin", _end)
        self.engine.dispose()


def _end(_: Any, entry: ConnectionPoolEntry) -> None:
    entry.invalidate()


def _is_refused(error: BaseException | None) -> bool:
    """Whether the database's user may not do that (PostgreSQL's 42501), or nobody may any more."""
    return getattr(error, "sqlstate", None) == "42501" or brake.REFUSAL in str(error)
