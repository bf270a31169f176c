"""Suppressions: standing bans on addresses. Whoever is here is never mailed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, Text, bindparam, delete, exists, insert, select

from syndicate.store.engine.columns import among
from syndicate.store.engine.prepared import Batch, Prepared
from syndicate.store.schema import suppressions


class Suppression(NamedTuple):
    """Why an address is banned, and since when."""

    reason: str
    created_at: datetime


def of_address(connection: Connection, email: str) -> Suppression | None:
    """The ban on a normalised address."""
    c = suppressions.c
    row = connection.execute(select(c.reason, c.created_at).where(c.email == email)).one_or_none()
    return Suppression(*row) if row else None


def page(connection: Connection, *, after: str = "", limit: int) -> list[tuple[str, Suppression]]:
    """Banned addresses in their order, from behind ``after`` on; traces of who was erased are none."""
    c = suppressions.c
    query = select(c.email, c.reason, c.created_at).where(c.email > after, c.email.contains("@"))
    rows = connection.execute(query.order_by(c.email).limit(limit))
    return [(row.email, Suppression(row.reason, row.created_at)) for row in rows]


def add(connection: Connection, email: str, reason: str, *, now: datetime) -> bool:
    """Bans a normalised address; false when it is banned already (the first reason stays)."""
    if suppressed(connection, [email]):
        return False
    connection.execute(insert(suppressions), {"email": email, "reason": reason, "created_at": now})
    return True


_FIRST = insert(suppressions).from_select(
    ["email", "reason", "created_at"],
    select(
        bindparam("email", type_=Text),
        bindparam("reason", type_=Text),
        bindparam("now", type_=suppressions.c.created_at.type),
    ).where(~exists(select(suppressions.c.email).where(suppressions.c.email == bindparam("email", type_=Text)))),
)
_BAN = Prepared(_FIRST, "email", "reason", "now")


def ban(batch: Batch, email: str, reason: str, *, now: datetime) -> None:
    """Bans a normalised address, while mail is going out; one that is banned already stays so."""
    _BAN.run(batch, [(email, reason, now)])


def lift(connection: Connection, email: str) -> bool:
    """Ends a ban; false when there was none."""
    return bool(connection.execute(delete(suppressions).where(suppressions.c.email == email)).rowcount)


def add_new(connection: Connection, reasons: Mapping[str, str], *, now: datetime) -> None:
    """Bans normalised addresses that are not banned yet, each for its reason."""
    if reasons:
        rows = [{"email": email, "reason": reason, "created_at": now} for email, reason in reasons.items()]
        connection.execute(insert(suppressions), rows)


def reasons(connection: Connection, emails: Sequence[str]) -> dict[str, str]:
    """Why those of these normalised addresses that are banned are."""
    c = suppressions.c
    query = select(c.email, c.reason).where(among(c.email, emails))
    return {row.email: row.reason for row in connection.execute(query)}


def begins_with(connection: Connection, prefix: str) -> bool:
    """Whether there is any that begins so; ``prefix`` is ASCII."""
    c = suppressions.c
    after = prefix[:-1] + chr(ord(prefix[-1]) + 1)
    return connection.execute(select(c.email).where(c.email >= prefix, c.email < after).limit(1)).first() is not None


def suppressed(connection: Connection, emails: Sequence[str]) -> set[str]:
    """Which of these normalised addresses are banned."""
    query = select(suppressions.c.email).where(among(suppressions.c.email, emails))
    return {*connection.execute(query).scalars()}
