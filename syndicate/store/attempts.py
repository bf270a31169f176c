"""What was begun and what became of it: the two writes that every message costs. The ledger's hot path."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, insert, literal, null, or_, select, update

from syndicate.model import OUTSTANDING, DeliveryState
from syndicate.store.engine.prepared import Batch, Prepared
from syndicate.store.schema import attempts, deliveries, digests


class Begin(NamedTuple):
    """A delivery that is about to be handed over, by the sender that leased it."""

    delivery_id: int
    digest_id: int
    sender_id: int


class Attempt(NamedTuple):
    """One try that ended. ``code`` is the server's three digits, None when it gave none (RFC 5321 §4.2).

    ``number`` counts the delivery's tries from 1. ``sender_id`` is the sender that had leased it for this one.
    """

    delivery_id: int
    number: int
    began_at: datetime
    ended_at: datetime
    state: DeliveryState
    next_at: datetime
    code: int | None
    relay: str
    reply: str
    sender_id: int


OPEN = (*OUTSTANDING, DeliveryState.UNCERTAIN)
"""After an attempt that ended like that its delivery goes on, or a person must look."""

_d = deliveries.c
_MINE = (_d.id == bindparam("delivery"), _d.sender_id == bindparam("sender"))
HELD = or_(*(_d.state == state.value for state in OUTSTANDING))
_SENDING = Prepared(select(digests.c.id).where(digests.c.state == literal("sending")))
_BEGIN = Prepared(update(deliveries).where(*_MINE, _d.state == "queued").values(state="begun"), "delivery", "sender")
_BEGUN = Prepared(select(_d.id).where(*_MINE, _d.state == "begun"), "delivery", "sender")
_UNDO = Prepared(update(deliveries).where(*_MINE, _d.state == "begun").values(state="queued"), "delivery", "sender")
_RECORD = Prepared(
    update(deliveries)
    .where(*_MINE, HELD)
    .values(
        state=bindparam("new_state"),
        attempts=bindparam("new_attempts"),
        next_at=bindparam("new_next_at"),
        finished_at=bindparam("new_finished_at"),
        reply=bindparam("new_reply"),
        sender_id=null(),
    ),
    "delivery",
    "sender",
    "new_state",
    "new_attempts",
    "new_next_at",
    "new_finished_at",
    "new_reply",
)
_TRIED = [column.name for column in attempts.c]
_ATTEMPT = Prepared(
    insert(attempts).from_select(
        _TRIED,
        select(*(bindparam(f"new_{column.name}", type_=column.type) for column in attempts.c)).where(*_MINE, HELD),
    ),
    *(f"new_{name}" for name in _TRIED),
    "delivery",
    "sender",
)


def begin(batch: Batch, wanted: Sequence[Begin]) -> set[int]:
    """Marks as *begun* what their senders still hold of digests that are being sent; returns which.

    From here on a crash makes them uncertain.
    """
    if not wanted:
        return set()
    sending = _SENDING.ask(batch)
    rows = [(one.delivery_id, one.sender_id) for one in wanted if one.digest_id in sending]
    if not rows:
        return set()
    if _BEGIN.run(batch, rows) == len(rows):
        return {one for one, _ in rows}
    return {found for row in rows for found in _BEGUN.ask(batch, *row)}


def undo(batch: Batch, begun: Sequence[Begin]) -> None:
    """Takes back *begun*, where it is known that nothing was handed over; their senders hold them still."""
    if begun:
        _UNDO.run(batch, [(one.delivery_id, one.sender_id) for one in begun])


def record(batch: Batch, tries: Sequence[Attempt]) -> None:
    """Writes attempts with what became of their deliveries, of those that their senders still hold.

    What others took over meanwhile is theirs to tell, and its attempts are theirs to count.
    """
    if not tries:
        return
    _ATTEMPT.run(
        batch,
        [
            (
                one.delivery_id,
                one.number,
                one.began_at,
                one.ended_at,
                one.state.value,
                one.code,
                one.relay,
                one.reply,
                one.delivery_id,
                one.sender_id,
            )
            for one in tries
        ],
    )
    _RECORD.run(
        batch,
        [
            (
                one.delivery_id,
                one.sender_id,
                one.state.value,
                one.number,
                one.next_at,
                None if one.state in OPEN else one.ended_at,
                "" if one.state is DeliveryState.ACCEPTED else one.reply,  # its attempt has it, and the row stays short
            )
            for one in tries
        ],
    )
