"""A whole SQLite database at one moment, in a file of its own, and whether a database is sound."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import text

from syndicate.errors import StoreError
from syndicate.store.engine import opening
from syndicate.store.engine.store import Store


def database_file(url: str) -> Path | None:
    """Where an SQLite database is; None when it is on a server. :raises StoreError: when the URL is no database's."""
    found = opening.read_url(url)
    return Path(found.database or "") if found.get_backend_name() == "sqlite" else None


def snapshot(store: Store, file: Path) -> None:
    """Copies the database as it is now into ``file``, which is new, while others read and write it.

    :raises StoreError: when it is on a server, can't be read, or turns out to be damaged.
    """
    if store.engine.dialect.name != "sqlite":
        remedy = f"pg_dump --format=custom --file=news.dump '{store.name}'"
        raise StoreError(store.name, f"is on a server, which has its own way to be backed up: {remedy}")
    connection = store.engine.raw_connection()
    try:
        source: Any = connection.driver_connection
        with closing(sqlite3.connect(file)) as target:
            source.backup(target)
            target.execute("PRAGMA journal_mode = DELETE")
            found = [str(said) for (said,) in target.execute("PRAGMA quick_check(3)")]
    except sqlite3.Error as error:
        raise opening.told(store.name, error) from error
    finally:
        connection.close()
    if found != ["ok"]:
        raise StoreError(store.name, f"is damaged ({found[0]}); `syndicate doctor` tells more")


def ailments(store: Store, *, most: int = 5) -> list[str]:
    """What is wrong inside of an SQLite database: damaged pages, rows that refer to nothing. Reads all of it.

    :raises StoreError: when it can't be read at all.
    """
    if store.engine.dialect.name != "sqlite":
        return []
    with store.read() as connection:
        said = [str(one) for one in connection.execute(text(f"PRAGMA integrity_check({most})")).scalars()]
        lost = connection.execute(text("PRAGMA foreign_key_check")).fetchmany(most)
    return [one for one in said if one != "ok"] + [f"a row of {row[0]} refers to nothing in {row[2]}" for row in lost]
