"""What is due next: each cadence's next slot, with what there is for it so far. Reads only. Called by pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from syndicate.digest.cadence import next_slot
from syndicate.digest.compose import eligible
from syndicate.settings import INSTANT, Newsletter, Settings
from syndicate.store import Connection, articles, digests, subscribers

LOOKED_AT = 500
"""The newest articles among which those for a digest are counted."""


@dataclass(frozen=True, slots=True)
class Upcoming:
    """The next digest of a cadence. ``due_at`` is None for an instant one: as soon as there is an article.

    With ``send_in = "subscriber"`` it is due at the same time of day where each reader lives; ``due_at`` is home's.
    ``articles`` are those that are new since its last digest, ``readers`` those who chose the cadence.
    """

    newsletter: Newsletter
    cadence: str
    due_at: datetime | None
    articles: int
    readers: int


def upcoming(settings: Settings, connection: Connection, now: datetime) -> list[Upcoming]:
    """All of them: those with a time first, the soonest first."""
    newest = articles.newest_sequence(connection)
    cadences = [(one, name, when) for one in settings.newsletters for name, when in one.cadences.items()]
    since = {
        (one.slug, name): max(newest - LOOKED_AT, digests.last_upto(connection, one.slug, name))
        for one, name, _ in cadences
    }
    rows = articles.numbered_since(connection, min(since.values(), default=newest), newest)
    found = [
        Upcoming(
            one,
            name,
            None if when == INSTANT else next_slot(when, one.zone, now).due_at,
            sum(row.sequence > since[one.slug, name] for row in eligible(rows, one)),
            subscribers.readers(connection, one.slug, name),
        )
        for one, name, when in cadences
    ]
    return sorted(found, key=lambda one: (one.due_at is None, one.due_at or now))
