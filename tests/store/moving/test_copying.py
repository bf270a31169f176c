"""Moving: everything is there, the old database never sends again, and a move that was cut off goes on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Table, insert, update

from syndicate.app import open_app
from syndicate.errors import ConflictError, HeldError, StoreError
from syndicate.model import Content, Role
from syndicate.store import Store, articles, leases
from syndicate.store.engine import fulltext, rows
from syndicate.store.moving import copying, marks
from syndicate.store.schema import articles as article_rows
from syndicate.store.schema import growth, metadata, originals
from syndicate.store.schema import users as user_rows
from syndicate.store.words import parse
from tests.cli.command import starter
from tests.newsroom import MONDAY, Newsroom, newsroom, settings_for
from tests.relay import Relay
from tests.tables import ready

READERS = 30
NOW = datetime.now(UTC)


@pytest.fixture(params=["to postgresql", "to sqlite"])
def addresses(request: pytest.FixtureRequest, tmp_path: Path, postgresql_url: str) -> tuple[str, str]:
    """The old database and the new one."""
    found = (f"sqlite:///{ready(tmp_path)}", postgresql_url)
    return found if request.param == "to postgresql" else (postgresql_url, f"sqlite:///{tmp_path / 'new.db'}")


@contextmanager
def opened(*urls: str) -> Iterator[list[Store]]:
    stores = [Store(url) for url in urls]
    try:
        yield stores
    finally:
        for store in stores:
            store.close()


def fill(room: Newsroom) -> None:
    """Of every kind of column something, and a digest of which two mails are out."""
    first, second = room.article("Ferry returns", "lake"), room.article("Čačak – “naïve”")
    for number in range(READERS):
        room.reader(f"r{number:03}@example.org", name="Ž'\\\t\"\n" if number % 2 else "")
    room.compose()
    with room.app.store.write() as connection:
        connection.execute(update(article_rows).where(article_rows.c.id == first).values(duplicate_of=second))
        whole = {"article_id": first, "kind": "html", "body": bytes(range(256)), "is_whole": True}
        connection.execute(insert(originals), whole)
        day = {"newsletter": "brief", "day": MONDAY.date(), "readers": 3, "joined": 1, "left": 0}
        connection.execute(insert(growth), day)
        values = {"name": "ana", "role": Role.EDITOR, "password_hash": "x", "totp_secret": "", "totp_step": 0}
        for name in ("ana", "ben"):
            connection.execute(insert(user_rows), values | {"name": name, "created_at": MONDAY})
        connection.execute(user_rows.delete().where(user_rows.c.name == "ben"))


def everything(store: Store) -> dict[str, set[rows.Raw]]:
    """All rows but those that are about one database alone."""
    with store.read() as connection:
        found = {table.name: set(rows.read(connection, table)) for table in metadata.sorted_tables}
    found["facts"] = {row for row in found["facts"] if row[0] not in {marks.NAME, "home", "copy", "oldest program"}}
    return found


def test_all_is_there_and_goes_on_and_the_old_one_never_sends_again(
    tmp_path: Path, addresses: tuple[str, str], relay: Relay
) -> None:
    old, new = addresses
    smtp = {"url": relay.url}
    with newsroom(tmp_path, store_url=old, smtp=smtp) as room, opened(old, new) as [source, target]:
        fill(room)
        before = everything(source)
        told = {one.table: one.rows for one in copying.move(source, target, now=NOW)}
        assert everything(target) == everything(source) == before
        assert told["deliveries"] == told["subscribers"] == READERS
        with pytest.raises(HeldError, match=r"moved to .*, and nothing is sent from here"):
            room.send()
        with pytest.raises(StoreError, match="moves to another one"):
            room.reader("late@example.org")
        assert not relay.messages
        with pytest.raises(StoreError, match=r"it moved to .*; put that into store.url"):
            open_app(settings_for(tmp_path, store_url=old))
        with pytest.raises(ConflictError, match="it moved to"):
            copying.move(source, target, now=NOW)
        with pytest.raises(ConflictError, match="can't be given up any more"):
            copying.give_up(source)
        with target.read() as connection:
            foreign = (fulltext.TABLE, "deliveries_", "attempts_")
            ours = {"include_name": lambda name, kind, _: kind != "table" or not name.startswith(foreign)}
            context = MigrationContext.configure(connection, opts={"compare_type": True} | ours)
            assert compare_metadata(context, metadata) == []
            assert [hit.id for hit in fulltext.find(connection, parse("cacak"), ("newsroom",), 9)] == [2]
        with target.write() as connection:
            values = {"name": "eva", "role": Role.EDITOR, "password_hash": "x", "totp_secret": "", "totp_step": 0}
            row = insert(user_rows).returning(user_rows.c.id)
            given = connection.execute(row, values | {"created_at": MONDAY}).scalar_one()
            content = Content(guid="n", title="N", html="", text="", slug="n")
            assert (given, articles.add(connection, "s", content, now=MONDAY, numbered=True)) == (3, 3)
    with newsroom(tmp_path, store_url=new, smtp=smtp) as room:
        assert room.send().accepted == READERS
        assert len(set(relay.recipients)) == READERS
        room.equation()


KILLED = """
import os, sys
from datetime import UTC, datetime
from syndicate.store import Store
from syndicate.store.moving import copying
old, new, steps = sys.argv[1:]
copying._ROWS = 7
left = int(steps)
def progress(*_):
    global left
    left -= 1
    if not left:
        os.kill(os.getpid(), 9)
