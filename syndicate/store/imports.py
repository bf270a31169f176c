"""Imports of files of subscribers: how far each one is, kept in step with what it has changed. The roster calls it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from syndicate.store.schema import imports


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """One import: ``rows`` of the file are dealt with, bad ones not counted, and ``counts`` say what became of them.

    ``print`` tells the file, and what was said of it, from others. ``finished_at`` is None until the end was reached.
    """

    id: int
    print: str
    name: str
    who: str
    rows: int
    counts: Mapping[str, int]
    began_at: datetime
    finished_at: datetime | None


def begin(connection: Connection, print_: str, *, name: str, who: str, now: datetime) -> Import:
    """The import of that print that was not finished, or a new one."""
    c = imports.c
    unfinished = select(imports).where(c.print == print_, c.finished_at.is_(None)).order_by(c.id.desc()).limit(1)
    row = connection.execute(unfinished).mappings().first()
    if row is None:
        new = {"print": print_, "name": name, "who": who, "rows": 0, "counts": {}, "began_at": now}
        connection.execute(insert(imports), new)
        row = connection.execute(unfinished).mappings().one()
    return Import(**row)


def advance(connection: Connection, import_id: int, counts: Mapping[str, int], *, before: int, rows: int) -> bool:
    """Notes that ``rows`` are dealt with, and no longer only ``before``; false when somebody else went on with it."""
    c = imports.c
    query = update(imports).where(c.id == import_id, c.rows == before, c.finished_at.is_(None))
    return bool(connection.execute(query.values(rows=rows, counts=dict(counts))).rowcount)


def finish(connection: Connection, import_id: int, counts: Mapping[str, int], *, now: datetime) -> None:
    """Notes that the end was reached."""
    query = update(imports).where(imports.c.id == import_id)
    connection.execute(query.values(counts=dict(counts), finished_at=now))
