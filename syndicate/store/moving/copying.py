"""Moves an installation to another database, in steps that can be cut off at any moment and gone on with.

1. The old one is stopped: from then on its tables refuse to be written, also by processes that have it open.
2. Rows are copied, some megabytes in one transaction together with how far that is. Foreign keys come in the end.
3. Both sides are counted and hashed in the same way, table by table.
4. The old one is marked as left, then the new one as whole. At no moment can mail be sent from both.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, Table, delete, exists, select

from syndicate.errors import ConflictError, StoreError
from syndicate.store import copies, journal, versions
from syndicate.store.copies import Standing
from syndicate.store.engine import brake, finishing, partitions, rows
from syndicate.store.engine.store import Store
from syndicate.store.moving import marks
from syndicate.store.moving.marks import Done, Mark, Stage
from syndicate.store.schema import VERSION, attempts, counters, deliveries, digests, facts, metadata, senders

_LEDGER = (deliveries, attempts)
TABLES = [*(one for one in metadata.sorted_tables if one not in _LEDGER), *_LEDGER]
"""In the order in which they are copied: those of which a digest is made come before its deliveries."""

_WORDS = "article_words"
_OWN = {marks.NAME, copies.HOME, versions.NAME}
"""Facts that are about one database alone."""

_ROWS = 20_000
_BYTES = 16_000_000
"""So much at most is copied in one transaction, and is in memory."""


@dataclass(frozen=True, slots=True)
class Copied:
    """One table, as it is on both sides; ``sum`` is that of its rows' hashes."""

    table: str
    rows: int
    sum: int


Progress = Callable[[str, int], None]
"""Is told of a table and how many of its rows are done."""


def move(source: Store, target: Store, *, now: datetime, progress: Progress = lambda *_: None) -> list[Copied]:
    """Does all of it, or what is left of it.

    :raises ConflictError: when the two databases are not such that the one may go to the other.
    :raises StoreError: when one of them can't be used, or they are not alike in the end.
    """
    _prepare(source, target)
    token = _leave(source, target, now=now)
    _arrive(source, target, token)
    with source.read() as reading:
        for table in TABLES:
            for copied in _copy(reading, target, table):
                progress(table.name, copied)
        numbers = finishing.last_numbers(reading)
    _take_words(target, progress)
    found = list(_compare(target, progress))
    with target.write() as connection:
        finishing.go_on_from(connection, numbers)
    _end(source, target, token, now=now)
    return found


def give_up(source: Store) -> bool:
    """Lets the old database be written again, if it was not left; false when it is in no move.

    :raises ConflictError: when it was left: the new one may be in use.
    """
    with source.write() as connection:
        mark = marks.read(connection, locked=True)
        if mark is None:
            return False
        if mark.stage is not Stage.LEAVING:
            raise ConflictError(f"{source.name}: {mark.refusal}; this can't be given up any more")
        brake.release(connection)
        marks.wipe(connection)
    return True


def _prepare(source: Store, target: Store) -> None:
    if source.name == target.name:
        raise ConflictError(f"{source.name} is both the old database and the new one; name another one")
    if source.version() != VERSION:
        raise ConflictError(f"{source.name} is at another version than this program; run `syndicate migrate` first")
    if target.version() not in (None, VERSION):
        raise ConflictError(f"{target.name} is at another version than this program; choose an empty database")
    target.migrate()
    finishing.open_to_all(target.engine)
    with source.read() as here, target.read() as there:
        leaving, arriving = marks.read(here), marks.read(there)
        if leaving and (leaving.stage is Stage.ARRIVING or leaving.other != target.name):
            raise ConflictError(f"{source.name}: {leaving.refusal}")
        if leaving and leaving.stage is Stage.LEFT and arriving is None:
            raise ConflictError(f"{source.name}: {leaving.refusal}")
        if arriving and (leaving is None or arriving.token != leaving.token):
            raise ConflictError(f"{target.name} belongs to another move; choose an empty database")
        if arriving is None and (held := _held(there)):
            raise ConflictError(f"{target.name} is not empty, it has {', '.join(held)}; choose an empty database")


def _held(connection: Connection) -> list[str]:
    """The tables with something in them, but for what migrations put there."""
    found = []
    for table in TABLES:
        some = select(table)
        if table is counters:
            some = some.where(counters.c.value != 0)
        elif table is facts:
            some = some.where(facts.c.name.not_in(_OWN))
        if connection.execute(select(exists(some))).scalar_one():
            found.append(table.name)
    return found


