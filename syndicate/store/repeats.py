"""Requests to the API that carried an Idempotency-Key, with what was answered. Kept for ``KEPT``."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, select

from syndicate.store.schema import api_requests

KEPT = timedelta(days=2)
"""Programs try again for hours, not for weeks."""


class Answered(NamedTuple):
    """What a request said, hashed, and what was answered."""

    body_hash: str
    status: int
    answer: str


def answered(connection: Connection, token: str, key: str) -> Answered | None:
    """What was answered to the request with that key, by that token."""
    c = api_requests.c
    query = select(c.body_hash, c.status, c.answer).where(c.token == token, c.key == key)
    row = connection.execute(query).one_or_none()
    return Answered(*row) if row else None


def keep(connection: Connection, token: str, key: str, found: Answered, *, now: datetime) -> None:
    """Keeps an answer, and forgets what is old. Raises IntegrityError when another request was quicker."""
    connection.execute(delete(api_requests).where(api_requests.c.answered_at < now - KEPT))
    connection.execute(insert(api_requests), {"token": token, "key": key, "answered_at": now, **found._asdict()})
