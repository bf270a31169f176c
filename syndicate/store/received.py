"""Mail that came in: that it was dealt with, and of which kind it was. Kept for ``KEPT``."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, select
from sqlalchemy.exc import IntegrityError

from syndicate.store.schema import received

KEPT = timedelta(days=30)
"""An MTA that did not hear our answer tries again for days, not for weeks (RFC 5321 §4.5.4.1)."""


def kind(connection: Connection, fingerprint: str) -> str | None:
    """What the very same mail to the same address was when it was dealt with; None when it never was."""
    return connection.execute(select(received.c.kind).where(received.c.fingerprint == fingerprint)).scalar()


def add(connection: Connection, fingerprint: str, what: str, *, now: datetime) -> bool:
    """Notes that a mail was dealt with, and forgets what is old; false when that one was noted before."""
    connection.execute(delete(received).where(received.c.received_at < now - KEPT))
    try:
        with connection.begin_nested():
            connection.execute(insert(received), {"fingerprint": fingerprint, "kind": what, "received_at": now})
    except IntegrityError:
        return False
    return True


def counts(connection: Connection, *, since: datetime) -> dict[str, int]:
    """How many mails of each kind came since then, the kinds in order."""
    query = select(received.c.kind, func.count().label("n")).where(received.c.received_at >= since)
    return {row.kind: row.n for row in connection.execute(query.group_by(received.c.kind).order_by(received.c.kind))}
