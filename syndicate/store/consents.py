"""What readers agreed to, when and how. Rows are added and never changed, but for the IP addresses, which go first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, func, or_, select, update

from syndicate.model import Consent, ConsentKind, Event, Via
from syndicate.store import outbox
from syndicate.store.engine.filling import Filling
from syndicate.store.outbox import Happened
from syndicate.store.schema import consents

_COLUMNS = [consents.c[name] for name in Consent._fields]
_ADD = Filling(consents, *Consent._fields)


def add(connection: Connection, records: Sequence[Consent]) -> None:
    """Keeps what was said, and has programs told who reads from now on, and who left."""
    if records:
        _ADD.carry(connection, records)
        happened = (_happened(one) for one in records if one.kind in _TOLD)
        outbox.note(connection, happened, now=records[0].confirmed_at or records[0].asked_at)


_TOLD = {
    ConsentKind.GIVEN: Event.SUBSCRIBER_CONFIRMED,
    ConsentKind.RESTORED: Event.SUBSCRIBER_CONFIRMED,
    ConsentKind.WITHDRAWN: Event.SUBSCRIBER_LEFT,
}


def _happened(one: Consent) -> Happened:
    facts = {"subscriber_id": one.subscriber_id, "newsletter": one.newsletter, "via": one.via}
    return Happened(_TOLD[one.kind], f"subscriber {one.subscriber_id}", facts)


def of_subscriber(connection: Connection, subscriber_id: int) -> list[Consent]:
    """All that a reader said, oldest first."""
    query = select(*_COLUMNS).where(consents.c.subscriber_id == subscriber_id).order_by(consents.c.id)
    rows = (dict(row._mapping) for row in connection.execute(query))  # noqa: SLF001 - public in spite of its name
    return [Consent(**(row | {"kind": ConsentKind(row["kind"]), "via": Via(row["via"])})) for row in rows]


def moved_since(connection: Connection, subscriber_id: int, since: datetime) -> bool:
    """Whether a reader got another address after that."""
    c = consents.c
    moved = select(c.id).where(c.subscriber_id == subscriber_id, c.kind == ConsentKind.MOVED)
    return (
        connection.execute(moved.where(func.coalesce(c.confirmed_at, c.asked_at) > since).limit(1)).first() is not None
    )


def forget_ips(connection: Connection, *, before: datetime | None = None, subscriber_id: int | None = None) -> int:
    """Erases the IP addresses of what was said ``before``, or by one reader; returns from how many records."""
    c = consents.c
    known = update(consents).where(or_(c.asked_ip.is_not(None), c.confirmed_ip.is_not(None)))
    if before is not None:
        known = known.where(func.coalesce(c.confirmed_at, c.asked_at) < before)
    if subscriber_id is not None:
        known = known.where(c.subscriber_id == subscriber_id)
    return int(connection.execute(known.values(asked_ip=None, confirmed_ip=None)).rowcount)