def _leave(source: Store, target: Store, *, now: datetime) -> str:
    with source.write() as connection:
        mark = marks.read(connection, locked=True)
        if mark is not None:
            return mark.token
        sending = connection.execute(select(senders.c.name).where(senders.c.lease_until > now)).scalars().all()
        if sending:
            names = ", ".join(sending)
            raise ConflictError(
                f"{source.name}: mail is being sent from it by {names} (host/process); stop that, and try again when "
                "a minute has passed"
            )
        token = secrets.token_hex(16)
        journal.post(connection)
        marks.write(connection, Mark(Stage.LEAVING, token, target.name))
        brake.pull(connection)
    return token


def _arrive(source: Store, target: Store, token: str) -> None:
    with target.write() as connection:
        if marks.read(connection, locked=True) is None:
            connection.execute(delete(counters))
            finishing.trust(connection)
            marks.write(connection, Mark(Stage.ARRIVING, token, source.name))


def _copy(reading: Connection, target: Store, table: Table) -> Iterator[int]:
    """Copies what is left of a table; yields how many rows are there, portion by portion."""
    with target.read() as connection:
        done = _done(connection, table.name)
    if done.is_whole:
        return
    if table is deliveries:
        _make_partitions(target)
    portion: list[rows.Raw] = []
    size = 0
    for row in rows.read(reading, table, done.after):
        if table is facts and row[0] in _OWN:
            continue
        portion.append(row)
        size += rows.size_of(row)
        if len(portion) >= _ROWS or size >= _BYTES:
            done = _keep(target, table, portion, done)
            portion, size = [], 0
            yield done.rows
    done = _keep(target, table, portion, done, is_whole=True)
    yield done.rows


def _make_partitions(target: Store) -> None:
    with target.read() as connection:
        query = select(digests.c.id).where(digests.c.planned > 0).order_by(digests.c.id)
        sent = connection.execute(query).scalars().all()
    for digest_id in sent:
        with target.write() as connection:
            partitions.make_for(connection, digest_id)


def _keep(target: Store, table: Table, portion: list[rows.Raw], before: Done, *, is_whole: bool = False) -> Done:
    total = before.sum
    for row in portion:
        total = rows.add(total, row)
    after = rows.key_of(table, portion[-1]) if portion else before.after
    done = Done(before.rows + len(portion), total, after, is_whole)
    with target.write() as connection:
        mark = _mark(connection, locked=True)
        if mark.tables.get(table.name, Done()) != before:
            raise ConflictError(f"{target.name}: another process copies to it, too; let one of them go on")
        rows.write(connection, table, portion)
        marks.write(connection, replace(mark, tables={**mark.tables, table.name: done}))
    return done


def _done(connection: Connection, name: str) -> Done:
    return _mark(connection).tables.get(name, Done())


def _mark(connection: Connection, *, locked: bool = False) -> Mark:
    mark = marks.read(connection, locked=locked)
    if mark is None:
        raise ConflictError("another process ended the same move meanwhile")
    return mark


def _take_words(target: Store, progress: Progress) -> None:
    with target.read() as connection:
        done = _done(connection, _WORDS)
    last: int | None = done.after[0] if done.after else 0
    while not done.is_whole and last is not None:
        with target.write() as connection:
            mark = _mark(connection, locked=True)
            last = finishing.take_words(connection, last)
            done = replace(done, after=(last,) if last else None, is_whole=last is None)
            marks.write(connection, replace(mark, tables={**mark.tables, _WORDS: done}))
        progress(_WORDS, last or 0)


def _compare(target: Store, progress: Progress) -> Iterator[Copied]:
    """Reads all that was written."""
    with target.read() as connection:
        for table in TABLES:
            count, total = 0, 0
            for row in rows.read(connection, table):
                if table is facts and row[0] in _OWN:
                    continue
                count, total = count + 1, rows.add(total, row)
            done = _done(connection, table.name)
            if (count, total) != (done.rows, done.sum):
                raise StoreError(
                    target.name,
                    f"{table.name} has {count} rows that are not the {done.rows} of the old database; empty this one, "
                    "and give the move up, then begin again",
                )
            yield Copied(table.name, count, total)
            progress(table.name, count)


def _end(source: Store, target: Store, token: str, *, now: datetime) -> None:
    """The new one becomes whole at a moment when the old one was left already."""
    with target.write() as connection:
        _mark(connection, locked=True)
        finishing.distrust(connection, target.name)
        marks.wipe(connection)
        with source.write() as leaving:
            marks.write(leaving, Mark(Stage.LEFT, token, target.name))
            copies.mark(leaving, Standing.MOVED, target.name, now=now)
