"""What happened with readers, whoever it was, the newest first and a page at a time. The API shows it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, select

from syndicate.model import ConsentKind, ReturnKind, Via
from syndicate.store.schema import consents, returns


class CameBack(NamedTuple):
    """A bounce, or a complaint."""

    id: int
    kind: ReturnKind
    subscriber_id: int
    delivery_id: int | None
    digest_id: int | None
    reason: str
    status: str
    said: str
    source: str
    came_at: datetime


class Agreed(NamedTuple):
    """What a reader said of a newsletter."""

    id: int
    subscriber_id: int
    newsletter: str
    kind: ConsentKind
    via: Via
    source: str
    wording: str
    asked_at: datetime
    confirmed_at: datetime | None


def came_back(
    connection: Connection, kinds: Sequence[ReturnKind], *, before_id: int | None = None, limit: int
) -> list[CameBack]:
    """Bounces and complaints of these kinds."""
    c = returns.c
    query = select(*(c[name] for name in CameBack._fields)).where(c.kind.in_(kinds))
    if before_id is not None:
        query = query.where(c.id < before_id)
    rows = connection.execute(query.order_by(c.id.desc()).limit(limit))
    return [CameBack(*row)._replace(kind=ReturnKind(row.kind)) for row in rows]


def agreed(connection: Connection, *, before_id: int | None = None, limit: int) -> list[Agreed]:
    """Consents, and what ended them."""
    c = consents.c
    query = select(*(c[name] for name in Agreed._fields))
    if before_id is not None:
        query = query.where(c.id < before_id)
    rows = connection.execute(query.order_by(c.id.desc()).limit(limit))
    return [Agreed(*row)._replace(kind=ConsentKind(row.kind), via=Via(row.via)) for row in rows]
