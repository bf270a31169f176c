"""When a cadence is due. Pure: the clock is an argument.

Cron expressions mean what Debian's cron makes of them, at daylight-saving changes too: a time that is skipped comes
once, right after the gap, and one that is there twice comes the first time.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from cronsim import CronSim


class Slot(NamedTuple):
    """One due moment of a cadence. ``name`` is unique within newsletter × cadence; ``due_at`` is UTC."""

    name: str
    due_at: datetime


def latest_slot(expression: str, zone: ZoneInfo, now: datetime) -> Slot:
    """The newest slot that is due at ``now``; a slot is due at its own instant."""
    until = now.astimezone(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
    return _slot(next(CronSim(expression, until.astimezone(zone), reverse=True)))


def next_slot(expression: str, zone: ZoneInfo, now: datetime) -> Slot:
    """The first slot after ``now``."""
    return _slot(next(CronSim(expression, now.astimezone(zone))))


def instant_slot(sequence: int, picked_up_at: datetime) -> Slot:
    """The slot of the instant cadence that the article of that pick-up number opens."""
    return Slot(f"article:{sequence}", picked_up_at)


def manual_slot(now: datetime) -> Slot:
    """The slot of an operator who presses *send*; pressing twice in a second is pressing once."""
    return Slot(_name(now.replace(microsecond=0)), now)


def _slot(local: datetime) -> Slot:
    due_at = local.astimezone(UTC)
    return Slot(_name(due_at), due_at)


def _name(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
