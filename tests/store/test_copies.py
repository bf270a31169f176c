"""Whether this copy of a database may send."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text

from syndicate.errors import HeldError
from syndicate.store import Store, copies
from syndicate.store.copies import Standing
from tests.newsroom import MONDAY, newsroom


def test_a_database_is_live_until_something_else_is_said(store: Store) -> None:
    with store.write() as connection:
        assert copies.read(connection).may_send
        copies.check(connection)
        copies.mark(connection, Standing.HELD, "it was restored from a backup of yesterday", now=MONDAY)
        with pytest.raises(HeldError, match=r"held: it was restored.*`syndicate live`"):
            copies.check(connection)
        copies.mark(connection, Standing.MOVED, "postgresql://db.lake.example/news", now=MONDAY)
        with pytest.raises(HeldError, match=r"moved to postgresql://db\.lake\.example/news"):
            copies.check(connection)
        copies.mark(connection, Standing.UNDECIDED, now=MONDAY)
        copies.check(connection)


def test_a_database_that_stands_elsewhere_is_held_and_one_that_moved_stays_so(store: Store) -> None:
    with store.write() as connection:
        copies.arrive(connection, "here", now=MONDAY)
        copies.arrive(connection, "here", now=MONDAY)
        assert copies.read(connection).may_send
        copies.arrive(connection, "there", now=MONDAY)
        assert copies.read(connection).standing is Standing.HELD
        copies.mark(connection, Standing.MOVED, "x", now=MONDAY)
        copies.arrive(connection, "elsewhere", now=MONDAY)
        assert copies.read(connection).standing is Standing.MOVED


def test_postgresql_knows_its_place(tmp_path: Path, postgresql: str, postgresql_url: str) -> None:
    with newsroom(tmp_path, store_url=postgresql_url) as room:
        home = room.app.store.home()
        assert home
        assert room.app.jobs.copy().may_send
        with room.app.store.write() as connection:
            copies.arrive(connection, home, now=MONDAY)
            assert copies.read(connection).may_send
            copies.arrive(connection, f"{home}0", now=MONDAY)
    with newsroom(tmp_path, store_url=postgresql_url) as room:
        assert "stands elsewhere" in room.app.jobs.copy().why


def is_waiting(store: Store) -> bool:
    """Whether somebody waits for somebody else's transaction."""
    query = text("SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
    with store.read() as connection:
        return connection.execute(query).first() is not None


def test_several_that_open_a_new_database_at_once_get_along(postgresql_url: str) -> None:
    first, second = Store(postgresql_url), Store(postgresql_url)

    def arrive() -> None:
        with second.write() as connection:
            copies.arrive(connection, "1.1", now=MONDAY)

    with ThreadPoolExecutor(1) as pool:
        with first.write() as connection:
            copies.arrive(connection, "1.1", now=MONDAY)
            other = pool.submit(arrive)
            while not (other.done() or is_waiting(first)):
                pass
        other.result(30)
    with first.read() as connection:
        assert copies.read(connection).may_send
    first.close()
    second.close()
