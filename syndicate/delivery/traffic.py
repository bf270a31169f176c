"""What is known of recipient domains while mail goes out: who is busy, slow, paced or blocked. Called by ``due``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from syndicate.delivery.outcome import Broken, Reply, Verdict
from syndicate.delivery.pace import NewPace, own_pace
from syndicate.delivery.pace import Pace as PaceState
from syndicate.settings import Pace
from syndicate.store.paces import PaceRow

_SLOW = 0.2
_TIMES = 10
"""A domain about which an answer takes longer than this many seconds, and so many times longer than usual, is slow."""

PATIENCE = timedelta(seconds=60)
"""A run waits for a pace that lets the next message go within this; beyond, the next run goes on."""

_UNWELCOME = 3
"""So many refusals for policy in a row, and none accepted between, are about us and not about the readers."""

log = structlog.get_logger()


@dataclass(slots=True)
class _Domain:
    pace: PaceState
    width: int | None = None
    seconds: float = 1.0
    unwelcome: int = 0
    departs: datetime | None = None


@dataclass(slots=True)
class Traffic:
    """One run's knowledge of all domains. Most are never noticed: little is kept about them."""

    settings: Pace
    clock: Callable[[], datetime]
    known: Iterable[PaceRow] = ()
    new_pace: NewPace = own_pace
    _heard: set[str] = field(default_factory=set)
    _busy: dict[str, int] = field(default_factory=dict)
    _sent: dict[str, int] = field(default_factory=dict)
    _noticed: dict[str, _Domain] = field(default_factory=dict)
    _usual: float = 0.0
    _began: datetime = field(init=False)

    def __post_init__(self) -> None:
        self._began = self.clock()
        for row in self.known:
            self.learn(row)
        for name in self.settings.__pydantic_extra__ or {}:
            self._notice(name)

    def learn(self, row: PaceRow) -> None:
        """Takes over what was found out about a domain."""
        if row.kind == "domain":
            self._notice(row.name).pace.remember(row.facts)

    def may_go(self, domain: str) -> bool:
        """Whether one more message may go to that domain now. Until it was heard of, it gets one at a time."""
        busy = self._busy.get(domain, 0)
        noticed = self._noticed.get(domain)
        if busy and domain not in self._heard:
            return False
        if noticed is None:
            return busy < self.settings.connections
        width = min(self.settings.connections, noticed.width or self.settings.connections)
        return busy < width and noticed.pace.wait(self.clock()) <= 0

    def go(self, domain: str) -> None:
        """One message goes."""
        self._busy[domain] = self._busy.get(domain, 0) + 1
        if noticed := self._noticed.get(domain):
            noticed.pace.take(self.clock())

    def back(self, domain: str) -> None:
        """One that went is not under way any more."""
        self._busy[domain] -= 1

    def answered(self, domain: str, answer: Reply | Broken) -> bool:
        """Learns from an answer; true when the domain is blocked from now on."""
        verdict = answer.verdict if isinstance(answer, Reply) else Verdict.LATER
        if verdict is Verdict.ACCEPTED:
            self._sent[domain] = self._sent.get(domain, 0) + 1
            if noticed := self._noticed.get(domain):
                noticed.pace.accepted()
                noticed.unwelcome = 0
            return False
        if verdict is Verdict.TOO_FAST:
            seconds = max(1.0, (self.clock() - self._began).total_seconds())
            self._notice(domain).pace.lower(self.clock(), max(1.0, self._sent.get(domain, 0)) / seconds, str(answer))
        elif verdict in (Verdict.BLOCKED, Verdict.UNWELCOME):
            noticed = self._notice(domain)
            noticed.unwelcome += 1
            if verdict is Verdict.BLOCKED or noticed.unwelcome >= _UNWELCOME:
                until = noticed.pace.block(self.clock(), str(answer))
                log.error(
                    "a domain refuses our mail; it gets none for now",
                    domain=domain,
                    until=until.isoformat(),
                    said=str(answer),
                )
                return True
        return False

    def is_slow(self, domain: str) -> None:
        """An answer about that domain takes long: one connection at a time from now on."""
        noticed = self._notice(domain)
        if noticed.width is None:
            log.warning("a domain is slow to answer; it gets one connection at a time", domain=domain)
            noticed.width = 1

    @property
    def slow(self) -> float:
        """Seconds from which on an answer takes long."""
        return max(_SLOW, _TIMES * self._usual)

    def waited(self, domain: str, seconds: float) -> None:
        """An answer about it came after ``seconds``; a slow domain that is quick now gets one connection more."""
        slow = self.slow
        self._usual += (min(seconds, slow) - self._usual) / 64
        self._heard.add(domain)
        noticed = self._noticed.get(domain)
        if noticed and noticed.width is not None:
            noticed.seconds += (seconds - noticed.seconds) / 4
            if seconds < slow / 2:
                noticed.width = noticed.width + 1 if noticed.width < self.settings.connections else None

    def is_noticed(self, domain: str) -> bool:
        """Whether it may have to wait longer than others."""
        return domain in self._noticed

    def is_stopped(self, domain: str) -> bool:
        """Whether nothing can go to a domain that was noticed for longer than a run waits."""
        return self._noticed[domain].pace.wait(self.clock()) > PATIENCE.total_seconds()

    def departure(self, domain: str) -> datetime:
        """When one more of a domain's waiting messages can go, at the speed that it has now."""
        noticed, now = self._noticed[domain], self.clock()
        if noticed.pace.blocked_until is not None and noticed.pace.blocked_until > now:
            return noticed.pace.blocked_until
        rate = noticed.pace.rate or 1.0
        if noticed.width is not None:
            rate = min(rate, noticed.width / max(_SLOW, noticed.seconds))
        first = now + timedelta(seconds=max(5.0, noticed.pace.wait(now)))
        noticed.departs = max(first, (noticed.departs or first) + timedelta(seconds=1 / rate))
        noticed.departs = min(noticed.departs, now + timedelta(hours=4))
        return noticed.departs

    def rows(self) -> list[PaceRow]:
        """What must outlive the process."""
        return [PaceRow("domain", name, one.pace.facts()) for name, one in self._noticed.items() if _matters(one.pace)]

    def _notice(self, domain: str) -> _Domain:
        noticed = self._noticed.get(domain)
        if noticed is None:
            rate = self.settings.rate(domain)
            noticed = self._noticed[domain] = _Domain(
                self.new_pace("domain", domain, [rate] if rate else [], None, self.clock())
            )
        return noticed


def _matters(pace: PaceState) -> bool:
    return pace.is_remarkable or pace.rate is not None
