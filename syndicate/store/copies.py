"""Which copy of a database this is, and whether it may send: of all copies of one installation only the live one may.

One row of ``facts`` says so (``copy``); a database without it is live. ``home`` is where a PostgreSQL database stood
when it was last opened: one that was restored elsewhere finds another place there, and is held. Whoever copies rows
from one server to another leaves ``home`` out.
"""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from syndicate.errors import HeldError
from syndicate.store.schema import facts

HOME = "home"


class Standing(StrEnum):
    """What a copy may do. ``undecided`` ones may send, but not by themselves what may have been sent already."""

    LIVE = "live"
    UNDECIDED = "undecided"
    HELD = "held"
    MOVED = "moved"


class Copy(NamedTuple):
    """How it stands, and since when. ``detail`` is why it is held, or where it moved to."""

    standing: Standing = Standing.LIVE
    detail: str = ""
    at: datetime | None = None

    @property
    def may_send(self) -> bool:
        """Whether anything at all may go out."""
        return self.standing in (Standing.LIVE, Standing.UNDECIDED)

    @property
    def why(self) -> str:
        """Why it may not, and what to do, for an operator."""
        if self.standing is Standing.MOVED:
            return f"this database moved to {self.detail}, and nothing is sent from here"
        return f"this copy is held: {self.detail}. Nothing is sent until `syndicate live` says that it is the live one"


def read(connection: Connection) -> Copy:
    """How this one stands."""
    value = _get(connection, "copy")
    if value is None:
        return Copy()
    said = json.loads(value)
    return Copy(Standing(said["standing"]), said["detail"], datetime.fromisoformat(said["at"]))


def check(connection: Connection) -> None:
    """:raises HeldError: when this copy may not send."""
    copy = read(connection)
    if not copy.may_send:
        raise HeldError(copy.why)


def mark(connection: Connection, standing: Standing, detail: str = "", *, now: datetime) -> None:
    """From now on this copy stands like that."""
    _set(connection, "copy", json.dumps({"standing": standing, "detail": detail, "at": now.isoformat()}))


def arrive(connection: Connection, home: str, *, now: datetime) -> None:
    """Notes where the database stands; holds it when that is elsewhere than before."""
    before = _get(connection, HOME)
    if before != home:
        _set(connection, HOME, home)
        if before is not None and read(connection).standing is not Standing.MOVED:
            mark(connection, Standing.HELD, "its database stands elsewhere than when it was last used", now=now)


def _get(connection: Connection, name: str) -> str | None:
    return connection.execute(select(facts.c.value).where(facts.c.name == name)).scalar()


def _set(connection: Connection, name: str, value: str) -> None:
    if not connection.execute(update(facts).where(facts.c.name == name).values(value=value)).rowcount:
        with suppress(IntegrityError), connection.begin_nested():  # others that begin just now say the same
            connection.execute(insert(facts).values(name=name, value=value))
