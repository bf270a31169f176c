"""What a database needs before and after rows are brought into it: foreign keys, numbers to go on with, words."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, Table, event, func, select, text
from sqlalchemy.schema import AddConstraint, DropConstraint

from syndicate.errors import StoreError
from syndicate.model import Content
from syndicate.store.engine import fulltext
from syndicate.store.schema import articles, metadata

_NUMBERED = [table for table in metadata.sorted_tables if table.autoincrement_column is not None]
"""Tables whose rows the database numbers."""

WORDS_AT_ONCE = 500


def open_to_all(engine: Engine) -> None:
    """Has SQLite's connections take rows in any order; it knows no other way than to say so when one begins."""
    if engine.dialect.name == "sqlite":
        engine.dispose()
        event.listen(engine, "connect", lambda opened, _: opened.execute("PRAGMA foreign_keys = OFF"))


def trust(connection: Connection) -> None:
    """Rows may come in any order: what they refer to is looked at in the end."""
    if connection.dialect.name == "postgresql":
        for table in metadata.sorted_tables:
            for key in sorted(table.foreign_key_constraints, key=lambda one: str(one.name)):
                connection.execute(DropConstraint(key))


def distrust(connection: Connection, name: str) -> None:
    """Looks at it, and from now on. :raises StoreError: when something refers to what is not there."""
    if connection.dialect.name == "postgresql":
        for table in metadata.sorted_tables:
            for key in sorted(table.foreign_key_constraints, key=lambda one: str(one.name)):
                connection.execute(AddConstraint(key))
        connection.execute(text("ANALYZE"))
    elif found := connection.execute(text("PRAGMA foreign_key_check")).first():
        raise StoreError(name, f"a row of {found[0]} refers to one of {found[2]} that is not there")


def last_numbers(connection: Connection) -> dict[str, int]:
    """Table → the last number that was given to a row, also where that row is gone, as far as the database knows."""
    found = {}
    for table in _NUMBERED:
        highest = connection.execute(select(func.max(table.c.id))).scalar()
        found[table.name] = max(int(highest or 0), _given(connection, table))
    return found


def go_on_from(connection: Connection, numbers: dict[str, int]) -> None:
    """The next rows get the numbers behind these."""
    for table in _NUMBERED:
        last = numbers[table.name]
        if connection.dialect.name == "postgresql":
            values = {"table": table.name, "next": last + 1}
            setting = "SELECT setval(pg_get_serial_sequence(:table, 'id'), :next, false)"
            connection.execute(text(setting), values)
        elif table.dialect_options["sqlite"]["autoincrement"]:
            connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :table"), {"table": table.name})
            values = {"table": table.name, "last": last}
            connection.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:table, :last)"), values)


def take_words(connection: Connection, after: int) -> int | None:
    """Has articles found by their words, the next ones after that id; returns the last one's, None at the end."""
    a = articles.c
    query = select(a.id, a.title, a.text, a.authors, a.tags).where(a.id > after).order_by(a.id).limit(WORDS_AT_ONCE)
    last = None
    for row in connection.execute(query).all():
        content = Content(
            guid="", title=row.title, html="", text=row.text, slug="", authors=tuple(row.authors), tags=tuple(row.tags)
        )
        fulltext.keep(connection, row.id, content)
        last = int(row.id)
    return last


def _given(connection: Connection, table: Table) -> int:
    if connection.dialect.name == "postgresql":
        sequence = connection.execute(text("SELECT pg_get_serial_sequence(:table, 'id')"), {"table": table.name})
        query = f"SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM {sequence.scalar_one()}"  # noqa: S608
        return int(connection.execute(text(query)).scalar_one())
    if not table.dialect_options["sqlite"]["autoincrement"]:
        return 0
    query = "SELECT seq FROM sqlite_sequence WHERE name = :table"
    return int(connection.execute(text(query), {"table": table.name}).scalar() or 0)
