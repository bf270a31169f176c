"""A pace that many processes share: each borrows a tenth of a second of it at a time. Pure. Called by ``pool``.

The whole is kept in the database, as the same facts that one process alone keeps in memory. What a process borrows and
does not use in time goes back; what a dead one had is worth no more than that. Stock and loans are each a tenth of a
second, so in ten seconds all together are at most two hundredths above what was set.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from math import ceil
from typing import Any, NamedTuple

from syndicate.delivery.pace import Pace
from syndicate.settings import Rate, WarmUp

STOCK = 0.1
"""Seconds' worth of a rate that may be made up for, and that one loan is for."""

LASTS = timedelta(seconds=STOCK)
SOON = 0.02
"""Seconds after which who waits for a loan looks again."""

_WITHOUT_RATE = 50
"""Messages in one loan where only hours or days are limited."""

News = Callable[[Pace, datetime, int], object]
"""What a server said, to be done to the whole: now, and how many processes send."""


class Ask(NamedTuple):
    """What one process wants of a pace: ``back`` were lent and did not go, ``news`` is for all, and more if it must."""

    back: int
    news: tuple[News, ...]
    more: bool

    @property
    def is_empty(self) -> bool:
        """Whether it wants nothing."""
        return not (self.more or self.news or self.back)


class Answer(NamedTuple):
    """How things stand for all: so many are lent; more will be there after ``wait`` seconds."""

    facts: Mapping[str, Any]
    lent: int
    wait: float


def settle(whole: Pace, ask: Ask, now: datetime, processes: int) -> Answer:
    """Does to the whole what a process asks for."""
    whole.put_back(ask.back)
    for one in ask.news:
        one(whole, now, processes)
    lent, size = 0, ceil(whole.rate * STOCK) if whole.rate else _WITHOUT_RATE
    while ask.more and lent < size and whole.wait(now) <= 0:
        whole.take(now)
        lent += 1
    return Answer(whole.facts(), lent, whole.wait(now))


class Borrowed(Pace):
    """One process's part of it. What a server says counts here at once, and for the others when it was told."""

    def __init__(self, rates: Sequence[Rate], warm_up: WarmUp | None, now: datetime) -> None:
        super().__init__(rates, warm_up, now, stock=STOCK)
        self.rates, self.warm_up = rates, warm_up
        self._left = 0
        self._until = self._again = now
        self._news: tuple[News, ...] = ()
        self._is_wanted = False

    def wait(self, now: datetime) -> float:
        """Seconds until the next message may go; who may not go now has a loan asked for."""
        if self.blocked_until is not None and now < self.blocked_until:
            return (self.blocked_until - now).total_seconds()
        if not self.is_set or (self._left > 0 and now < self._until):
            return 0.0
        self._is_wanted = True
        return max(SOON, (self._again - now).total_seconds())

    def take(self, _: datetime, /) -> None:
        """One message goes."""
        self._left = max(0, self._left - 1)

    def lower(self, now: datetime, measured: float, words: str) -> None:
        """The server says *too fast*; the others send as fast as this one, more or less."""
        super().lower(now, measured, words)
        self._left = 0
        self._news += (lambda whole, at, processes: whole.lower(at, measured * processes, words),)

    def block(self, now: datetime, words: str) -> datetime:
        """The server refuses all that anybody sends."""
        self._left = 0
        self._news += (lambda whole, at, _: whole.block(at, words),)
        return super().block(now, words)

    def accepted(self) -> None:
        """The server took one: what blocked all is over."""
        if self._blocks:
            self._news += (lambda whole, _, __: whole.accepted(),)
        super().accepted()

    def ask(self, now: datetime) -> Ask:
        """What is to be settled now."""
        expired = self._left if now >= self._until else 0
        more = self._is_wanted and now >= self._again and not (self._left and not expired)
        self._left -= expired
        ask, self._news = Ask(expired, self._news, more), ()
        return ask

    def unheard(self, ask: Ask) -> None:
        """It could not be settled: what servers said is said again."""
        self._news = ask.news + self._news

    def hear(self, answer: Answer, now: datetime) -> None:
        """Goes on with what the answer says."""
        self.overhear(answer.facts)
        self._left += answer.lent
        self._until = now + LASTS
        self._again = now + timedelta(seconds=answer.wait)
        if answer.lent:
            self._is_wanted = False

    def overhear(self, facts: Mapping[str, Any]) -> None:
        """What others have settled counts here too, unless there is something to tell first."""
        if not self._news:
            self.remember(facts)

    def forget(self, now: datetime) -> None:
        """Nothing is known of it any more: an operator wants it to begin anew, or nobody had anything to tell yet."""
        if self.is_remarkable:
            self.overhear(Pace(self.rates, self.warm_up, now, stock=STOCK).facts())

    def leave(self) -> Ask:
        """The process ends: what it has goes back."""
        ask, self._left, self._news = Ask(self._left, self._news, more=False), 0, ()
        return ask
