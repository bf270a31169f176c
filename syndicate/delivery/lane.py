"""One relay's connections during a run: opened on demand, replaced when they end, left alone when the relay fails.

Called by ``send``. A connection that waits long for an answer about one domain does not count: another takes its place.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog

from syndicate import metrics
from syndicate.delivery.conversation import Conversation
from syndicate.delivery.outgoing import Outgoing
from syndicate.delivery.pace import NewPace, own_pace
from syndicate.delivery.relay import connect
from syndicate.delivery.traffic import PATIENCE
from syndicate.errors import OfferError, RelayError
from syndicate.settings import Smtp

_BREAKS = 3
"""Connections in a row that end before they carry anything; then the relay counts as unreachable."""

_FIRST_REST = timedelta(seconds=5)
_LONGEST_REST = timedelta(minutes=10)
_PROMPT = 1.0
_LAST = 6.0
_SHAKEN = timedelta(days=1)
_IDLE = timedelta(seconds=20)
LOOK_SECONDS = 0.1
"""How often what waits is looked at."""

log = structlog.get_logger()


class Lane:
    """One relay. ``error`` is why it is left alone; nobody's delivery changes because of it."""

    def __init__(
        self, relay: Smtp, clock: Callable[[], datetime], *, is_ending: Callable[[], bool], new_pace: NewPace = own_pace
    ) -> None:
        self.relay, self.label = relay, relay.label
        self.pace = new_pace("relay", relay.label, relay.rate, relay.warm_up, clock())
        self.error: RelayError | None = None
        self.resting_until: datetime | None = None
        self._failed_at: datetime | None = None
        self._failures = self._breaks = 0
        self._plain = self._was_remarkable = False
        self._surplus = self._hopeless = 0
        self._shaken_at: datetime | None = None
        self.crash: BaseException | None = None
        self._clock, self._is_ending = clock, is_ending
        self._workers: set[asyncio.Task[None]] = set()
        self._conversations: set[Conversation] = set()
        self._connecting: set[asyncio.Task[None]] = set()
        self._open, self._busy = (metrics.RELAY_CONNECTIONS.labels(self.label, one) for one in ("open", "busy"))
        metrics.RELAY_FAILURES.labels(self.label)

    @property
    def is_resting(self) -> bool:
        """Whether it failed, and its time has not come again."""
        return self.resting_until is not None and self._clock() < self.resting_until

    def open(self, outgoing: Outgoing) -> None:
        """Sets to work as many as there is work for: one only, when it must be seen whether the relay is back."""
        at_hand = outgoing.queue.at_hand(self.label)
        if self._stops() or at_hand <= self._hopeless or self.pace.wait(self._clock()) > PATIENCE.total_seconds():
            return
        for _ in range(min(self._width(outgoing) - len(self._workers), at_hand)):
            worker = asyncio.create_task(self._work(outgoing))
            self._workers.add(worker)
            worker.add_done_callback(self._ended)

    async def look(self, outgoing: Outgoing) -> None:
        """Notices who waits long: their domains are slow, unless all are, for then the relay is.

        What they have noted need not wait with them.
        """
        waiting = self._waiting(outgoing)
        if 2 * len(waiting) <= self.relay.connections or len({one.domain for one in waiting}) == 1:
            for one in waiting:
                outgoing.traffic.is_slow(one.domain)
        for one in waiting:
            await one.flush()
        self._surplus = max(0, len(self._workers) - self._width(outgoing))
        self.tell()

    def tell(self) -> None:
        """Says for the metrics how many connections there are."""
        self._open.set(len(self._workers) - len(self._connecting))
        self._busy.set(len(self._conversations))

    def hasten(self, seconds: float) -> None:
        """The run is to end, for ``seconds``: who waits for what can't be uncertain stops, and later everyone does."""
        if seconds < _PROMPT:
            return
        for one in tuple(self._conversations):
            if seconds > _LAST or not one.is_handing_over:
                one.hang_up()
        for worker in tuple(self._connecting):
            worker.cancel()

    @property
    def workers(self) -> frozenset[asyncio.Task[None]]:
        """One task for each connection."""
        return frozenset(self._workers)

    @property
    def is_remarkable(self) -> bool:
        """Whether there is anything that must outlive the process."""
        return (
            self.pace.is_set
            or self.pace.is_remarkable
            or self.error is not None
            or self._shaken_at is not None
            or self._was_remarkable
        )

    def facts(self) -> dict[str, Any]:
        """What must outlive the process, for JSON."""
        return self.pace.facts() | self.told()

    def told(self) -> dict[str, Any]:
        """What of it is not its pace."""
        instants = {
            "resting_until": self.resting_until,
            "shaken_at": self._shaken_at,
            "failed_at": self._failed_at,
        }
        told = {name: at.isoformat() if at else None for name, at in instants.items()}
        return told | {"error": str(self.error) if self.error else ""}

    def remember(self, facts: Mapping[str, Any], *, alone: bool) -> None:
        """Goes on where ``facts`` were taken; a relay that is ``alone`` is tried at once."""
        self.pace.remember(facts)
        self._was_remarkable = True
        if facts.get("shaken_at"):
            self._shaken_at = datetime.fromisoformat(facts["shaken_at"])
        if facts.get("resting_until") and not alone:
            self.resting_until, self._failures = datetime.fromisoformat(facts["resting_until"]), 1
            self.error = RelayError(str(self.relay.relay), "failed before", facts["error"])

    async def _work(self, outgoing: Outgoing) -> None:
        """One connection at a time, replaced when it ends, until nothing may go over it."""
        while not self._stops() and await self._may_go(outgoing, PATIENCE):
            self._connecting.add(_me())
            try:
                async with connect(self.relay, plain=self._plain) as path:
                    conversation = Conversation(
                        outgoing, path, self.relay, self.pace, window=self._window(), is_ending=self._must_end
                    )
                    while await self._converse(conversation) and await self._may_go(outgoing, _IDLE):
                        ...
            except OfferError as error:
                log.warning("the relay does not do what it offers; going on without", relay=self.label, said=str(error))
                self._plain = True
            except ConnectionError as error:
                self._plain = not self._plain
                self._breaks += 1
                if self._breaks >= _BREAKS:
                    self._fail(RelayError(str(self.relay.relay), str(error)))
                await asyncio.sleep(random.random() * 0.05 * 2**self._breaks)  # noqa: S311 - jitter
            except RelayError as error:
                self._fail(error)
            finally:
                self._connecting.discard(_me())

    async def _converse(self, conversation: Conversation) -> bool:
        """Carries what can be carried now; whether the connection can carry more."""
        self._conversations.add(conversation)
        self._connecting.discard(_me())
        try:
            await conversation.run()
        finally:
            self._conversations.discard(conversation)
            if conversation.lost_chunks:
                self._shaken_at = self._clock()
            if conversation.carried:
                self._breaks = self._failures = 0
                self.error = self.resting_until = self._failed_at = None
        return conversation.can_go_on

    async def _may_go(self, outgoing: Outgoing, patience: timedelta) -> bool:
        """Waits until something may go over this relay; false when nothing will within ``patience``."""
        queue, began = outgoing.queue, asyncio.get_running_loop().time()
        while not self._must_end():
            pause = self.pace.wait(self._clock())
            at_hand = await queue.fill(self.label) if pause <= 0 else queue.at_hand(self.label)
            if at_hand and pause <= 0 and queue.could_go(self.label):
                return True
            soon = self._clock() + PATIENCE
            if pause > PATIENCE.total_seconds() or (not at_hand and not (queue.departs and queue.departs < soon)):
                return False
            if asyncio.get_running_loop().time() - began > patience.total_seconds():
                self._hopeless = at_hand if patience >= PATIENCE else 0
                return False
            await queue.news(min(max(pause, 0.005), LOOK_SECONDS))
        return False

    def _ended(self, worker: asyncio.Task[None]) -> None:
        self._workers.discard(worker)
        if not worker.cancelled() and (error := worker.exception()):
            self.crash = self.crash or error

    def _waiting(self, outgoing: Outgoing) -> list[Conversation]:
        """Those that wait long for an answer."""
        since = asyncio.get_running_loop().time() - outgoing.traffic.slow
        return [one for one in self._conversations if one.waiting_since is not None and one.waiting_since < since]

    def _width(self, outgoing: Outgoing) -> int:
        stuck = len(self._waiting(outgoing))
        return 1 if self._failures else self.relay.connections + min(stuck, self.relay.connections)

    def _window(self) -> int:
        """One message at a time for a day after the connection was lost with several under way."""
        shaken = self._shaken_at is not None and self._clock() - self._shaken_at < _SHAKEN
        return 1 if shaken else self.relay.window

    def _stops(self) -> bool:
        return self._is_ending() or self.is_resting

    def _must_end(self) -> bool:
        if self._surplus:
            self._surplus -= 1
            return True
        return self._stops()

    def _fail(self, error: RelayError) -> None:
        if self.is_resting:
            return
        self.error, self._failed_at = error, self._clock()
        self._failures += 1
        metrics.RELAY_FAILURES.labels(self.label).inc()
        rest = min(_LONGEST_REST, _FIRST_REST * (1 << min(self._failures - 1, 12)))
        self.resting_until = self._clock() + rest * (0.5 + random.random())  # noqa: S311 - jitter
        log.info(
            "the relay is left alone for now", relay=self.label, until=self.resting_until.isoformat(), reason=str(error)
        )


def _me() -> asyncio.Task[None]:
    task: asyncio.Task[None] | None = asyncio.current_task()
    assert task is not None
    return task
