"""Where deliveries stand: the ledger's equation, who did not get theirs, what is due, what is done. Reads only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Row,
    Select,
    SelectBase,
    and_,
    exists,
    func,
    literal,
    or_,
    select,
    union_all,
)

from syndicate.model import OUTSTANDING, OVER, DeliveryState, DigestState, Equation
from syndicate.store.schema import QUEUED, TROUBLED, attempts, deliveries, digests, settled, subscribers, subscriptions

UNDECIDED = and_(TROUBLED, deliveries.c.state == DeliveryState.UNCERTAIN, deliveries.c.finished_at.is_(None))
"""Uncertain deliveries about which nobody has decided yet."""


def equation(connection: Connection, digest_id: int | None = None) -> Equation:
    """The ledger's counts at one moment, of one digest or of all; every delivery is looked at.

    ``planned`` was written down when the digest was planned; what is accepted are the rows that are nothing else, and
    what was counted before they were deleted.
    """
    d = deliveries.c
    everyone = literal(value=True)
    which = d.digest_id == digest_id if digest_id is not None else everyone
    rows = select(literal("all"), func.count(), literal(0)).select_from(deliveries).where(which)
    return _equation(
        connection,
        rows,
        digests.c.id == digest_id if digest_id is not None else everyone,
        which,
        settled.c.digest_id == digest_id if digest_id is not None else everyone,
    )


def overall(connection: Connection) -> Equation:
    """The counts of all digests, at the cost of what is unfinished or went wrong.

    Of digests that are over all are taken to be there that were planned; ``equation`` is who finds that one is missing.
    """
    d = deliveries.c
    over = select(digests.c.id).where(digests.c.state.in_(OVER))
    open_ = select(digests.c.id).where(digests.c.state.not_in(OVER))
    zero = literal(0)
    past = select(func.sum(settled.c.deliveries)).where(settled.c.digest_id.in_(over)).scalar_subquery()
    finished = select(func.sum(digests.c.planned)).where(digests.c.state.in_(OVER)).scalar_subquery()
    going = select(func.count()).select_from(deliveries).where(d.digest_id.in_(open_)).scalar_subquery()
    rows = select(literal("all"), going + func.coalesce(finished, zero) - func.coalesce(past, zero), zero)
    everyone = literal(value=True)
    return _equation(connection, rows, everyone, everyone, everyone)


def _equation(
    connection: Connection,
    rows: SelectBase,
    mine: ColumnElement[bool],
    which: ColumnElement[bool],
    past: ColumnElement[bool],
) -> Equation:
    """``rows`` counts deliveries; then those digests, deliveries and what was deleted that are meant."""
    count = func.count().label("count")
    query: CompoundSelect[Any] = union_all(
        select(literal("planned"), func.coalesce(func.sum(digests.c.planned), 0), literal(0)).where(mine),
        rows,
        select(literal("queued"), count, literal(0)).select_from(deliveries).where(which, QUEUED),
        select(deliveries.c.state, count, literal(0)).where(which, TROUBLED).group_by(deliveries.c.state),
        select(settled.c.state, func.sum(settled.c.deliveries), literal(1)).where(past).group_by(settled.c.state),
    )
    n, over = Counter[str](), Counter[str]()
    for name, found, is_over in connection.execute(query):
        (over if is_over else n)[str(name)] += int(found)
    planned, everything = n.pop("planned"), n.pop("all")
    n["accepted"] = everything - n.total()
    n += over
    n["planned"] = planned
    ended = ("planned", "accepted", "rejected", "suppressed", "expired", "cancelled", "uncertain")
    outstanding = sum(n[state] for state in OUTSTANDING)
    return Equation(outstanding=outstanding, **{state: n[state] for state in ended})


def by_digest(connection: Connection, ids: Collection[int]) -> dict[int, Equation]:
    """The counts of each of these digests, at the cost of what is unfinished or went wrong in them.

    What is accepted is not counted but what remains of ``planned``; ``equation`` is who finds a row that is missing.
    """
    d = deliveries.c
    count = func.count().label("count")
    queued = select(count).where(d.digest_id == digests.c.id, QUEUED).scalar_subquery()
    query = union_all(
        select(digests.c.id, literal("planned"), digests.c.planned).where(digests.c.id.in_(ids)),
        select(digests.c.id, literal("queued"), queued).where(digests.c.id.in_(ids)),
        select(d.digest_id, d.state, count).where(d.digest_id.in_(ids), TROUBLED).group_by(d.digest_id, d.state),
        select(settled.c.digest_id, settled.c.state, settled.c.deliveries).where(
            settled.c.digest_id.in_(ids), settled.c.state != DeliveryState.ACCEPTED
        ),
    )
    found: dict[int, Counter[str]] = {}
    for digest_id, name, number in connection.execute(query):
        state = "outstanding" if name in OUTSTANDING else str(name)
        found.setdefault(digest_id, Counter())[state] += int(number)
    return {
        one: Equation(**n, accepted=2 * n["planned"] - n.total())  # all but the planned are its parts
        for one, n in found.items()
    }


def first_tried_at(connection: Connection, digest_id: int) -> datetime | None:
    """When a digest's first mail was handed over, as far as its first thousand deliveries tell; None before that."""
    d, a = deliveries.c, attempts.c
    first = select(d.id).where(d.digest_id == digest_id).order_by(d.subscription_id).limit(1000)
    query = select(func.min(a.began_at, type_=a.began_at.type)).where(a.delivery_id.in_(first))
    return connection.execute(query).scalar()


