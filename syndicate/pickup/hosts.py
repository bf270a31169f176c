"""Politeness: how close to each other requests to one host may begin, and when a host wants to be left alone.

Kept for as long as the process lives; ``fetch`` asks before each request.
"""

from __future__ import annotations

from datetime import datetime, timedelta

GAP = timedelta(seconds=0.25)
"""Between the beginnings of two requests to one host."""
LONGEST_REST = timedelta(days=1)
"""However long a host asks to be left alone."""
_FORGOTTEN_OVER = 10_000


class Hosts:
    """What is known of hosts, by name and port. All times are aware."""

    def __init__(self) -> None:
        self._next_at: dict[str, datetime] = {}
        self._rests_until: dict[str, datetime] = {}

    def turn(self, host: str, now: datetime) -> timedelta:
        """Takes the next turn to ask ``host``: how long to wait for it."""
        at = max(now, self._next_at.get(host, now))
        if len(self._next_at) > _FORGOTTEN_OVER:
            self._next_at = {name: taken for name, taken in self._next_at.items() if taken > now}
        self._next_at[host] = at + GAP
        return at - now

    def rests_until(self, host: str, now: datetime) -> datetime | None:
        """Until when the host wants to be left alone, if it does."""
        until = self._rests_until.get(host)
        if until and until <= now:
            del self._rests_until[host]
            return None
        return until

    def let_rest(self, host: str, until: datetime) -> None:
        """The host said that it is asked too much (RFC 6585 §4), or can't answer for a while (RFC 9110 §15.6.4)."""
        self._rests_until[host] = max(until, self._rests_until.get(host, until))
