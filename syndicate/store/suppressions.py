"""Suppressions: standing bans on addresses. Whoever is here is never mailed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from syndicate.store.schema import suppressions


def add(connection: Connection, email: str, reason: str, *, now: datetime) -> bool:
    """Bans a normalised address; false when it is banned already (the first reason stays)."""
    if suppressed(connection, [email]):
        return False
    connection.execute(insert(suppressions), {"email": email, "reason": reason, "created_at": now})
    return True


def lift(connection: Connection, email: str) -> bool:
    """Ends a ban; false when there was none."""
    return bool(connection.execute(delete(suppressions).where(suppressions.c.email == email)).rowcount)


def suppressed(connection: Connection, emails: Sequence[str]) -> set[str]:
    """Which of these normalised addresses are banned."""
    found: set[str] = set()
    for start in range(0, len(emails), 500):
        query = select(suppressions.c.email).where(suppressions.c.email.in_(emails[start : start + 500]))
        found.update(connection.execute(query).scalars())
    return found
