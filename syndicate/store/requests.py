"""Requests that wait until the mailbox's owner confirms them; the audience's ``requests`` keeps and reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, insert, or_, select, update

from syndicate.model import Purpose, Via
from syndicate.store.schema import counters, notices, requests


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What somebody asked for in the name of ``email``. ``wanted`` says what; ``subscriber_id`` is who moves, if so.

    ``nonce`` and the site's secret make its token, which is not kept; its hash is. From ``admit_at`` on, what of it
    needs no confirmation can begin.
    """

    id: int
    purpose: Purpose
    email: str
    nonce: str
    subscriber_id: int | None = None
    wanted: Mapping[str, Any]
    via: Via
    wording: str
    ip: str | None
    asked_at: datetime
    expires_at: datetime
    confirmed_at: datetime | None = None
    admit_at: datetime | None = None


_COLUMNS = [requests.c[field.name] for field in fields(Request)]


def take_turn(connection: Connection) -> int:
    """The next request's id. Until the transaction ends nobody else has a turn, so what is looked up stays true."""
    query = update(counters).where(counters.c.name == "request").values(value=counters.c.value + 1)
    return int(connection.execute(query.returning(counters.c.value)).scalar_one())


def add(connection: Connection, request: Request, token_hash: str) -> None:
    """Keeps a new request."""
    values = {field.name: getattr(request, field.name) for field in fields(Request)}
    connection.execute(insert(requests), values | {"token_hash": token_hash})


def change(connection: Connection, request: Request) -> None:
    """Replaces what is wanted, how it was asked for, until when it can be confirmed, and when it may be admitted."""
    names = ("wanted", "via", "wording", "ip", "asked_at", "expires_at", "admit_at")
    values = {name: getattr(request, name) for name in names}
    connection.execute(update(requests).where(requests.c.id == request.id).values(values))


def waiting(
    connection: Connection, email: str, purpose: Purpose, subscriber_id: int | None, *, now: datetime
) -> Request | None:
    """The request of that address, by that subscriber if it is a move, which can still be confirmed."""
    c = requests.c
    query = _query().where(c.email == email, c.purpose == purpose, c.confirmed_at.is_(None), c.expires_at > now)
    query = query.where(c.subscriber_id.is_(None) if subscriber_id is None else c.subscriber_id == subscriber_id)
    row = connection.execute(query.order_by(c.id.desc()).limit(1)).one_or_none()
    return _request(row) if row else None


def by_token(connection: Connection, token_hash: str) -> Request | None:
    """The request whose token has that hash."""
    row = connection.execute(_query().where(requests.c.token_hash == token_hash)).one_or_none()
    return _request(row) if row else None


def by_id(connection: Connection, request_id: int) -> Request | None:
    """The request of that id."""
    row = connection.execute(_query().where(requests.c.id == request_id)).one_or_none()
    return _request(row) if row else None


def of_person(connection: Connection, email: str, subscriber_id: int) -> list[Request]:
    """Every request in that address's name or by that subscriber."""
    mine = or_(requests.c.email == email, requests.c.subscriber_id == subscriber_id)
    return [_request(row) for row in connection.execute(_query().where(mine).order_by(requests.c.id))]


def next_to_admit(connection: Connection, *, now: datetime) -> Request | None:
    """The oldest one that can be admitted, and was neither confirmed nor is too old."""
    c = requests.c
    query = _query().where(c.admit_at <= now, c.confirmed_at.is_(None), c.expires_at > now)
    row = connection.execute(query.order_by(c.admit_at, c.id).limit(1)).one_or_none()
    return _request(row) if row else None


def set_confirmed(connection: Connection, request_id: int, *, now: datetime) -> bool:
    """Marks it as confirmed; false when it was already."""
    query = update(requests).where(requests.c.id == request_id, requests.c.confirmed_at.is_(None))
    return bool(connection.execute(query.values(confirmed_at=now)).rowcount)


def forget(connection: Connection, *, now: datetime) -> int:
    """Deletes the requests whose time is over, with their notices; returns how many."""
    over = requests.c.expires_at <= now
    connection.execute(delete(notices).where(notices.c.request_id.in_(select(requests.c.id).where(over))))
    return int(connection.execute(delete(requests).where(over)).rowcount)


def forget_ips(connection: Connection, *, before: datetime) -> int:
    """Erases the IP addresses of requests that are older; returns how many."""
    old = update(requests).where(requests.c.ip.is_not(None), requests.c.asked_at < before)
    return int(connection.execute(old.values(ip=None)).rowcount)


def _query() -> Select[Any]:
    return select(*_COLUMNS)


def _request(row: Row[Any]) -> Request:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public way to see a row as a mapping
    return Request(**(values | {"purpose": Purpose(row.purpose), "via": Via(row.via)}))
