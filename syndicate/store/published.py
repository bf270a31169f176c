"""What publishing remembers: what each folder of feeds holds, where archived pages end, and facts that never change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.exc import IntegrityError

from syndicate.store.schema import archived, facts, published


class Folder(NamedTuple):
    """What was published into a folder. ``files`` leads from each file's name to its size and modification time."""

    fingerprint: str
    files: Mapping[str, tuple[int, int]]


def folders(connection: Connection) -> dict[str, Folder]:
    """Every folder that was published."""
    rows = connection.execute(select(published))
    return {row.folder: Folder(row.fingerprint, {name: (a, b) for name, (a, b) in row.files.items()}) for row in rows}


def save_folders(connection: Connection, changed: Mapping[str, Folder]) -> None:
    """Notes what those folders hold now."""
    if changed:
        names = list(changed)
        for start in range(0, len(names), 500):
            connection.execute(delete(published).where(published.c.folder.in_(names[start : start + 500])))
        rows = [{"folder": name, **one._asdict()} for name, one in changed.items()]
        connection.execute(insert(published), rows)


def page_ends(connection: Connection) -> dict[str, list[int]]:
    """The last article of each archived page, by feed; a page begins behind the one before."""
    found: dict[str, list[int]] = {}
    for row in connection.execute(select(archived).order_by(archived.c.feed, archived.c.page)):
        found.setdefault(row.feed, []).append(row.last_article)
    return found


def add_page_ends(connection: Connection, feed: str, before: int, ends: Sequence[int]) -> None:
    """Closes further pages of a feed that had ``before`` of them, unless another process has. They are never opened."""
    rows = [{"feed": feed, "page": number, "last_article": end} for number, end in enumerate(ends, before + 1)]
    if rows:
        with suppress(IntegrityError), connection.begin_nested():
            connection.execute(insert(archived), rows)


def fact(connection: Connection, name: str) -> str | None:
    """What was remembered under that name."""
    found = connection.execute(select(facts.c.value).where(facts.c.name == name)).scalar()
    return None if found is None else str(found)


def remember(connection: Connection, name: str, value: str) -> str:
    """Remembers it for good, unless something is remembered already; returns what is."""
    try:
        with connection.begin_nested():
            connection.execute(insert(facts), {"name": name, "value": value})
    except IntegrityError:
        return fact(connection, name) or value
    return value
