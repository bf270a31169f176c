"""Deletes deliveries of digests that are long over, with their attempts; how many ended how is kept (``settled``).

At every moment what is kept and what is left make up what was planned.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, select, update
from sqlalchemy.exc import OperationalError

from syndicate.model import OVER
from syndicate.store.engine import partitions
from syndicate.store.engine.partitions import Partition
from syndicate.store.schema import QUEUED, TROUBLED, attempts, counters, deliveries, digests, settled


def due(connection: Connection, *, before: datetime) -> list[int]:
    """Digests that were over before then and still have deliveries, oldest first."""
    past = select(func.coalesce(func.sum(settled.c.deliveries), 0)).where(settled.c.digest_id == digests.c.id)
    query = select(digests.c.id).where(_is_old(before), digests.c.planned > past.scalar_subquery())
    return [one for one in connection.execute(query.order_by(digests.c.id)).scalars() if _is_over(connection, one)]


def due_partitions(connection: Connection, *, before: datetime) -> list[Partition]:
    """Partitions of which every digest was over before then."""
    newest = connection.execute(select(counters.c.value).where(counters.c.name == "digest")).scalar_one()
    found = []
    for one in partitions.every(connection):
        within = digests.c.id.between(one.first, one.end - 1)
        young = connection.execute(select(digests.c.id).where(within, ~_is_old(before)).limit(1)).scalar()
        if one.end > newest or young is not None:
            continue
        ids = connection.execute(select(digests.c.id).where(within, digests.c.planned > 0)).scalars()
        if all(_is_over(connection, digest_id) for digest_id in ids.all()):
            found.append(one)
    return found


def is_settled(connection: Connection, digest_id: int) -> bool:
    """Whether some of a digest's deliveries are kept no more."""
    return (
        connection.execute(select(settled.c.state).where(settled.c.digest_id == digest_id).limit(1)).first() is not None
    )


def settle(connection: Connection, digest_id: int, *, limit: int) -> int:
    """Deletes the next deliveries of a digest; returns how many."""
    d = deliveries.c
    rows = connection.execute(select(d.id, d.state).where(d.digest_id == digest_id).limit(limit)).all()
    for state, count in Counter(str(row.state) for row in rows).items():
        _count(connection, digest_id, state, count)
    ids = [row.id for row in rows]
    connection.execute(delete(attempts).where(attempts.c.delivery_id.in_(ids)))
    connection.execute(delete(deliveries).where(d.id.in_(ids)))
    return len(rows)


def drop(connection: Connection, one: Partition) -> bool:
    """Drops a partition; false, and nothing is done, when others use the table for too long."""
    d = deliveries.c
    try:
        with connection.begin_nested():
            within = d.digest_id.between(one.first, one.end - 1)
            query = select(d.digest_id, d.state, func.count()).where(within).group_by(d.digest_id, d.state)
            for digest_id, state, count in connection.execute(query).all():
                _count(connection, digest_id, state, count)
            partitions.drop(connection, one)
    except OperationalError:
        return False
    return True


def _is_old(before: datetime) -> ColumnElement[bool]:
    return and_(digests.c.state.in_(OVER), func.coalesce(digests.c.finished_at, digests.c.composed_at) < before)


def _is_over(connection: Connection, digest_id: int) -> bool:
    """Whether nothing may still become of any of its deliveries."""
    d = deliveries.c
    open_ = select(d.id).where(d.digest_id == digest_id)
    queries = (open_.where(QUEUED), open_.where(TROUBLED, d.state == "begun"))
    return all(connection.execute(query.limit(1)).scalar() is None for query in queries)


def _count(connection: Connection, digest_id: int, state: str, count: int) -> None:
    which = update(settled).where(settled.c.digest_id == digest_id, settled.c.state == state)
    if not connection.execute(which.values(deliveries=settled.c.deliveries + count)).rowcount:
        connection.execute(insert(settled), {"digest_id": digest_id, "state": state, "deliveries": count})
