"""When a cadence is due. Pure: the clock is an argument.

Cron expressions mean what Debian's cron makes of them, at daylight-saving changes too: a time that is skipped comes
once, right after the gap, and one that is there twice comes the first time.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

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


def slots_by_zone(
    expression: str, home: ZoneInfo, since: Mapping[str, datetime], now: datetime
) -> dict[Slot, tuple[str, ...]]:
    """The newest slots that are due at ``now`` where readers live, each with the zones in which it is that time.

    ``since`` has every zone that is lived in, and when the first of its readers there chose what they get: a slot
    before that is nobody's. ``""`` stands for readers whose zone is not known; they live at ``home``, as do those whose
    zone exists no more, and there every slot counts. Zones that are at one come together in one slot.
    """
    slots: dict[Slot, tuple[str, ...]] = {latest_slot(expression, home, now): ("",)}
    for name in sorted(since):
        slot = latest_slot(expression, zone_of(name, home), now)
        if name and slot.due_at >= since[name]:
            slots[slot] = (*slots.get(slot, ()), name)
    return slots


def zone_of(name: str, home: ZoneInfo) -> ZoneInfo:
    """The zone of that name; ``home`` when it has none, or there is none of it."""
    try:
        return ZoneInfo(name) if name else home
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return home


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
