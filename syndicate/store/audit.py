"""Who did what, kept for good. Written in the same transaction as what was done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, insert, select

from syndicate.store.schema import audit


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something that ``who`` did. ``about`` names what it was done to, such as ``digest 12`` or ``subscriber 7``."""

    id: int
    at: datetime
    who: str
    act: str
    about: str
    detail: str
    ip: str


class By(NamedTuple):
    """Who acts, and where their request came from."""

    name: str
    ip: str = ""


SHELL = By("command line")


def note(
    connection: Connection, who: str, act: str, *, about: str = "", detail: str = "", ip: str = "", now: datetime
) -> None:
    """Keeps it. ``act`` is a verb in the past, such as ``paused``; no secret and no address stands in ``detail``."""
    row = {"at": now, "who": who, "act": act, "about": about, "detail": detail, "ip": ip}
    connection.execute(insert(audit).values(row))


def newest(
    connection: Connection,
    *,
    limit: int,
    who: str | None = None,
    about: str | None = None,
    before_id: int | None = None,
) -> list[Act]:
    """The newest first; ``before_id`` is the last of the page before."""
    query = select(audit).order_by(audit.c.id.desc()).limit(limit)
    if who is not None:
        query = query.where(audit.c.who == who)
    if about is not None:
        query = query.where(audit.c.about == about)
    if before_id is not None:
        query = query.where(audit.c.id < before_id)
    return [Act(**row) for row in connection.execute(query).mappings()]
