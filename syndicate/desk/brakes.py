"""Guessing made slow. Pure but for what it remembers, in the memory of this process; a restart begins anew.

Every try counts before it is made, so many at once count as many. After some free ones each has to wait twice as long
as the one before. A try counts for the name in that network, for the network, and for the name from anywhere. A browser
that somebody signed in with before counts for itself alone: strangers who try a name can't lock out who it belongs to.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import NamedTuple

FORGOTTEN_AFTER = timedelta(hours=2)
"""Without another try."""

_MOST = 20_000
"""Counts that are kept; the oldest goes first."""


@dataclass(frozen=True, slots=True)
class Rule:
    """So many tries are free; the next waits a second, then two, four … up to ``longest``."""

    free: int
    longest: timedelta

    def wait(self, tries: int) -> timedelta:
        """How long after the last of so many tries the next may come."""
        over = tries - self.free
        return timedelta(0) if over < 0 else min(timedelta(seconds=2 ** min(over, 20)), self.longest)


PAIR = Rule(5, timedelta(minutes=15))
BROWSER = PAIR
NETWORK = Rule(20, timedelta(minutes=15))
NAME = Rule(30, timedelta(seconds=10))


class Counter(NamedTuple):
    """One of the things that a try counts for. ``is_own`` ones begin anew once it was right."""

    rule: Rule
    key: tuple[str, ...]
    is_own: bool = False


def counters(name: str, network: str, browser: str | None) -> tuple[Counter, ...]:
    """What a try with that name counts for. ``browser`` names one that the same user signed in with before."""
    if browser:
        return (Counter(BROWSER, ("browser", browser), is_own=True),)
    name = name[:100]
    return (
        Counter(PAIR, ("pair", name, network), is_own=True),
        Counter(NETWORK, ("network", network)),
        Counter(NAME, ("name", name)),
    )


def code_counter(name: str) -> Counter:
    """What a try with a code counts for: only who knows the password comes so far, so strangers can't lock them out."""
    return Counter(PAIR, ("code", name), is_own=True)


class Brakes:
    """Counts tries. One for the whole process; calls may come from several threads."""

    def __init__(self) -> None:
        self._tries: OrderedDict[tuple[str, ...], tuple[int, datetime]] = OrderedDict()
        self._lock = Lock()

    def admit(self, asked: Sequence[Counter], now: datetime) -> timedelta:
        """Counts a try and returns zero, or returns how long to wait; one that has to wait does not count."""
        with self._lock:
            counts = {one: self._count(one, now) for one in asked}
            wait = max((at + one.rule.wait(tries) - now for one, (tries, at) in counts.items()), default=timedelta(0))
            if wait > timedelta(0):
                return wait
            for one, (tries, _) in counts.items():
                self._tries[one.key] = (tries + 1, now)
                self._tries.move_to_end(one.key)
            while len(self._tries) > _MOST:
                self._tries.popitem(last=False)
            return timedelta(0)

    def forgive(self, asked: Sequence[Counter]) -> None:
        """The try was right: it counts no more, and what is their own begins anew."""
        with self._lock:
            for one in asked:
                tries, at = self._tries.pop(one.key, (0, None))
                if at is not None and tries > 1 and not one.is_own:
                    self._tries[one.key] = (tries - 1, at)
                    self._tries.move_to_end(one.key)

    def _count(self, one: Counter, now: datetime) -> tuple[int, datetime]:
        tries, at = self._tries.get(one.key, (0, now))
        return (0, now) if now - at > FORGOTTEN_AFTER else (tries, min(at, now))
