"""How each database is connected to, and what its errors mean to an operator. Called by ``store``."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL, ExceptionContext
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from syndicate.errors import AwayError, BusyError, StoreError

BUSY_SECONDS = 30.0
ASK_AGAIN_SECONDS = 0.02
"""SQLite sleeps longer with every try; beside a busy writer, who asks often waits less."""

_ROOM_KIB = 65_536

_POSTGRESQL: Final = {
    "application_name": "syndicate",
    "connect_timeout": "10",
    "keepalives": "1",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}
"""libpq's parameters (PostgreSQL §32.1.2): a server that is gone is noticed within a minute. The URL's own win."""

HEARS_OF_US: Final = {
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "60s",
}
"""The same on the server's side (§19.3.2): within a minute it ends what is left of us, and frees what we had locked."""

_SESSION: Final = {
    "lock_timeout": "30s",
    "statement_timeout": "30min",
    "idle_in_transaction_session_timeout": "15min",
    **HEARS_OF_US,
}
"""What waits for a lock that long is told so, as on SQLite; what takes or idles that long hangs."""

_BUSY: Final = {"55P03", "40P01", "40001", "53300"}
"""SQLSTATEs that pass: locked, deadlock, conflict, too many connections (PostgreSQL, appendix A)."""

_AWAY: Final = {"57P01", "57P02", "57P03", "25006", "25P03", "57P05"}
"""SQLSTATEs of a server that ends or begins, of one that is read only, and of sessions that it ended."""

_UNWANTED: Final = (
    r"authentication failed|no password supplied|no pg_hba.conf entry|(role|database) \".*\" does not exist"
)
"""What a server says that is there and does not want us; that goes with no SQLSTATE while a connection is made."""

_SECRET_PARAMETERS: Final = ("password", "sslpassword")


def read_url(url: str) -> URL:
    """:raises StoreError: when it names none of the two databases."""
    try:
        found = make_url(url)
    except (ArgumentError, ValueError):
        raise StoreError("the database", "its address can't be read; " + _FORMS) from None
    if found.get_backend_name() == "postgresql" or found.drivername == "postgres":
        return found.set(drivername="postgresql+psycopg")
    if found.get_backend_name() != "sqlite":
        raise StoreError(shown(found), "is neither of the databases that this program knows; " + _FORMS)
    folder = Path(found.database).parent if found.database else None
    if folder and not folder.is_dir():
        raise StoreError(shown(found), f"there is no folder {folder}; make it, or change store.url")
    return found


_FORMS: Final = "it is sqlite:///FILE or postgresql://user@host/database"


def shown(url: URL) -> str:
    """The URL without its password."""
    plain = url.set(drivername="postgresql") if url.get_backend_name() == "postgresql" else url
    return plain.difference_update_query(_SECRET_PARAMETERS).render_as_string(hide_password=True)


def has_password(url: str) -> bool:
    """Whether a password stands in it. :raises StoreError: when it names none of the two databases."""
    found = read_url(url)
    return bool(found.password) or not {*_SECRET_PARAMETERS}.isdisjoint(found.query)


def connect(url: URL) -> Engine:
    """An engine, which connects when it is used. :raises StoreError: when the database's driver is not installed."""
    if url.get_backend_name() == "sqlite":
        given: Any = {"timeout": ASK_AGAIN_SECONDS, "check_same_thread": False}
        engine = create_engine(url, connect_args=given, pool_size=10)
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    try:
        engine = create_engine(with_parameters(url), pool_size=10, pool_pre_ping=True)
    except ImportError as error:
        reason = f"{error}; PostgreSQL needs more parts: pip install 'syndicate[cluster]'"
        raise StoreError(shown(url), reason) from None
    event.listen(engine, "connect", _set_up_postgresql)
    event.listen(engine, "handle_error", _close_cursor)
    return engine


def with_parameters(url: URL) -> URL:
    """A URL of PostgreSQL with all that its library is to be told."""
    return url.update_query_dict({name: value for name, value in _POSTGRESQL.items() if name not in url.query})


