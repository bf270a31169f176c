"""Sends what is due: claims deliveries, hands them to the relay over several connections, keeps the ledger.

Called by the jobs. One delivery goes *queued → begun → what the relay said*; each step is durable before the next.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from syndicate.delivery.dkim import Signer, body_digest
from syndicate.delivery.due import DueQueue
from syndicate.delivery.envelope import Envelope
from syndicate.delivery.lane import LOOK_SECONDS, Lane
from syndicate.delivery.ledger import Ledger
from syndicate.delivery.letter import write_letter
from syndicate.delivery.outcome import Broken, Reply
from syndicate.delivery.outgoing import Outgoing
from syndicate.delivery.pace import own_pace
from syndicate.delivery.pool import PacePool
from syndicate.delivery.recovery import finish, recover
from syndicate.delivery.relay import connect
from syndicate.delivery.tickets import Source
from syndicate.delivery.traffic import Traffic
from syndicate.errors import RelayError
from syndicate.model import DeliveryState, Parts, Subscriber
from syndicate.render.links import Links
from syndicate.settings import Newsletter, Settings
from syndicate.store import Store, paces
from syndicate.store.paces import PaceRow

_KEEP_EVERY = timedelta(seconds=5)

log = structlog.get_logger()


@dataclass(slots=True)
class Sent:
    """What one run did; ``error`` is why it ended early."""

    accepted: int = 0
    rejected: int = 0
    deferred: int = 0
    uncertain: int = 0
    expired: int = 0
    error: RelayError | None = None
    finished: list[int] = field(default_factory=list)

    def count(self, state: DeliveryState) -> None:
        """Adds one outcome."""
        name = "deferred" if state is DeliveryState.QUEUED else state.value
        setattr(self, name, getattr(self, name) + 1)

    @property
    def tried(self) -> int:
        """How many deliveries were tried."""
        return self.accepted + self.rejected + self.deferred + self.uncertain + self.expired


class Sending:
    """One run over everything that is due. ``stop`` may be set at any time: what is in flight is finished."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        links: Links,
        signer: Signer,
        *,
        clock: Callable[[], datetime],
        stop: asyncio.Event,
        progress: Callable[[Sent], None] = lambda _: None,
    ) -> None:
        self._settings, self._store, self._links, self._signer = settings, store, links, signer
        self._clock, self._stop, self._progress = clock, stop, progress
        self._sent = Sent()
        self._failed = False
        self._stopped_at: float | None = None
        self._pool = PacePool(store, clock) if store.is_shared else None
        self._new_pace = self._pool.pace if self._pool else own_pace
        self._lanes = [
            Lane(relay, clock, is_ending=self._is_ending, new_pace=self._new_pace) for relay in settings.every_relay
        ]
        self._shares = {lane.label: 0 for lane in self._lanes}

    async def run(self, source: Source) -> Sent:
        """Sends what ``source`` allows. A relay's failure is in ``Sent.error``.

        :raises StoreError: when the ledger can't be written; nothing unrecorded went out.
        :raises HeldError: when nothing is sent from this copy.
        """
        known = await asyncio.to_thread(self._begin)
        for lane in self._lanes:
            for row in known:
                if (row.kind, row.name) == ("relay", lane.label):
                    lane.remember(row.facts, alone=len(self._lanes) == 1)
                    if self._pool:
                        self._pool.knew(row)
        async with Ledger(self._store, self._is_ending) as ledger, self._pool or nullcontext():
            traffic = Traffic(self._settings.pace, self._clock, known, self._new_pace)
            queue = DueQueue(
                self._settings,
                self._links,
                ledger,
                traffic,
                clock=self._clock,
                share=self._share,
                source=source,
            )
            if self._pool:
                self._pool.changed, self._pool.learnt = queue.recall, traffic.learn
            outgoing = Outgoing(queue, ledger, traffic, self._signer, clock=self._clock, on_outcome=self._count)
            try:
                await self._send(outgoing)
            except BaseException:
                self._failed = True
                await asyncio.gather(*self._workers(), return_exceptions=True)
                raise
            finally:
                await outgoing.close()
                for lane in self._lanes:
                    lane.tell()
            await self._keep(outgoing)
        self._sent.finished = await asyncio.to_thread(finish, self._store, now=self._clock())
        return self._sent

    async def _send(self, outgoing: Outgoing) -> None:
        """Keeps every lane at work until none has anything to do, and looks at what waits meanwhile."""
        kept = self._clock()
        for lane in self._lanes:
            await outgoing.queue.fill(lane.label)
        while workers := await self._set_to_work(outgoing):
            await asyncio.wait(workers, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            outgoing.queue.recall()
            await outgoing.queue.settle()
            for lane in self._lanes:
                await lane.look(outgoing)
            if abs(self._clock() - kept) > _KEEP_EVERY:
                kept = self._clock()
                await self._keep(outgoing)

    async def _set_to_work(self, outgoing: Outgoing) -> list[asyncio.Task[None]]:
        """Has every lane do what it can; returns those who work. Raises what made one of them fail."""
        crash = next((lane.crash for lane in self._lanes if lane.crash), self._pool.crash if self._pool else None)
        if crash:
            raise crash
        now = asyncio.get_running_loop().time()
        if self._stop.is_set():
            self._stopped_at = self._stopped_at or now
            for lane in self._lanes:
                lane.hasten(now - self._stopped_at)
        for lane in self._lanes:
            if lane.is_resting:
                await outgoing.queue.move(lane.label)
        for lane in self._lanes:
            lane.open(outgoing)
        return self._workers()

    def _workers(self) -> list[asyncio.Task[None]]:
        return [worker for lane in self._lanes for worker in lane.workers]

    def _is_ending(self) -> bool:
        return self._failed or self._stop.is_set()

    def _share(self, newsletter: Newsletter) -> str | None:
        """The relay that this newsletter's next mail goes to, by weight (smooth weighted round robin)."""
        named = [lane for lane in self._lanes if lane.label == newsletter.relay]
        lanes = [lane for lane in named or self._lanes if not lane.is_resting and (named or lane.relay.weight)]
        if not lanes:
            failed = next((lane.error for lane in named or self._lanes if lane.error), None)
            self._sent.error = self._sent.error or failed
            return None
        if len(lanes) == 1:
            return lanes[0].label
        for lane in lanes:
            self._shares[lane.label] += max(1, lane.relay.weight)
        chosen = max(lanes, key=lambda lane: self._shares[lane.label])
        self._shares[chosen.label] -= sum(max(1, lane.relay.weight) for lane in lanes)
        return chosen.label

    def _count(self, state: DeliveryState) -> None:
        self._sent.count(state)
        self._progress(self._sent)

    def _begin(self) -> list[PaceRow]:
        """Takes over what dead processes left; returns what is known of every pace."""
        recover(self._settings, self._store, now=self._clock())
        with self._store.read() as connection:
            return paces.read(connection)

    async def _keep(self, outgoing: Outgoing) -> None:
        """Has written down what must outlive this process, but for what a pool settles with the others anyway."""
        if self._pool:
            for lane in self._lanes:
                self._pool.tell("relay", lane.label, lane.told())
            return
        lanes = [PaceRow("relay", lane.label, lane.facts()) for lane in self._lanes if lane.is_remarkable]
        rows = [*lanes, *outgoing.traffic.rows()]
        await outgoing.ledger.run(lambda connection: paces.save(connection, rows, now=self._clock()))


async def send_copy(
    settings: Settings, links: Links, signer: Signer, newsletter: Newsletter, parts: Parts, email: str, *, now: datetime
) -> Reply | Broken:
    """Sends one test copy outside of the ledger. :raises RelayError: when the relay can't be used."""
    copy = f"<test.{int(now.timestamp() * 1000)}@{newsletter.domain}>"
    letter = write_letter(
        newsletter,
        links,
        parts,
        Subscriber(id=0, email=email),
        subscription_id=0,
        message_id=copy,
        sending="test",
        date=now,
    )
    relay = next((one for one in settings.every_relay if one.label == newsletter.relay), settings.smtp)
    header, _, body = letter.partition(b"\r\n\r\n")
    signature = signer.sign(header, body_digest(body), newsletter.domain, now)
    try:
        async with connect(relay) as path:
            envelope = Envelope(newsletter.address, email, len(signature) + len(letter)).commands(path.abilities)
            if refusal := await path.open(envelope):
                return refusal
            return await path.finish(signature + letter, None)
    except ConnectionError as error:
        raise RelayError(str(relay.relay), str(error)) from None
