"""Sends what is due: claims deliveries, hands them to the relay over several connections, keeps the ledger.

Called by the jobs. One delivery goes *queued → begun → what the relay said*; each step is durable before the next.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog

from syndicate.delivery.ledger import Ledger
from syndicate.delivery.letter import message_id, write_letter
from syndicate.delivery.outcome import FIRST_WAIT, Broken, Outcome, Reply, outcome
from syndicate.delivery.owner import is_dead
from syndicate.delivery.relay import RelayConnection
from syndicate.errors import HeaderError, RelayError
from syndicate.model import Delivery, DeliveryState, Digest, DigestState, Parts, Subscriber
from syndicate.render.links import Links
from syndicate.settings import Newsletter, Settings
from syndicate.store import Store, deliveries, digests
from syndicate.store.deliveries import Attempt

BATCH = 200
"""Deliveries leased at a time: small beside a digest, large beside the connections."""

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


class _Frozen:
    """The digests and variants that deliveries at hand belong to, each read once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._digests: dict[int, Digest] = {}
        self._parts: dict[int, Parts] = {}

    def load(self, batch: Iterable[Delivery]) -> None:
        for digest_id in {delivery.digest_id for delivery in batch} - self._digests.keys():
            with self._store.read() as connection:
                self._digests[digest_id] = digests.get(connection, digest_id)
                for variant in digests.variants_of(connection, digest_id):
                    self._parts[variant.id] = variant.parts

    def of(self, delivery: Delivery) -> tuple[Digest, Parts]:
        return self._digests[delivery.digest_id], self._parts[delivery.variant_id]


class Sending:
    """One run over everything that is due. ``stop`` may be set at any time: what is in flight is finished."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        links: Links,
        *,
        clock: Callable[[], datetime],
        stop: asyncio.Event,
        progress: Callable[[Sent], None] = lambda _: None,
    ) -> None:
        self._settings, self._store, self._links = settings, store, links
        self._clock, self._stop, self._progress = clock, stop, progress
        self._frozen = _Frozen(store)
        self._sent = Sent()
        self._breaks = 0
        self._failed = False

    async def run(self, digest_id: int | None = None) -> Sent:
        """Sends all that is due, of one digest or of all. A relay's failure is in ``Sent.error``.

        :raises StoreError: when the ledger can't be written; nothing unrecorded went out.
        """
        await asyncio.to_thread(self._recover)
        async with Ledger(self._store, self._clock) as ledger:
            while not self._ending and (batch := await ledger.claim(BATCH, digest_id)):
                await self._send_batch(ledger, batch)
        self._sent.finished = await asyncio.to_thread(self._finish)
        return self._sent

    @property
    def _ending(self) -> bool:
        return self._failed or self._stop.is_set() or self._sent.error is not None

    async def _send_batch(self, ledger: Ledger, batch: list[Delivery]) -> None:
        await asyncio.to_thread(self._frozen.load, batch)
        waiting = deque(batch)
        width = min(self._settings.smtp.connections, len(batch))
        workers = [asyncio.create_task(self._work(ledger, waiting)) for _ in range(width)]
        try:
            await asyncio.gather(*workers)
        except BaseException:
            self._failed = True
            await asyncio.gather(*workers, return_exceptions=True)
            raise

    async def _work(self, ledger: Ledger, waiting: deque[Delivery]) -> None:
        """One connection at a time, replaced when it breaks, until nothing waits."""
        while waiting and not self._ending:
            try:
                async with RelayConnection(self._settings.smtp) as connection:
                    while waiting and connection.is_open and not self._ending:
                        await self._deliver(ledger, connection, waiting)
            except ConnectionError as error:
                self._breaks += 1
                if self._breaks >= _BREAKS:
                    self._fail(RelayError(str(self._settings.smtp.relay), str(error)))
            except RelayError as error:
                self._fail(error)

    def _fail(self, error: RelayError) -> None:
        if self._sent.error is None:
            self._sent.error = error
            log.warning("sending stopped, nothing is lost", reason=str(error))

    async def _deliver(self, ledger: Ledger, connection: RelayConnection, waiting: deque[Delivery]) -> None:
        delivery = waiting.popleft()
        digest, parts = self._frozen.of(delivery)
        newsletter = self._settings.newsletter(digest.newsletter)
        if newsletter is None:
            log.warning("newsletter is not in the settings any more", newsletter=digest.newsletter, digest=digest.id)
            return
        if not await ledger.begin(delivery.id):
            return
        began_at = self._clock()
        try:
            answer = await self._hand_over(connection, newsletter, digest, parts, delivery)
        except ConnectionError:
            await ledger.undo(delivery.id, next_at=self._clock() + FIRST_WAIT)
            raise
        if isinstance(answer, Reply) and answer.is_about_us:
            await ledger.undo(delivery.id, next_at=began_at)
            raise RelayError(str(connection.relay), f"refuses us at {answer.verb}", str(answer))
        self._breaks = 0
        ended_at = self._clock()
        became = self._outcome(answer, newsletter, digest, delivery, ended_at)
        code = answer.code if isinstance(answer, Reply) else None
        await ledger.record(Attempt(delivery.id, began_at, ended_at, became.state, became.next_at, code, str(answer)))
        self._sent.count(became.state)
        self._progress(self._sent)

    async def _hand_over(
        self, connection: RelayConnection, newsletter: Newsletter, digest: Digest, parts: Parts, delivery: Delivery
    ) -> Reply | Broken:
        try:
            letter = write_letter(
                newsletter,
                self._links,
                parts,
                delivery.subscriber,
                subscription_id=delivery.subscription_id,
                message_id=message_id(digest, delivery.subscription_id, newsletter.domain),
                sending=str(digest.id),
                date=digest.composed_at,
            )
        except HeaderError as error:
            return Reply("message", 553, f"not handed over: {error}")
        return await connection.send(newsletter.address, delivery.subscriber.email, letter)

    def _outcome(
        self, answer: Reply | Broken, newsletter: Newsletter, digest: Digest, delivery: Delivery, now: datetime
    ) -> Outcome:
        return outcome(
            answer,
            attempts=delivery.attempts,
            planned_at=digest.composed_at,
            now=now,
            chance=random.random(),  # noqa: S311 - jitter
            resend=newsletter.uncertain == "resend",
        )

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
            done = deliveries.finished(connection)
            for digest_id in done:
                digests.set_state(connection, digest_id, DigestState.SENT, now=self._clock())
        return done


async def send_copy(
    settings: Settings, links: Links, newsletter: Newsletter, parts: Parts, email: str, *, now: datetime
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
    async with RelayConnection(settings.smtp) as connection:
        try:
            return await connection.send(newsletter.address, email, letter)
        except ConnectionError as error:
            raise RelayError(str(settings.smtp.relay), str(error)) from None
