"""What relays answered last. Called by the console."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, select

from syndicate.store.schema import attempts

_LOOKED_AT = 2000


class Answer(NamedTuple):
    """A relay's words about one mail. ``code`` is None where it gave none."""

    at: datetime
    code: int | None
    reply: str


def last(connection: Connection) -> dict[str, Answer]:
    """Relay → its last answer, among those about the newest deliveries: of older ones nothing is looked at."""
    a = attempts.c
    newest = select(a.relay, a.ended_at, a.code, a.reply).order_by(a.delivery_id.desc(), a.number.desc())
    found: dict[str, Answer] = {}
    for relay, ended_at, code, reply in connection.execute(newest.limit(_LOOKED_AT)):
        if relay not in found or found[relay].at < ended_at:
            found[relay] = Answer(ended_at, code, reply)
    return found
