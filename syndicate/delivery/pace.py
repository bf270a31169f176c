"""How fast mail may go, to a relay or to one recipient domain. Pure: the clock is an argument. Called by ``traffic``.

What was set is a ceiling. A server that says *too fast* halves what is sent; a quiet minute gives a tenth of it back
(additive increase, multiplicative decrease). Facts are kept over restarts, and a clock that jumps makes no tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from syndicate.settings import Rate, WarmUp

FIRST_BLOCK = timedelta(hours=1)
LONGEST_BLOCK = timedelta(hours=12)
_QUIET = timedelta(minutes=1)
_STEPS = 10
_SLOWEST = 1 / 60
_SLOTS = 24
_DAY = 86400


class Bucket:
    """Tokens that come at ``rate`` a second, at most ``seconds`` worth of them (and at least one) in stock."""

    def __init__(self, rate: float, now: datetime, seconds: float = 1.0) -> None:
        self.rate, self.seconds, self.as_of = rate, seconds, now
        self.tokens = self.stock

    @property
    def stock(self) -> float:
        """So many there are at most."""
        return max(1.0, self.rate * self.seconds)

    def wait(self, now: datetime) -> float:
        """Seconds until a token is there. A clock that went back or leapt ahead brings no more than the stock."""
        elapsed = max(0.0, (now - self.as_of).total_seconds())
        self.tokens = min(self.stock, self.tokens + elapsed * self.rate)
        self.as_of = now
        return 0.0 if self.tokens >= 1 else (1 - self.tokens) / self.rate

    def take(self) -> None:
        """One message goes."""
        self.tokens -= 1

    def put_back(self, count: int) -> None:
        """So many did not go."""
        self.tokens = min(self.stock, self.tokens + count)


class Quota:
    """At most ``count`` messages in any ``seconds``, counted in slots of a twenty-fourth of that."""

    def __init__(self, rate: Rate) -> None:
        self.rate, self.width = rate, rate.seconds / _SLOTS
        self.slots: dict[int, int] = {}

    def wait(self, now: datetime) -> float:
        """Seconds until the oldest slot that counts is forgotten, when all is used; else 0."""
        slot = self._slot(now)
        self.slots = {at: n for at, n in self.slots.items() if slot - _SLOTS <= at <= slot}
        if sum(self.slots.values()) < self.rate.count:
            return 0.0
        return max(1.0, (min(self.slots) + _SLOTS + 1) * self.width - now.timestamp())

    def take(self, now: datetime, /) -> None:
        """One message goes."""
        slot = self._slot(now)
        self.slots[slot] = self.slots.get(slot, 0) + 1

    def put_back(self, count: int) -> None:
        """So many did not go, of those that were taken last."""
        for slot in sorted(self.slots, reverse=True):
            some = min(count, self.slots[slot])
            self.slots[slot] -= some
            count -= some

    def _slot(self, now: datetime) -> int:
        return int(now.timestamp() // self.width)


class Pace:
    """One relay's or one domain's. ``words`` are the server's last ones about it.

    What was not used of a rate can be made up for within ``stock`` seconds.
    """

    def __init__(self, rates: Sequence[Rate], warm_up: WarmUp | None, now: datetime, *, stock: float = 1.0) -> None:
        self.ceiling = min((rate.per_second for rate in rates if rate.seconds <= 60), default=None)
        self._stock = stock
        self._bucket = Bucket(self.ceiling, now, stock) if self.ceiling else None
        self._quotas = [Quota(rate) for rate in rates if rate.seconds > 60]
        self._warm_up = warm_up
        self._first_day: int | None = None
        self._today = (0, 0)
        self._peak = 0.0
        self._lowered_at: datetime | None = None
        self.blocked_until: datetime | None = None
        self._blocks = 0
        self.words = ""

    @property
    def is_remarkable(self) -> bool:
        """Whether anything about it is not as it was set."""
        return self._lowered_at is not None or self.blocked_until is not None or self._blocks > 0

    @property
    def is_set(self) -> bool:
        """Whether anything limits it."""
        return bool(self._bucket or self._quotas or self._warm_up)

    @property
    def rate(self) -> float | None:
        """Messages a second that may go now, None when nothing limits them."""
        return self._bucket.rate if self._bucket else None

    def wait(self, now: datetime) -> float:
        """Seconds until the next message may go."""
        if self.blocked_until is not None and now < self.blocked_until:
            return (self.blocked_until - now).total_seconds()
        self._raise(now)
        waits = [quota.wait(now) for quota in self._quotas]
        if self._bucket:
            waits.append(self._bucket.wait(now))
        if self._warm_up and self._used_up(now):
            waits.append(_DAY - now.timestamp() % _DAY)
        return max(waits, default=0.0)

    def take(self, now: datetime, /) -> None:
        """One message goes."""
        if self._bucket:
            self._bucket.take()
        for quota in self._quotas:
            quota.take(now)
        if self._warm_up:
            day = int(now.timestamp() // _DAY)
            self._first_day = day if self._first_day is None else self._first_day
            self._today = (day, self._today[1] + 1 if self._today[0] == day else 1)

    def put_back(self, count: int) -> None:
        """So many of those that were taken did not go."""
        if self._bucket:
            self._bucket.put_back(count)
        for quota in self._quotas:
            quota.put_back(count)
        self._today = (self._today[0], max(0, self._today[1] - count))

    def lower(self, now: datetime, measured: float, words: str) -> None:
        """The server says *too fast* while ``measured`` messages a second went: half of it from now on."""
        self.words = words
        if self._lowered_at is not None and now - self._lowered_at < timedelta(seconds=5):
            return  # what was under way already says the same
        was = min(measured, self._bucket.rate) if self._bucket else measured
        self._peak = max(self._peak, was) if self._lowered_at else was
        self._bucket = Bucket(max(_SLOWEST, was / 2), now, self._stock)
        self._bucket.tokens = 0
        self._lowered_at = now

    def block(self, now: datetime, words: str) -> datetime:
        """The server refuses all we send: nothing goes until the instant that is returned; then one is tried."""
        if self.blocked_until is None or now >= self.blocked_until:
            self.blocked_until = now + min(LONGEST_BLOCK, FIRST_BLOCK * (1 << min(self._blocks, 8)))
            self._blocks += 1
            self.words = words
        return self.blocked_until

    def accepted(self) -> None:
        """The server took one: what blocked us is over."""
        if self._blocks:
            self.blocked_until, self._blocks = None, 0

    def _raise(self, now: datetime) -> None:
        if self._lowered_at is None or self._bucket is None:
            return
        steps = (now - self._lowered_at) // _QUIET
        if steps < 1:
            return
        self._bucket.rate += min(steps, 2 * _STEPS) * self._peak / _STEPS
        self._lowered_at += steps * _QUIET
        if self.ceiling is not None and self._bucket.rate >= self.ceiling:
            self._bucket.rate, self._lowered_at = self.ceiling, None
        elif self.ceiling is None and self._bucket.rate >= 2 * self._peak:
            self._bucket = self._lowered_at = None

    def _used_up(self, now: datetime) -> bool:
        assert self._warm_up is not None
        day = int(now.timestamp() // _DAY)
        first = day if self._first_day is None else self._first_day
        return self._today[0] == day and self._today[1] >= self._warm_up.allowed(max(0, day - first))

    def facts(self) -> dict[str, Any]:
        """What must outlive the process, for JSON."""
        bucket = self._bucket
        return {
            "bucket": [bucket.rate, round(bucket.tokens, 3), bucket.as_of.isoformat()] if bucket else None,
            "quotas": {str(quota.rate): quota.slots for quota in self._quotas},
            "first_day": self._first_day,
            "today": self._today,
            "peak": self._peak,
            "lowered_at": self._lowered_at and self._lowered_at.isoformat(),
            "blocked_until": self.blocked_until and self.blocked_until.isoformat(),
            "blocks": self._blocks,
            "words": self.words,
        }

    def remember(self, facts: Mapping[str, Any]) -> None:
        """Goes on where ``facts`` were taken; what is set differently now counts as it is set now."""
        self._first_day = facts["first_day"]
        self._today = (facts["today"][0], facts["today"][1])
        self._peak, self._blocks, self.words = facts["peak"], facts["blocks"], facts["words"]
        self._lowered_at = _instant(facts["lowered_at"])
        self.blocked_until = _instant(facts["blocked_until"])
        for quota in self._quotas:
            quota.slots = {int(at): n for at, n in facts["quotas"].get(str(quota.rate), {}).items()}
        if facts["bucket"] and (self._bucket or self._lowered_at):
            rate, tokens, as_of = facts["bucket"]
            if self.ceiling is not None:
                rate = min(rate, self.ceiling) if self._lowered_at else self.ceiling
            self._bucket = Bucket(rate, datetime.fromisoformat(as_of), self._stock)
            self._bucket.tokens = min(tokens, self._bucket.stock)
        elif self._lowered_at is None and self.ceiling is None:
            self._bucket = None


NewPace = Callable[[Literal["relay", "domain"], str, Sequence[Rate], WarmUp | None, datetime], Pace]
"""Makes one, by kind and name."""


def own_pace(_kind: str, _name: str, rates: Sequence[Rate], warm_up: WarmUp | None, now: datetime) -> Pace:
    """One that this process has to itself."""
    return Pace(rates, warm_up, now)


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
