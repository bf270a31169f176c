"""What providers' webhooks brought: which events were seen, so that none counts twice, and what became of how many."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from syndicate.store.schema import webhook_counts, webhook_events

KEPT = timedelta(days=30)
"""Longer than any provider tries again, and longer than an event is taken after it was signed."""


class Outcome(StrEnum):
    """What became of an event: done; nothing of it is about us; refused as seen before, not authentic, or not known."""

    TAKEN = "taken"
    IGNORED = "ignored"
    REPLAYED = "replayed"
    FORGED = "forged"
    UNKNOWN = "unknown"


class Count(NamedTuple):
    """How many events of a provider came to that, and when the last one did."""

    provider: str
    outcome: Outcome
    number: int
    last_at: datetime


def is_new(connection: Connection, provider: str, event: str, *, now: datetime) -> bool:
    """Notes that an event was seen, and forgets old ones; false when it had been."""
    connection.execute(delete(webhook_events).where(webhook_events.c.seen_at < now - KEPT))
    try:
        with connection.begin_nested():
            connection.execute(insert(webhook_events), {"provider": provider, "event": event, "seen_at": now})
    except IntegrityError:
        return False
    return True


def count(connection: Connection, provider: str, outcomes: Mapping[Outcome, int], *, now: datetime) -> None:
    """Counts what became of some events."""
    c = webhook_counts.c
    for outcome, number in sorted(outcomes.items()):
        mine = update(webhook_counts).where(c.provider == provider, c.outcome == outcome)
        if not connection.execute(mine.values(count=c.count + number, last_at=now)).rowcount:
            row = {"provider": provider, "outcome": outcome, "count": number, "last_at": now}
            try:
                with connection.begin_nested():
                    connection.execute(insert(webhook_counts), row)
            except IntegrityError:
                connection.execute(mine.values(count=c.count + number, last_at=now))


def counts(connection: Connection) -> list[Count]:
    """All counts, by provider."""
    query = select(*webhook_counts.c).order_by(webhook_counts.c.provider, webhook_counts.c.outcome)
    return [Count(row.provider, Outcome(row.outcome), row[2], row.last_at) for row in connection.execute(query)]
