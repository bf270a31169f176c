from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, select

from syndicate.store import Store, suppressions
from syndicate.store import schema as tables

NOW = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)


@pytest.fixture
def connection(store_url: str) -> Iterator[Connection]:
    store = Store(store_url)
    with store.write() as connection:
        yield connection
    store.close()


def test_a_ban_keeps_its_first_reason(connection: Connection) -> None:
    assert suppressions.add(connection, "ana@example.org", "complaint", now=NOW)
    assert not suppressions.add(connection, "ana@example.org", "bounce", now=NOW)
    c = tables.suppressions.c
    assert connection.execute(select(c.email, c.reason, c.created_at)).all() == [("ana@example.org", "complaint", NOW)]


def test_only_the_banned_are_named(connection: Connection) -> None:
    for number in range(0, 1200, 3):
        suppressions.add(connection, f"reader{number}@example.org", "bounce", now=NOW)
    asked = [f"reader{number}@example.org" for number in range(1200)]
    assert suppressions.suppressed(connection, asked) == set(asked[::3])
    assert suppressions.suppressed(connection, ["Reader3@example.org"]) == set()
    assert suppressions.suppressed(connection, []) == set()


def test_a_ban_can_be_lifted_once(connection: Connection) -> None:
    suppressions.add(connection, "ana@example.org", "complaint", now=NOW)
    assert suppressions.lift(connection, "ana@example.org")
    assert not suppressions.lift(connection, "ana@example.org")
    assert suppressions.suppressed(connection, ["ana@example.org"]) == set()
