"""Spans and instants in few words. Pure. Called by pages of the console."""

from __future__ import annotations

from datetime import datetime, timedelta


def lasting(span: timedelta) -> str:
    """``under a minute``, ``12 min``, ``3 h 5 min``, ``4 days``; no finer than makes a difference."""
    minutes = round(span.total_seconds() / 60)
    if minutes < 1:
        return "under a minute"
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        hours, minutes = divmod(minutes, 60)
        if hours >= 10:
            return f"{hours + round(minutes / 60)} h"
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{round(minutes / 1440)} days"


def distance(at: datetime, now: datetime) -> str:
    """How far an instant is from now: ``in 3 h``, ``12 min ago``, ``now``."""
    span = at - now
    if abs(span) < timedelta(seconds=30):
        return "now"
    return f"in {lasting(span)}" if span > timedelta(0) else f"{lasting(-span)} ago"


def size(octets: int) -> str:
    """``480 kB``, ``1.2 GB``."""
    for unit, one in (("GB", 10**9), ("MB", 10**6)):
        if octets >= one:
            return f"{octets / one:,.1f} {unit}"
    return f"{round(octets / 1000)} kB"


def speed(rate: float) -> str:
    """Mails a second, as people say it: ``310 a second``, ``12 a minute``."""
    if rate >= 10:
        return f"{rate:,.0f} a second"
    if rate >= 1:
        return f"{rate:.1f} a second"
    return f"{rate * 60:.0f} a minute" if rate * 60 >= 1 else "less than one a minute"
