"""What went wrong, as operators were told of it: since when, whether it still is, and who is owed a word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from syndicate.store.schema import alerts

Owed = Literal["", "began", "goes on", "ended"]
"""What the webhook has yet to be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One of them. ``told_at`` is None before it went on for long enough, ``ended_at`` while it is so."""

    id: int
    kind: str
    about: str
    said: str
    began_at: datetime
    seen_at: datetime
    told_at: datetime | None
    ended_at: datetime | None
    owed: Owed


_COLUMNS = [alerts.c[field.name] for field in fields(Alert)]


def open_(connection: Connection, *, to_change: bool = False) -> list[Alert]:
    """Those that have not ended, the oldest first; ``to_change`` lets nobody else change them until this is over."""
    query = select(*_COLUMNS).where(alerts.c.ended_at.is_(None)).order_by(alerts.c.began_at, alerts.c.id)
    query = query.with_for_update() if to_change else query
    return [Alert(**row._mapping) for row in connection.execute(query)]  # noqa: SLF001 - public in spite of its name


def told(connection: Connection, *, limit: int) -> list[Alert]:
    """Those that somebody was told of: what is not over first, then the newest."""
    c = alerts.c
    query = select(*_COLUMNS).where(c.told_at.is_not(None)).order_by(c.ended_at.is_not(None), c.began_at.desc(), c.id)
    return [Alert(**row._mapping) for row in connection.execute(query.limit(limit))]  # noqa: SLF001


def owed(connection: Connection) -> list[Alert]:
    """Those of which the webhook has yet to be told, the oldest first."""
    query = select(*_COLUMNS).where(alerts.c.owed != "").order_by(alerts.c.id)
    return [Alert(**row._mapping) for row in connection.execute(query)]  # noqa: SLF001


def begin(connection: Connection, kind: str, about: str, said: str, *, now: datetime) -> Alert | None:
    """Writes one down; None when another process did just now."""
    values = {"kind": kind, "about": about, "said": said, "began_at": now, "seen_at": now, "owed": ""}
    try:
        with connection.begin_nested():
            new = connection.execute(insert(alerts).values(values).returning(alerts.c.id)).scalar_one()
    except IntegrityError:
        return None
    return Alert(
        id=new, kind=kind, about=about, said=said, began_at=now, seen_at=now, told_at=None, ended_at=None, owed=""
    )


def see(connection: Connection, alert_id: int, said: str, *, now: datetime) -> None:
    """It is still so, for this reason."""
    connection.execute(update(alerts).where(alerts.c.id == alert_id).values(said=said, seen_at=now))


def tell(connection: Connection, ids: Sequence[int], what: Owed, owed: Owed, *, now: datetime) -> None:
    """Somebody is told of them now: that they began, go on or ended. The webhook is ``owed`` as much, or nothing."""
    values = {"told_at": now, "owed": owed} | ({"ended_at": now} if what == "ended" else {})
    connection.execute(update(alerts).where(alerts.c.id.in_(ids)).values(values))


def paid(connection: Connection, alert: Alert) -> None:
    """The webhook was told of it; what came up since is still owed."""
    which = update(alerts).where(alerts.c.id == alert.id, alerts.c.owed == alert.owed)
    connection.execute(which.values(owed=""))


def drop(connection: Connection, ids: Sequence[int]) -> None:
    """They ended before anybody had to be told."""
    connection.execute(delete(alerts).where(alerts.c.id.in_(ids)))


def forget(connection: Connection, *, before: datetime) -> None:
    """Deletes what ended before then."""
    connection.execute(delete(alerts).where(alerts.c.ended_at < before))
