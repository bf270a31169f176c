"""How far digests are, and how fast they go: asked once for all who watch. Called by pages and by ``progress``."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from syndicate.model import Digest, DigestState, Equation
from syndicate.store import Store, digests, standing
from syndicate.web.console import words

_FRESH_S = 0.9
_SPARING = 20
"""The database is asked so many times less than it could be, when an answer takes long."""

_WINDOW_S = 30.0
_SHORTEST_S = 2.0
_KEPT_S = 120.0


@dataclass(frozen=True, slots=True)
class Moving:
    """Where a digest stands. ``rate`` is in mails a second, None while it is not known.

    ``next_at`` is when the first of those that wait may be tried.
    """

    digest: Digest
    counts: Equation
    rate: float | None
    next_at: datetime | None

    @property
    def done(self) -> int:
        """How many will not be tried again."""
        return self.counts.planned - self.counts.outstanding

    @property
    def percent(self) -> int:
        """Whole percent, rounded down: only what is finished is 100."""
        return 100 * self.done // self.counts.planned if self.counts.planned else 100

    @property
    def is_open(self) -> bool:
        """Whether it may still change by itself, or when somebody lets it go on."""
        return self.digest.state in (DigestState.SENDING, DigestState.PAUSED)

    @property
    def outcomes(self) -> list[tuple[str, int]]:
        """What became of its mails: what there is none of is left out."""
        names = ("accepted", "rejected", "expired", "suppressed", "uncertain", "cancelled")
        return [(name, count) for name in names if (count := getattr(self.counts, name))]

    def pace(self, now: datetime) -> str:
        """How fast it goes, and until when; else what it waits for."""
        if self.digest.state is not DigestState.SENDING or not self.counts.outstanding:
            return ""
        if self.rate:
            left = timedelta(seconds=self.counts.outstanding / self.rate)
            return f"{words.speed(self.rate)}, {words.lasting(left)} left"
        if self.next_at and self.next_at > now + timedelta(seconds=30):
            return f"next try {words.distance(self.next_at, now)}"
        return "" if self.rate is None else "waiting"


@dataclass(slots=True)
class _Seen:
    at: float
    until: float
    spared: float
    moving: Moving
    samples: deque[tuple[float, int]] = field(default_factory=deque)


class Meter:
    """Remembers what it counted for a second, and for half a minute how much was done. ``tick`` counts seconds.

    What it counted before something ``changed`` it counts again, but no more often than is easy for the database.
    """

    def __init__(self, store: Store, tick: Callable[[], float] = time.monotonic) -> None:
        self._store, self._tick = store, tick
        self._seen: dict[int, _Seen] = {}
        self._lock = threading.Lock()
        self._changed_at = float("-inf")

    def in_state(self, *states: DigestState) -> list[int]:
        """The newest digests that are in one of these states, oldest first."""
        with self._store.read() as connection:
            return [one.id for one in reversed(digests.latest(connection, states=states))]

    def of(self, ids: Sequence[int]) -> list[Moving]:
        """Where these stand, in their order; who asks at once with others shares one answer.

        :raises NotFoundError: when there is none of such an id.
        """
        with self._lock:
            stale = [one for one in ids if one not in self._seen or self._is_stale(self._seen[one])]
            if stale:
                self._count(stale)
            return [self._seen[one].moving for one in ids]

    def changed(self) -> None:
        """Something did just now."""
        self._changed_at = self._tick()

    def _is_stale(self, seen: _Seen) -> bool:
        now = self._tick()
        return seen.until <= now or (seen.at <= self._changed_at and seen.spared <= now)

    def _count(self, ids: Sequence[int]) -> None:
        began = self._tick()
        with self._store.read() as connection:
            found = {one: digests.get(connection, one) for one in ids}
            counts = standing.by_digest(connection, ids)
            tries = {one: standing.next_try(connection, one) for one in ids}
        now = self._tick()
        spared = now + _SPARING * (now - began)
        until = max(now + _FRESH_S, spared)
        self._seen = {one: seen for one, seen in self._seen.items() if now - seen.at < _KEPT_S or one in ids}
        for one in ids:
            samples = self._seen[one].samples if one in self._seen else deque[tuple[float, int]]()
            done = counts[one].planned - counts[one].outstanding
            rate = _rate(samples, now, done)
            self._seen[one] = _Seen(began, until, spared, Moving(found[one], counts[one], rate, tries[one]), samples)


def _rate(samples: deque[tuple[float, int]], now: float, done: int) -> float | None:
    """Notes a sample; mails a second over those of the window, None before it says anything."""
    samples.append((now, done))
    while len(samples) > 2 and now - samples[1][0] >= _WINDOW_S:
        samples.popleft()
    since, before = samples[0]
    if now - since < _SHORTEST_S:
        return None
    return round(max(0, done - before) / (now - since), 2)
