"""Recovery codes: each lets its user in once, in place of a code from their app. Called by the desk."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, delete, func, insert, select

from syndicate.store.schema import recovery_codes


def replace(connection: Connection, user_id: int, code_hashes: Iterable[str]) -> None:
    """These are the user's, and no others any more."""
    connection.execute(delete(recovery_codes).where(recovery_codes.c.user_id == user_id))
    rows = [{"user_id": user_id, "code_hash": one} for one in code_hashes]
    if rows:
        connection.execute(insert(recovery_codes), rows)


def use(connection: Connection, user_id: int, code_hash: str) -> bool:
    """Uses one up; false when the user has no such code."""
    mine = (recovery_codes.c.user_id == user_id, recovery_codes.c.code_hash == code_hash)
    return connection.execute(delete(recovery_codes).where(*mine)).rowcount == 1


def count(connection: Connection, user_id: int) -> int:
    """How many are left."""
    query = select(func.count()).select_from(recovery_codes).where(recovery_codes.c.user_id == user_id)
    return int(connection.execute(query).scalar_one())