def _set_up_sqlite(connection: Any, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY"):
        connection.execute(f"PRAGMA {pragma}").close()


def _set_up_postgresql(connection: Any, _: ConnectionPoolEntry) -> None:
    """Said to the server afterwards rather than with the connection: poolers refuse options that they don't know."""
    calls = ", ".join(f"set_config('{name}', '{value}', false)" for name, value in _SESSION.items())
    connection.execute(f"SELECT {calls}")
    connection.commit()


def _close_cursor(context: ExceptionContext) -> None:
    """Whose connection was lost is left open by SQLAlchemy, and complained of by psycopg."""
    executed = context.execution_context
    if context.is_disconnect and executed:
        with suppress(context.dialect.loaded_dbapi.Error):  # what was lost first is told
            executed.cursor.close()


@contextmanager
def planned_once(connection: Connection) -> Iterator[None]:
    """Has PostgreSQL plan every prepared statement once: to plan one anew can take longer than to do it."""
    if connection.dialect.name == "sqlite":
        yield
        return
    with _planned(connection, "force_generic_plan"):
        yield


@contextmanager
def _planned(connection: Connection, how: str) -> Iterator[None]:
    connection.exec_driver_sql(f"SET plan_cache_mode = {how}")
    connection.commit()
    try:
        yield
    finally:
        if not connection.invalidated:
            with suppress(DBAPIError):  # a server that is gone has forgotten it too
                connection.rollback()
                connection.exec_driver_sql("RESET plan_cache_mode")
                connection.commit()


@contextmanager
def roomy(connection: Connection) -> Iterator[None]:
    """For thousands of rows. Nothing may be begun on the connection yet.

    SQLite keeps in memory what they change; else it writes and reads the same pages many times. PostgreSQL plans for
    tables as they are now: one plan for few rows takes hours for many.
    """
    if connection.dialect.name != "sqlite":
        with _planned(connection, "force_custom_plan"):
            yield
        return
    driver: Any = connection.connection.driver_connection
    [usual] = driver.execute("PRAGMA cache_size").fetchone()
    driver.execute(f"PRAGMA cache_size = -{_ROOM_KIB}").close()
    try:
        yield
    finally:
        driver.execute(f"PRAGMA cache_size = {usual}").close()


def _begin_sqlite(connection: Connection) -> None:
    wanted = connection.get_execution_options().get("begin", "")
    until = time.monotonic() + connection.info.get("patience", BUSY_SECONDS)
    while True:
        try:
            connection.exec_driver_sql(f"BEGIN {wanted}")
        except OperationalError as error:
            if "locked" not in str(error.orig) or time.monotonic() >= until:
                raise
        else:
            return


def told(name: str, error: BaseException) -> StoreError:
    """A driver's error as operators are told of it: what was said, and what to do."""
    state = getattr(error, "sqlstate", None)
    said = next(iter(str(error).strip().splitlines()), "") or error.__class__.__name__
    reason = next((f"{said}: {remedy}" for words, remedy in _REMEDIES.items() if re.search(words, said)), said)
    if state in _BUSY or "locked" in said:
        return BusyError(name, reason)
    return (AwayError if is_away(error) else StoreError)(name, reason)


def is_away(error: BaseException) -> bool:
    """Whether PostgreSQL can't be reached, shuts down or starts up, or is a copy that may not write (appendix A)."""
    if not hasattr(error, "sqlstate"):
        return False
    if error.sqlstate is None:
        is_lost = any(kind.__name__ == "OperationalError" for kind in type(error).__mro__)
        return is_lost and not re.search(_UNWANTED, str(error))
    return error.sqlstate.startswith("08") or error.sqlstate in _AWAY


_UNKNOWN: Final = "it may stand in store.url, in PGPASSWORD or in ~/.pgpass"
_NOBODY: Final = "check host and port in store.url, and that PostgreSQL runs there"
_ROOM: Final = "make room on the disk"

_REMEDIES: Final = {
    r"locked|lock timeout": "another process holds it; try again when that one is done",
    r"unable to open": "check that the path exists and may be written",
    r"readonly": "the file or its folder may not be written",
    r"disk is full|No space left": _ROOM,
    r"disk I/O error": f"the disk fails or is full, or files may not grow; look at it, and {_ROOM}",
    r"no such module: fts5": "this Python's SQLite can't search; use one that was built with FTS5",
    r"not a database": "store.url names another kind of file",
    r"password authentication failed|no password supplied": _UNKNOWN,
    r"no pg_hba.conf entry": "the server takes no such connections from here; its pg_hba.conf says which",
    r"resolve host|Connection refused|No such file or directory|timeout expired|No route": _NOBODY,
    r"too many clients|connection slots": "close other connections, or raise the server's max_connections",
    r"statement timeout": "the server is too busy, or something holds it up",
    r"permission denied": "make the user in store.url its owner (ALTER DATABASE … OWNER TO …)",
    r"read-only transaction": "the server copies another one, or was set so; store.url must name the one that writes",
    r'role ".*" does not exist': "the server knows no such user; check the one in store.url",
    r'database ".*" does not exist': "make it there (CREATE DATABASE …), or check its name in store.url",
}
"""What operators can do, by what was said."""
