"""Requests to the API that carried an Idempotency-Key, with what was answered. Kept for ``KEPT``.

A key is taken before anything is done and the answer kept afterwards, so what was cut off between the two is never
done a second time: whoever asks again is told that nobody knows how it ended.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from syndicate.store.schema import api_requests

KEPT = timedelta(days=2)
"""Programs try again for hours, not for weeks."""

_UNDER_WAY = 0


class Answered(NamedTuple):
    """What a request said, hashed, and what was answered; ``status`` is 0 as long as nothing was."""

    body_hash: str
    status: int
    answer: str
    answered_at: datetime

    @property
    def is_under_way(self) -> bool:
        """Whether it began, and was not answered."""
        return self.status == _UNDER_WAY


def take(connection: Connection, token: str, key: str, body_hash: str, *, now: datetime) -> Answered | None:
    """Takes a key for a request, and forgets old ones; the request that had it before, if there is one."""
    c = api_requests.c
    connection.execute(delete(api_requests).where(c.answered_at < now - KEPT))
    row = {"token": token, "key": key, "body_hash": body_hash, "status": _UNDER_WAY, "answer": "", "answered_at": now}
    try:
        with connection.begin_nested():
            connection.execute(insert(api_requests), row)
    except IntegrityError:
        query = select(*(c[name] for name in Answered._fields)).where(c.token == token, c.key == key)
        return Answered(*connection.execute(query).one())
    return None


def keep(connection: Connection, token: str, key: str, status: int, answer: str) -> None:
    """Keeps what was answered."""
    c = api_requests.c
    query = update(api_requests).where(c.token == token, c.key == key)
    connection.execute(query.values(status=status, answer=answer))


def give_back(connection: Connection, token: str, key: str) -> None:
    """Frees a key: nothing was done."""
    c = api_requests.c
    connection.execute(delete(api_requests).where(c.token == token, c.key == key))


def forget(connection: Connection, text: str) -> None:
    """Forgets every answer that holds it, such as the address of somebody who is erased."""
    c = api_requests.c
    connection.execute(update(api_requests).where(c.answer.contains(text, autoescape=True)).values(answer=""))