def by_variant(connection: Connection, digest_id: int) -> dict[int, int]:
    """Variant → how many mails of a digest carry it. It reads them all: some 0.4 s for a million."""
    d = deliveries.c
    query = select(d.variant_id, func.count()).where(d.digest_id == digest_id).group_by(d.variant_id)
    return {variant: int(count) for variant, count in connection.execute(query)}


def undecided(connection: Connection, digest_id: int) -> int:
    """How many deliveries of a digest are uncertain and wait for a person."""
    query = select(func.count()).select_from(deliveries).where(deliveries.c.digest_id == digest_id, UNDECIDED)
    return int(connection.execute(query).scalar_one())


def undecided_by_digest(connection: Connection) -> dict[int, int]:
    """Digest → how many of its deliveries are uncertain and wait for a person, of those that are not over."""
    open_ = select(digests.c.id).where(digests.c.state.in_((DigestState.SENDING, DigestState.PAUSED)))
    d = deliveries.c
    query = select(d.digest_id, func.count().label("n")).where(d.digest_id.in_(open_), UNDECIDED)
    return {row.digest_id: row.n for row in connection.execute(query.group_by(d.digest_id))}


class Trouble(NamedTuple):
    """A delivery that did not go through, or not yet, with the server's last words.

    ``tried_at`` is when the last try ended, None before the first. ``due_at`` is when a queued one may be tried.
    """

    email: str
    state: DeliveryState
    attempts: int
    tried_at: datetime | None
    due_at: datetime | None
    reply: str


def troubled(connection: Connection, digest_id: int, *, limit: int) -> list[Trouble]:
    """Deliveries of a digest that were tried or dropped and not accepted."""
    d = deliveries.c
    query = _not_accepted(digest_id).where(or_(d.state.not_in(OUTSTANDING), d.attempts > 0)).order_by(d.id).limit(limit)
    return [_trouble(row) for row in connection.execute(query)]


def undelivered(connection: Connection, digest_id: int) -> Iterator[Trouble]:
    """Every delivery of a digest that was not accepted, by state, a thousand rows in memory at a time."""
    query = _not_accepted(digest_id).order_by(deliveries.c.state, deliveries.c.id)
    for row in connection.execute(query, execution_options={"yield_per": 1000}):
        yield _trouble(row)


def next_due(connection: Connection) -> datetime | None:
    """When the next queued delivery of a digest under way is due, None when there is none."""
    query = (
        select(func.min(deliveries.c.next_at, type_=deliveries.c.next_at.type))
        .join(digests, digests.c.id == deliveries.c.digest_id)
        .where(QUEUED, digests.c.state == DigestState.SENDING)
    )
    return connection.execute(query).scalar()


def next_try(connection: Connection, digest_id: int) -> datetime | None:
    """When the first queued delivery of a digest may be tried, None when none is queued."""
    query = select(func.min(deliveries.c.next_at, type_=deliveries.c.next_at.type))
    return connection.execute(query.where(QUEUED, deliveries.c.digest_id == digest_id)).scalar()


def finished(connection: Connection) -> list[int]:
    """Digests under way that have nothing outstanding any more, and nothing uncertain that waits for a person."""
    d = deliveries.c
    own = select(d.id).where(d.digest_id == digests.c.id)
    begun = and_(TROUBLED, d.state == DeliveryState.BEGUN)
    unfinished = [~exists(own.where(which)) for which in (QUEUED, begun, UNDECIDED)]
    query = select(digests.c.id).where(digests.c.state == DigestState.SENDING, *unfinished)
    return list(connection.execute(query.order_by(digests.c.id)).scalars())


def _not_accepted(digest_id: int) -> Select[Any]:
    d, last = deliveries.c, attempts.c
    return (
        select(subscribers.c.email, d.state, d.attempts, last.ended_at, d.next_at, d.reply)
        .select_from(deliveries)
        .join(subscriptions, subscriptions.c.id == d.subscription_id)
        .join(subscribers, subscribers.c.id == subscriptions.c.subscriber_id)
        .join(attempts, and_(last.delivery_id == d.id, last.number == d.attempts), isouter=True)
        .where(d.digest_id == digest_id, or_(QUEUED, TROUBLED))
    )


def _trouble(row: Row[Any]) -> Trouble:
    state = DeliveryState(row.state)
    due_at = row.next_at if state is DeliveryState.QUEUED else None
    return Trouble(row.email, state, row.attempts, row.ended_at, due_at, row.reply)
