"""Whether the service can do its work now: the database answers, its clock ticks, mail can leave. Asks no server.

Deciding is ``checks``, which is pure; ``look`` reads what it decides from. Called by ``/readyz``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from syndicate.delivery.paced import Paced, all_paced
from syndicate.errors import StoreError
from syndicate.settings import Settings
from syndicate.store import Store
from syndicate.watch.pulse import Pulse

STILL = timedelta(seconds=60)
"""A clock that has not ticked for so long stands still."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must be so; ``said`` is how it is."""

    name: str
    is_well: bool
    said: str


def look(settings: Settings, store: Store, pulse: Pulse, now: datetime) -> tuple[Check, ...]:
    """How everything stands. It reads one small table."""
    try:
        with store.read() as connection:
            paced, failure = all_paced(connection, now), ""
    except StoreError as error:
        paced, failure = [], str(error)
    return checks(failure, now - pulse.beaten_at, [one.label for one in settings.every_relay], paced)


def checks(failure: str, since: timedelta, relays: Sequence[str], paced: Sequence[Paced]) -> tuple[Check, ...]:
    """``failure`` is why the database can't be used, ``since`` how long ago the clock ticked.

    That one relay is down is well while others carry its mail.
    """
    down = {one.name: one for one in paced if one.is_down and one.name in relays}
    said = "; ".join(f"{name}: {one.words}" for name, one in down.items())
    return (
        Check("database", not failure, failure or "answers"),
        Check("clock", since < STILL, f"ticked {max(0, int(since.total_seconds()))} s ago"),
        Check("relays", len(down) < len(relays), said or "none has failed lately"),
    )
