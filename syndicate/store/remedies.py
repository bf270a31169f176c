"""What an operator does with a digest under way: pause, resume, try again, decide about what is uncertain.

Each function is to be called in a transaction of its own. The digest's row stays locked until that ends, so remedies
come one after the other. None of them touches a delivery that is begun: what the relay says decides about it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, exists, func, or_, select, update
from sqlalchemy.sql.elements import ColumnElement

from syndicate.errors import ConflictError
from syndicate.model import OUTSTANDING, DeliveryState, Digest, DigestState, SubscriptionState, states_before
from syndicate.store import digests as rows
from syndicate.store import journal
from syndicate.store.engine import news
from syndicate.store.schema import QUEUED, TROUBLED, deliveries, digests, subscribers, subscriptions, suppressions
from syndicate.store.standing import UNDECIDED, finished

RETRIED = states_before(DeliveryState.QUEUED) - frozenset(OUTSTANDING)
"""The states in which a delivery stays unless a person has it tried once more."""

_WHY_NOT = {
    DigestState.CANCELLED: "that is for good, so nothing of it is sent again",
    DigestState.EMPTY: "nothing of it was ever to be sent",
    DigestState.HELD: "nothing of it was tried yet; `syndicate digests approve` lets it go",
    DigestState.REVIEW: "nothing of it was tried yet; `syndicate digests approve` lets it go",
}

_d = deliveries.c
_ACTIVE = exists(
    select(subscriptions.c.id).where(
        subscriptions.c.id == _d.subscription_id, subscriptions.c.state == SubscriptionState.ACTIVE
    )
)
_SUPPRESSED = exists(
    select(suppressions.c.email)
    .join(subscribers, subscribers.c.email == suppressions.c.email)
    .join(subscriptions, subscriptions.c.subscriber_id == subscribers.c.id)
    .where(subscriptions.c.id == _d.subscription_id)
)


class Remedied(NamedTuple):
    """How many deliveries changed, and how many could not: suppressed addresses, and readers who left."""

    changed: int
    suppressed: int = 0
    left: int = 0


def move(
    connection: Connection, digest_id: int, state: DigestState, before: Collection[DigestState], *, only: str
) -> Digest:
    """Moves a digest on from one of these states; gives it back as it is then. ``only`` says which can be moved so.

    :raises NotFoundError: when there is none of that id.
    :raises ConflictError: when it is in another state.
    """
    digest = _lock(connection, digest_id)
    if digest.state not in before:
        raise ConflictError(f"digest {digest_id} is {digest.state}: {only}")
    return _set(connection, digest_id, state)


def resume(connection: Connection, digest_id: int, *, now: datetime) -> Digest:
    """Lets a paused digest go on. The time in which it stood still does not count as time in which it was tried.

    :raises NotFoundError: when there is none of that id.
    :raises ConflictError: when it is not paused.
    """
    only = "only one that is paused can be resumed"
    digest = move(connection, digest_id, DigestState.SENDING, (DigestState.PAUSED,), only=only)
    _change(connection, and_(_d.digest_id == digest_id, QUEUED), {"planned_at": now})
    return digest


def requeue(
    connection: Connection,
    digest_id: int,
    states: Collection[DeliveryState],
    *,
    also_held: bool = False,
    subscription_id: int | None = None,
    now: datetime,
) -> Remedied:
    """Puts a digest's deliveries in these states back into the queue, due now, with all the time there is to try them.

    What an operator decided to hold stays so, unless ``also_held``. One reader's alone, or everyone's.
    A digest that was sent is being sent again.

    :raises NotFoundError: when there is none of that id.
    :raises ConflictError: when nothing of the digest can be sent.
    """
    digest = _lock(connection, digest_id)
    if digest.state in _WHY_NOT:
        raise ConflictError(f"digest {digest_id} is {digest.state}: {_WHY_NOT[digest.state]}")
    chosen = and_(_whose(digest_id, subscription_id), TROUBLED, _d.state.in_(RETRIED & frozenset(states)))
    if not also_held:
        chosen = and_(chosen, or_(_d.state != DeliveryState.UNCERTAIN, UNDECIDED))
    again = {"state": DeliveryState.QUEUED, "planned_at": now, "next_at": now, "sender_id": None, "finished_at": None}
    queued = _change(connection, and_(chosen, _ACTIVE, ~_SUPPRESSED), again)
    if queued and digest.state is DigestState.SENT:
        _set(connection, digest_id, DigestState.SENDING)
    suppressed = _count(connection, and_(chosen, _SUPPRESSED))
    return Remedied(queued, suppressed, _count(connection, and_(chosen, ~_ACTIVE, ~_SUPPRESSED)))


def hold(connection: Connection, digest_id: int, *, subscription_id: int | None = None, now: datetime) -> Remedied:
    """Leaves what is uncertain as it is, for good; says how many deliveries that are.

    :raises NotFoundError: when there is no digest of that id.
    """
    _lock(connection, digest_id)
    which = and_(_whose(digest_id, subscription_id), UNDECIDED)
    return Remedied(_change(connection, which, {"finished_at": now}))


def mark_sent(connection: Connection, digest_id: int, *, subscription_id: int | None = None, now: datetime) -> Remedied:
    """Counts what is uncertain, and not held, as accepted; says how many deliveries that are.

    :raises NotFoundError: when there is no digest of that id.
    """
    _lock(connection, digest_id)
    sent = {"state": DeliveryState.ACCEPTED, "finished_at": now, "reply": "marked as sent by an operator"}
    return Remedied(_change(connection, and_(_whose(digest_id, subscription_id), UNDECIDED), sent))


def finish(connection: Connection, digest_id: int, *, now: datetime) -> bool:
    """Ends a digest that has nothing outstanding; false when it has by now, for a remedy may have come first.

    :raises NotFoundError: when there is none of that id.
    """
    _lock(connection, digest_id)
    if digest_id not in finished(connection):
        return False
    rows.set_state(connection, digest_id, DigestState.SENT, now=now)
    return True


def sweep(connection: Connection, *, now: datetime) -> int:
    """Ends what came back into the queue when its digest had been cancelled already; returns how many.

    That happens to what was begun at that moment, and then put off by the relay.
    """
    over = select(digests.c.id).where(digests.c.state == DigestState.CANCELLED)
    values = {"state": DeliveryState.CANCELLED, "finished_at": now, "sender_id": None}
    return _change(connection, and_(QUEUED, _d.digest_id.in_(over)), values)


def _whose(digest_id: int, subscription_id: int | None) -> ColumnElement[bool]:
    everyone = _d.digest_id == digest_id
    return everyone if subscription_id is None else and_(everyone, _d.subscription_id == subscription_id)


def _lock(connection: Connection, digest_id: int) -> Digest:
    connection.execute(select(digests.c.id).where(digests.c.id == digest_id).with_for_update())
    return rows.get(connection, digest_id)


def _set(connection: Connection, digest_id: int, state: DigestState) -> Digest:
    connection.execute(update(digests).where(digests.c.id == digest_id).values(state=state, finished_at=None))
    news.tell(connection)
    if state is not DigestState.SENDING:
        journal.close(connection)
    return rows.get(connection, digest_id)


def _count(connection: Connection, which: ColumnElement[bool]) -> int:
    return int(connection.execute(select(func.count()).select_from(deliveries).where(which)).scalar_one())


def _change(connection: Connection, which: ColumnElement[bool], values: Mapping[str, Any]) -> int:
    return int(connection.execute(update(deliveries).where(which).values(values)).rowcount)
