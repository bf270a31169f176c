"""What goes over one connection: envelope, *begun*, content, answer, and again. Called by ``send``.

A message's content and the next message's envelope go out together. Before them, one commit makes durable what became
of the message before, and that this one is begun; so a crash repeats at most the one message that was in flight.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from syndicate.delivery.dkim import Signer
from syndicate.delivery.due import Due, DueQueue
from syndicate.delivery.ledger import Ledger
from syndicate.delivery.letter import message_id
from syndicate.delivery.outcome import Broken, Reply, outcome
from syndicate.delivery.smtp import Envelope, MessagePath
from syndicate.errors import HeaderError, RelayError
from syndicate.model import DeliveryState
from syndicate.store.deliveries import Attempt


@dataclass(frozen=True, slots=True)
class _Letter:
    due: Due
    envelope: Envelope
    content: bytes


class Conversation:
    """One connection's work, until nothing is due, the relay ends it, or ``is_ending`` says so."""

    def __init__(
        self,
        queue: DueQueue,
        ledger: Ledger,
        path: MessagePath,
        signer: Signer,
        *,
        relay: str,
        clock: Callable[[], datetime],
        is_ending: Callable[[], bool],
        on_outcome: Callable[[DeliveryState], None],
    ) -> None:
        self._queue, self._ledger, self._path = queue, ledger, path
        self._signer = signer
        self._relay = relay
        self._clock, self._is_ending, self._on_outcome = clock, is_ending, on_outcome
        self._noted: list[Attempt] = []
        self._carried = 0
        self._began_at = clock()

    async def run(self) -> None:
        """Everything that was answered is recorded when this returns or raises.

        :raises RelayError: when the relay refuses us.
        :raises ConnectionError: when the connection broke before it carried anything.
        :raises StoreError: when the ledger can't be written.
        """
        try:
            await self._converse()
        finally:
            await self._commit()

    async def _converse(self) -> None:
        following = await self._next()
        refusal = await self._open(following) if following else None
        while following:
            letter = following
            if refusal is None:
                if not await self._commit(letter):
                    self._queue.drop(letter.due.digest.id)
                    self._path.close()
                    return
                following = await self._next()
                envelope = following.envelope if following else None
                answer, refusal = await self._path.finish(letter.content, envelope)
                self._note(letter.due, answer)
                self._carried += 1
            elif isinstance(refusal, Broken) or not self._is_about_the_reader(refusal):
                self._queue.put_back(letter.due)
                return
            else:
                self._note(letter.due, refusal)
                following = await self._next()
                refusal = await self._open(following) if following else None

    async def _next(self) -> _Letter | None:
        """The next message that can be written, None when nothing may begin any more."""
        while not self._is_ending() and (due := await self._queue.take()):
            try:
                return await asyncio.to_thread(self._write, due)
            except (HeaderError, ValueError) as error:
                self._note(due, Reply("message", 553, f"not handed over: {error}"))
        return None

    def _write(self, due: Due) -> _Letter:
        delivery, domain = due.delivery, due.newsletter.domain
        message = due.letter.write(
            delivery.subscriber,
            subscription_id=delivery.subscription_id,
            message_id=message_id(due.digest, delivery.subscription_id, domain),
        )
        signature = self._signer.sign(message.header, message.body, domain, self._clock())
        return _Letter(due, Envelope(due.newsletter.address, delivery.subscriber.email), signature + message.whole)

    async def _open(self, letter: _Letter) -> Reply | Broken | None:
        try:
            return await self._path.open(letter.envelope)
        except ConnectionError as error:
            if self._carried:
                return Broken(str(error))
            self._note(letter.due, Broken(str(error)), was_begun=False)
            raise

    def _is_about_the_reader(self, refusal: Reply) -> bool:
        """False: this connection is spent, as with relays that take so many messages on one.

        :raises RelayError: when a connection's first envelope is refused because of us, or the sender for good.
        """
        if not refusal.is_about_us:
            return True
        if self._carried and refusal.code < 500:
            return False
        raise RelayError(self._relay, f"refuses us at {refusal.verb}", str(refusal))

    def _note(self, due: Due, answer: Reply | Broken, *, was_begun: bool = True) -> None:
        """Keeps what became of a delivery for the next commit."""
        now = self._clock()
        became = outcome(
            answer,
            attempts=due.delivery.attempts,
            planned_at=due.digest.composed_at,
            now=now,
            chance=random.random(),  # noqa: S311 - jitter
            resend=not was_begun or due.newsletter.uncertain == "resend",
        )
        code = answer.code if isinstance(answer, Reply) else None
        began_at = min(self._began_at, now)
        self._noted.append(Attempt(due.delivery.id, began_at, now, became.state, became.next_at, code, str(answer)))

    async def _commit(self, beginning: _Letter | None = None) -> bool:
        """Makes durable what was noted, and that ``beginning`` is begun; false: it is not ours to send any more."""
        noted, self._noted = self._noted, []
        if not noted and beginning is None:
            return True
        begun = await self._ledger.step(noted, beginning.due.delivery.id if beginning else None)
        self._began_at = self._clock()
        for attempt in noted:
            self._on_outcome(attempt.state)
        return begun
