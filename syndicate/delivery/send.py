"""Sends what is due: claims deliveries, hands them to the relay over several connections, keeps the ledger.

Called by the jobs. One delivery goes *queued → begun → what the relay said*; each step is durable before the next.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog

from syndicate.delivery.conversation import Conversation
from syndicate.delivery.dkim import Signer
from syndicate.delivery.due import DueQueue
from syndicate.delivery.ledger import Ledger
from syndicate.delivery.letter import write_letter
from syndicate.delivery.outcome import Broken, Reply
from syndicate.delivery.owner import is_dead
from syndicate.delivery.relay import connect
from syndicate.delivery.smtp import Envelope, MessagePath
from syndicate.errors import AddressError, RelayError
from syndicate.model import DeliveryState, DigestState, Parts, Subscriber
from syndicate.render.links import Links
from syndicate.settings import Newsletter, Settings
from syndicate.store import Store, deliveries, digests, standing

_BREAKS = 3
"""Connections in a row that end before they carry anything; then the relay counts as unreachable."""

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
        self._breaks = 0
        self._failed = False

    async def run(self, digest_id: int | None = None) -> Sent:
        """Sends all that is due, of one digest or of all. A relay's failure is in ``Sent.error``.

        :raises StoreError: when the ledger can't be written; nothing unrecorded went out.
        """
        await asyncio.to_thread(self._recover)
        async with Ledger(self._store, self._clock) as ledger:
            queue = DueQueue(self._settings, self._store, self._links, ledger, digest_id)
            width = min(self._settings.smtp.connections, await queue.fill())
            workers = [asyncio.create_task(self._work(ledger, queue)) for _ in range(width)]
            try:
                await asyncio.gather(*workers)
            except BaseException:
                self._failed = True
                await asyncio.gather(*workers, return_exceptions=True)
                raise
        self._sent.finished = await asyncio.to_thread(self._finish)
        return self._sent

    @property
    def _ending(self) -> bool:
        return self._failed or self._stop.is_set() or self._sent.error is not None

    async def _work(self, ledger: Ledger, queue: DueQueue) -> None:
        """One connection at a time, replaced when it ends, until nothing is due."""
        while not self._ending and await queue.fill():
            try:
                async with connect(self._settings.smtp) as path:
                    await self._converse(ledger, queue, path)
            except ConnectionError as error:
                self._breaks += 1
                if self._breaks >= _BREAKS:
                    self._fail(RelayError(str(self._settings.smtp.relay), str(error)))
            except RelayError as error:
                self._fail(error)

    async def _converse(self, ledger: Ledger, queue: DueQueue, path: MessagePath) -> None:
        await Conversation(
            queue,
            ledger,
            path,
            self._signer,
            relay=str(self._settings.smtp.relay),
            clock=self._clock,
            is_ending=lambda: self._ending,
            on_outcome=self._count,
        ).run()

    def _count(self, state: DeliveryState) -> None:
        if state is not DeliveryState.QUEUED:
            self._breaks = 0
        self._sent.count(state)
        self._progress(self._sent)

    def _fail(self, error: RelayError) -> None:
        if self._sent.error is None:
            self._sent.error = error

    def _recover(self) -> None:
        """Takes over what dead processes left: the leased goes back, the begun is *uncertain*, or is sent again."""
        now = self._clock()
        with self._store.write() as connection:
            dead = {owner for owner in deliveries.owners(connection) if is_dead(owner)}
            orphans = [o for o in deliveries.begun(connection) if o.owner in dead or o.lease_until <= datetime.now(UTC)]
            for orphan in orphans:
                newsletter = self._settings.newsletter(orphan.newsletter)
                resend = newsletter is None or newsletter.uncertain == "resend"
                state = DeliveryState.QUEUED if resend else DeliveryState.UNCERTAIN
                deliveries.abandon(connection, [orphan.id], state, now=now)
            for owner in dead:
                deliveries.give_back(connection, owner)
            deliveries.drop_departed(connection, now=now)
        if orphans:
            log.warning("a process died while sending", begun=len(orphans))

    def _finish(self) -> list[int]:
        with self._store.write() as connection:
            done = standing.finished(connection)
            for digest_id in done:
                digests.set_state(connection, digest_id, DigestState.SENT, now=self._clock())
        return done


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
    header, _, body = letter.partition(b"\r\n\r\n")
    signature = signer.sign(header, body, newsletter.domain, now)
    try:
        async with connect(settings.smtp) as path:
            refusal = await path.open(Envelope(newsletter.address, email))
            return refusal or (await path.finish(signature + letter, None))[0]
    except ConnectionError as error:
        raise RelayError(str(settings.smtp.relay), str(error)) from None
    except ValueError as error:
        raise AddressError(email, str(error)) from None