copying.move(Store(old), Store(new), now=datetime.now(UTC), progress=progress)
"""


def test_a_move_that_is_killed_goes_on_where_it_was(
    tmp_path: Path, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = f"sqlite:///{ready(tmp_path)}", postgresql_url
    with newsroom(tmp_path, store_url=old) as room:
        fill(room)
    for steps in (30, 60):  # while it copies, while it compares
        ended = starter().start([old, new, str(steps)], code=KILLED)
        _, said = ended.communicate(timeout=120)
        assert ended.returncode == -9, said
        for url, said in ((old, "is moving to"), (new, "not all of .* is here yet")):
            with pytest.raises(StoreError, match=said):
                open_app(settings_for(tmp_path, store_url=url))
    copied: list[str] = []
    write = rows.write

    def noted(connection: Connection, table: Table, found: Sequence[rows.Raw]) -> None:
        copied.append(table.name)
        write(connection, table, found)

    monkeypatch.setattr(rows, "write", noted)
    with opened(old, new) as [source, target]:
        copying.move(source, target, now=NOW)
        assert "subscribers" not in copied
        assert everything(target) == everything(source)
    with newsroom(tmp_path, store_url=new):
        pass


def test_what_can_not_be_moved_is_left_as_it_is(tmp_path: Path, postgresql_url: str) -> None:
    old = f"sqlite:///{ready(tmp_path)}"
    with opened(old, postgresql_url) as [source, target]:
        with target.write() as connection:
            sender = leases.enter(connection, "host/1/aa", lease_until=NOW)
        with pytest.raises(ConflictError, match="is not empty, it has senders; choose"):
            copying.move(source, target, now=NOW)
        with target.write() as connection:
            leases.leave(connection, sender, [])
        with source.write() as connection:
            sender = leases.enter(connection, "host/2/bb", lease_until=NOW + timedelta(minutes=1))
        with pytest.raises(ConflictError, match="being sent from it by host/2/bb"):
            copying.move(source, target, now=NOW)
        with pytest.raises(ConflictError, match="both the old database and the new one"):
            copying.move(source, source, now=NOW)
        assert not copying.give_up(source)
        source.check()
        with source.write() as connection:
            leases.leave(connection, sender, [])
        write = rows.write
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(rows, "write", lambda connection, table, found: write(connection, table, found[:-1]))
            with pytest.raises(StoreError, match="counters has 3 rows that are not the 4 of the old"):
                copying.move(source, target, now=NOW)
        with pytest.raises(StoreError, match="it is moving to"):
            source.check()
        assert copying.give_up(source)
        source.check()
        with source.write() as connection:
            articles.next_sequence(connection)
        with pytest.raises(ConflictError, match="belongs to another move; choose"):
            copying.move(source, target, now=NOW)
