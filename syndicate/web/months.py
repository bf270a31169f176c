"""Months, as addresses name them and as a newsletter's time zone sees them. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

_NAMED = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])", re.ASCII)
_MOST = 1200


class Month(NamedTuple):
    """One month of one year. As text it is ``2026-11`` (RFC 3339 §5.6, ``date-fullyear "-" date-month``)."""

    year: int
    number: int

    def __str__(self) -> str:
        return f"{self.year:04}-{self.number:02}"

    def begin(self, zone: ZoneInfo) -> datetime:
        """Its first instant there."""
        return datetime(self.year, self.number, 1, tzinfo=zone)

    def end(self, zone: ZoneInfo) -> datetime:
        """The first instant after it."""
        return datetime(self.year + self.number // 12, self.number % 12 + 1, 1, tzinfo=zone)


def named(text: str) -> Month | None:
    """The month that an address names, None when it names none."""
    match = _NAMED.fullmatch(text)
    return Month(int(match[1]), int(match[2])) if match and 1 <= int(match[1]) < 9999 else None


def month_of(instant: datetime, zone: ZoneInfo) -> Month:
    """The month that it is there at that instant."""
    local = instant.astimezone(zone)
    return Month(local.year, local.month)


def months_back(last_before: Callable[[datetime | None], datetime | None], zone: ZoneInfo) -> Iterator[Month]:
    """Every month in which there was something, newest first, in one question each.

    ``last_before`` tells when the last thing was before an instant, or at all.
    """
    before = None
    for _ in range(_MOST):
        if (last := last_before(before)) is None:
            return
        found = month_of(last, zone)
        yield found
        before = found.begin(zone)
