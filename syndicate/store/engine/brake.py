"""Stops all writing to a database, also by processes that have it open: its tables refuse."""

from __future__ import annotations

from sqlalchemy import Connection, text

from syndicate.store.schema import facts, metadata

REFUSAL = "this database moves to another one, and is not written any more"
"""What a writer gets to hear."""

_NAME = "moves"
_CHANGES = ("INSERT", "UPDATE", "DELETE")
_TABLES = sorted(table.name for table in metadata.tables.values() if table is not facts)
"""All but the one in which the mark stands."""


def pull(connection: Connection) -> None:
    """From the commit on nothing can be written."""
    if connection.dialect.name == "sqlite":
        statements = [
            f"CREATE TRIGGER {_NAME}_{table}_{change} BEFORE {change} ON {table} BEGIN "
            f"SELECT RAISE(ABORT, '{REFUSAL}'); END"
            for table in _TABLES
            for change in _CHANGES
        ]
    else:
        raising = f"BEGIN RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'read_only_sql_transaction'; END"
        statements = [f"CREATE FUNCTION {_NAME}() RETURNS trigger LANGUAGE plpgsql AS $${raising}$$"]
        statements += [
            f"CREATE TRIGGER {_NAME} BEFORE {' OR '.join(_CHANGES)} ON {table} EXECUTE FUNCTION {_NAME}()"
            for table in _TABLES
        ]
    for statement in statements:
        connection.execute(text(statement))


def release(connection: Connection) -> None:
    """It can be written again."""
    if connection.dialect.name == "sqlite":
        statements = [f"DROP TRIGGER {_NAME}_{table}_{change}" for table in _TABLES for change in _CHANGES]
    else:
        statements = [f"DROP FUNCTION {_NAME}() CASCADE"]
    for statement in statements:
        connection.execute(text(statement))
