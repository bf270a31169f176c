"""Which of several processes leads: the one that holds PostgreSQL's advisory lock, for as long as its session lives."""

from __future__ import annotations

from contextlib import suppress

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from syndicate.errors import StoreError
from syndicate.store.engine.store import Store

_LEAD = 0x53594E44_0002
"""The number of the lock."""

HANGS_AFTER_S = 15
"""Seconds in which a leader that says nothing is taken for hanging; the server ends its session (PostgreSQL 14 on)."""

_LISTEN_CLOSELY = text("""
SELECT set_config(name, :seconds, false) FROM pg_settings WHERE name = 'idle_session_timeout'
""")


class Lead:
    """One process's hold on the lead; for one thread at a time."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._connection: Connection | None = None

    def is_ours(self) -> bool:
        """Whether this process leads; takes the lead when nobody has it. To be asked every few seconds.

        :raises StoreError: when the database can't be asked; another process may lead by then.
        """
        try:
            with self._store.told():
                if self._connection is None:
                    return self._take()
                self._connection.execute(text("SELECT 1"))
                return True
        except StoreError:
            self._drop()
            raise

    def give_up(self) -> None:
        """Lets another process lead."""
        if self._connection is not None:
            with suppress(DBAPIError):
                self._connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LEAD})
        self._drop()

    def _take(self) -> bool:
        connection = self._store.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        if connection.execute(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": _LEAD}).scalar_one():
            connection.execute(_LISTEN_CLOSELY, {"seconds": f"{HANGS_AFTER_S}s"})
            self._connection = connection
            return True
        connection.close()
        return False

    def _drop(self) -> None:
        if self._connection is not None:
            with suppress(DBAPIError):
                self._connection.invalidate()
                self._connection.close()
            self._connection = None
