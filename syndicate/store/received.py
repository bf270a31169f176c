"""Mail that came in: that it was dealt with, and of which kind it was. Kept for ``KEPT``."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, select

from syndicate.store.schema import received

KEPT = timedelta(days=30)
"""An MTA that did not hear our answer tries again for days, not for weeks (RFC 5321 §4.5.4.1)."""


def is_known(connection: Connection, fingerprint: str) -> bool:
    """Whether the very same mail to the same address was dealt with before."""
    query = select(received.c.fingerprint).where(received.c.fingerprint == fingerprint)
    return connection.execute(query).one_or_none() is not None


def add(connection: Connection, fingerprint: str, kind: str, *, now: datetime) -> None:
    """Notes that a mail was dealt with, and forgets what is old."""
    connection.execute(delete(received).where(received.c.received_at < now - KEPT))
    if not is_known(connection, fingerprint):
        connection.execute(insert(received), {"fingerprint": fingerprint, "kind": kind, "received_at": now})


def counts(connection: Connection, *, since: datetime) -> dict[str, int]:
    """How many mails of each kind came since then, the kinds in order."""
    query = select(received.c.kind, func.count().label("n")).where(received.c.received_at >= since)
    return {row.kind: row.n for row in connection.execute(query.group_by(received.c.kind).order_by(received.c.kind))}
