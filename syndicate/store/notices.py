"""Notices: single mails about a reader's own doing, such as the one that asks to confirm; no digest, no ledger.

A notice is queued with what caused it, in one transaction, and goes out later. Its ``next_at`` is also its lease: who
takes it moves that on, so that nobody else takes it meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from syndicate.model import OUTSTANDING, DeliveryState, states_before
from syndicate.store import copies, suppressions
from syndicate.store.schema import notices

CONFIRM = "confirm"
MOVE = "move"
LINK = "link"
"""The kinds that the audience queues; each has its templates in ``email/notices/``."""

HELP = "help"
LEAVE = "leave"
CONFIRMED = "confirmed"
NOT_CONFIRMED = "not-confirmed"
ALERT = "alert"
ANSWERS = (HELP, LEAVE, CONFIRMED, NOT_CONFIRMED)
"""The kinds that answer a reader's mail."""

_ASKING = (CONFIRM, MOVE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One mail to one address. ``newsletter`` is whose sender it comes from, ``facts`` are for its templates.

    ``request_id`` is what it asks to confirm; ``in_reply_to`` is the Message-ID of the mail that it answers, if any.
    """

    id: int = 0
    kind: str
    email: str
    newsletter: str
    language: str | None = None
    facts: Mapping[str, Any]
    request_id: int | None = None
    in_reply_to: str = ""
    attempts: int = 0
    planned_at: datetime

    @property
    def is_answer(self) -> bool:
        """Whether a mail brought it about."""
        return self.kind in ANSWERS or bool(self.in_reply_to)


_COLUMNS = [notices.c[field.name] for field in fields(Notice)]


def mailbox_of(email: str) -> str:
    """Where an address most likely arrives: without a ``+`` and what follows, whatever the case of its letters.

    Limits count by it, so that spellings of one address are no way to mail somebody often.
    """
    local, _, domain = email.casefold().rpartition("@")
    return f"{local[:1]}{local[1:].partition('+')[0]}@{domain}"


def queue(connection: Connection, notice: Notice) -> None:
    """Has it sent from ``planned_at`` on; to an address that is banned it is only written down."""
    values = {field.name: getattr(notice, field.name) for field in fields(Notice) if field.name != "id"}
    banned = bool(suppressions.suppressed(connection, [notice.email]))
    state = DeliveryState.SUPPRESSED if banned else DeliveryState.QUEUED
    finished = notice.planned_at if banned else None
    later = {
        "mailbox": mailbox_of(notice.email),
        "state": state,
        "next_at": notice.planned_at,
        "finished_at": finished,
        "reply": "",
    }
    connection.execute(insert(notices), values | later)


def last_asked(connection: Connection, email: str, request_id: int | None = None) -> datetime | None:
    """When that mailbox is, or was, last asked to confirm something, or that request."""
    c, mailbox = notices.c, mailbox_of(email)
    query = select(func.max(c.planned_at, type_=c.planned_at.type)).where(c.mailbox == mailbox, c.kind.in_(_ASKING))
    if request_id is not None:
        query = query.where(c.request_id == request_id)
    return connection.execute(query).scalar()


def last_sent(connection: Connection, email: str, kind: str) -> datetime | None:
    """When that address was last planned a notice of that kind."""
    c = notices.c
    query = select(func.max(c.planned_at, type_=c.planned_at.type)).where(c.email == email, c.kind == kind)
    return connection.execute(query).scalar()


def count(connection: Connection, email: str, kinds: Collection[str], *, since: datetime) -> int:
    """How many notices of those kinds were queued for that mailbox since then, however its address was spelled."""
    c, mailbox = notices.c, mailbox_of(email)
    query = select(func.count()).where(c.mailbox == mailbox, c.kind.in_(kinds), c.planned_at >= since)
    return connection.execute(query).scalar_one()


def next_due(connection: Connection) -> datetime | None:
    """When the next one may be tried, or is to be given up; None when there is none."""
    c = notices.c
    query = select(func.min(c.next_at, type_=c.next_at.type)).where(c.state.in_(OUTSTANDING))
    return connection.execute(query).scalar()


def take(connection: Connection, *, now: datetime, until: datetime, limit: int) -> list[Notice]:
    """Leases up to ``limit`` notices that are due; what its taker does not record is due again at ``until``.

    :raises HeldError: when nothing is sent from this copy.
    """
    copies.check(connection)
    c = notices.c
    due = select(*_COLUMNS).where(c.state == DeliveryState.QUEUED, c.next_at <= now).order_by(c.next_at, c.id)
    taken = []
    for row in connection.execute(due.limit(limit).with_for_update(skip_locked=True)).all():
        connection.execute(update(notices).where(c.id == row.id).values(next_at=until))
        taken.append(Notice(**row._mapping))  # noqa: SLF001 - SQLAlchemy's public way to see a row as a mapping
    return taken


def begin(connection: Connection, notice_id: int, *, now: datetime) -> bool:
    """Notes that its content goes out now; false when it is no longer ours to send."""
    c = notices.c
    query = update(notices).where(c.id == notice_id, c.state == DeliveryState.QUEUED, c.next_at > now)
    return bool(connection.execute(query.values(state=DeliveryState.BEGUN)).rowcount)


def record(
    connection: Connection, notice: Notice, state: DeliveryState, *, next_at: datetime, reply: str, now: datetime
) -> None:
    """Keeps what became of one try."""
    values = {"state": state, "attempts": notice.attempts + 1, "next_at": next_at, "reply": reply}
    ended = {"finished_at": None if state in OUTSTANDING else now}
    which = update(notices).where(notices.c.id == notice.id, notices.c.state.in_(states_before(state)))
    connection.execute(which.values(values | ended))


def put_back(connection: Connection, ids: Sequence[int], *, next_at: datetime, reply: str) -> None:
    """Ends the lease on notices that were not begun."""
    which = update(notices).where(notices.c.id.in_(ids), notices.c.state == DeliveryState.QUEUED)
    connection.execute(which.values(next_at=next_at, reply=reply))


def drop(connection: Connection, *, before: datetime, now: datetime) -> int:
    """Ends those that were queued by then and never tried to the end; returns how many."""
    c = notices.c
    waiting = update(notices).where(c.state == DeliveryState.QUEUED, c.planned_at <= before)
    reply = "dropped: it may have been sent before the backup was restored"
    values = {"state": DeliveryState.CANCELLED, "finished_at": now, "reply": reply}
    return int(connection.execute(waiting.values(values)).rowcount)


def settle(connection: Connection, *, now: datetime) -> int:
    """What was begun by a process that died is *uncertain*, and is not sent again; returns how many."""
    c = notices.c
    died = update(notices).where(c.state == DeliveryState.BEGUN, c.next_at <= now)
    values = {"state": DeliveryState.UNCERTAIN, "finished_at": now, "reply": "begun, and the process died"}
    return int(connection.execute(died.values(values)).rowcount)


def counts(connection: Connection) -> dict[DeliveryState, int]:
    """How many there are in each state."""
    query = select(notices.c.state, func.count().label("n")).group_by(notices.c.state)
    return {DeliveryState(row.state): row.n for row in connection.execute(query)}


def email_of(connection: Connection, notice_id: int) -> str | None:
    """To whom that notice went, None when it is no more."""
    return connection.execute(select(notices.c.email).where(notices.c.id == notice_id)).scalar()


def outcome(connection: Connection, notice_id: int) -> tuple[DeliveryState, str]:
    """What became of a notice, and the server's words."""
    query = select(notices.c.state, notices.c.reply).where(notices.c.id == notice_id)
    row = connection.execute(query).one()
    return DeliveryState(row.state), row.reply


def of_address(connection: Connection, email: str) -> list[Notice]:
    """Every notice to that address, oldest first."""
    query = select(*_COLUMNS).where(notices.c.email == email).order_by(notices.c.id)
    return [Notice(**row._mapping) for row in connection.execute(query)]  # noqa: SLF001 - as above


def forget(connection: Connection, *, before: datetime) -> int:
    """Deletes notices that ended before, unless a request still refers to them; returns how many."""
    old = delete(notices).where(notices.c.finished_at < before, notices.c.request_id.is_(None))
    return int(connection.execute(old).rowcount)
