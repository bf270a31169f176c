"""Which programs may work with a database that is newer than they are: what its migration wrote down says so."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select

from syndicate.store.schema import facts

NAME = "oldest program"


def oldest(connection: Connection) -> str | None:
    """The version of the oldest program that may; None when the database does not say."""
    return connection.execute(select(facts.c.value).where(facts.c.name == NAME)).scalar()


def note(connection: Connection, version: str) -> None:
    """Programs that are older than that may not."""
    connection.execute(delete(facts).where(facts.c.name == NAME))
    connection.execute(insert(facts).values(name=NAME, value=version))
