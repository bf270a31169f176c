"""What is about to go out, written and signed, and what became of it. Called by ``conversation``."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Generator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

import structlog

from syndicate import metrics
from syndicate.delivery.dkim import Signer
from syndicate.delivery.due import Due, DueQueue
from syndicate.delivery.envelope import Abilities, Commands, Envelope
from syndicate.delivery.ledger import Ledger
from syndicate.delivery.outcome import Broken, Reply, Verdict, outcome
from syndicate.delivery.signing import Signing
from syndicate.delivery.traffic import Traffic
from syndicate.errors import AddressError, HeaderError
from syndicate.model import DeliveryState
from syndicate.settings import Smtp
from syndicate.store.attempts import Attempt, Begin
from syndicate.store.providers import provider_of

_OUTCOMES = {one: "deferred" if one is DeliveryState.QUEUED else one.value for one in DeliveryState}

log = structlog.get_logger()


class Ready(NamedTuple):
    """A message that can go: what opens it, its octets, and its content, which may still be being signed."""

    due: Due
    envelope: Commands
    size: int
    content: Awaitable[bytes]


class _AtHand:
    """Content that need not be waited for; a future would cost as much as all that it is made of."""

    __slots__ = ("_content",)

    def __init__(self, content: bytes) -> None:
        self._content = content

    def __await__(self) -> Generator[None, None, bytes]:
        return self._content
        yield


@dataclass(slots=True)
class Noted:
    """What one connection has to tell the ledger."""

    attempts: list[Attempt] = field(default_factory=list)
    dues: list[Due] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    undone: list[Due] = field(default_factory=list)


class Outgoing:
    """What all connections of a run work from: writes messages, and notes what was said to them."""

    def __init__(
        self,
        queue: DueQueue,
        ledger: Ledger,
        traffic: Traffic,
        signer: Signer,
        *,
        clock: Callable[[], datetime],
        on_outcome: Callable[[DeliveryState], None],
    ) -> None:
        self.queue, self.ledger, self.traffic, self.clock = queue, ledger, traffic, clock
        self._signer, self._on_outcome = signer, on_outcome
        self._signing = Signing(ledger.hurry) if signer.signs else None
        if self._signing:
            ledger.is_more_coming = self._signing.is_busy
        self._began, self._accepted = clock(), 0
        self._stopping: set[asyncio.Task[None]] = set()

    async def next(self, relay: Smtp, abilities: Abilities, noted: Noted) -> Ready | None:
        """The next message that may go over that relay now and can be written; None when there is none."""
        label = relay.label
        while (due := self.queue.take(label)) or (await self.queue.fill(label) and (due := self.queue.take(label))):
            try:
                return self._write(due, relay, abilities)
            except (HeaderError, AddressError) as error:
                self.note(noted, due, label, Reply("message", 553, f"not handed over: {error}"), self.clock())
        return None

    def _write(self, due: Due, relay: Smtp, abilities: Abilities) -> Ready:
        delivery, domain = due.delivery, due.letter.domain
        identity = due.letter.message_id(due.digest.id, delivery.subscription_id)
        message = due.letter.write(delivery.subscriber, subscription_id=delivery.subscription_id, message_id=identity)
        size = message.size
        if self._signing is None:
            content: Awaitable[bytes] = _AtHand(message.whole)
        else:
            draft = self._signer.draft(message.header, domain, self.clock())
            size += draft.size
            content = self._signing.sign(draft, message)
        reports = identity if relay.dsn else ""
        envelope = Envelope(due.letter.return_path(delivery.id), delivery.subscriber.email, size, reports)
        return Ready(due, envelope.commands(abilities), size, content)

    def note(
        self, noted: Noted, due: Due, relay: str, answer: Reply | Broken, began_at: datetime, *, was_begun: bool = True
    ) -> None:
        """Keeps what became of a delivery, for the next commit, and learns from it about its domain."""
        attempt = self.attempt(due, relay, answer, began_at, was_begun=was_begun)
        delivery = due.delivery
        noted.attempts.append(attempt)
        noted.dues.append(due)
        if attempt.state is DeliveryState.ACCEPTED:
            self._accepted += 1
        elif isinstance(answer, Reply) and answer.verdict is Verdict.GONE:
            noted.gone.append(delivery.subscriber.email)
        if self.traffic.answered(delivery.domain, answer):
            stopping = asyncio.ensure_future(self.queue.stop(delivery.domain))
            self._stopping.add(stopping)
            stopping.add_done_callback(self._stopping.discard)
        self.queue.done(due)

    def attempt(
        self, due: Due, relay: str, answer: Reply | Broken, began_at: datetime, *, was_begun: bool = True
    ) -> Attempt:
        """What an answer makes of a delivery."""
        now, delivery = self.clock(), due.delivery
        became = outcome(
            answer,
            attempts=delivery.attempts,
            planned_at=delivery.planned_at,
            give_up_after=due.newsletter.give_up_after,
            now=now,
            chance=random.random(),  # noqa: S311 - jitter
            resend=not was_begun or due.newsletter.uncertain == "resend",
        )
        code = answer.code if isinstance(answer, Reply) else None
        return Attempt(
            delivery.id,
            delivery.attempts + 1,
            min(began_at, now),
            now,
            became.state,
            became.next_at,
            code,
            relay,
            str(answer),
            delivery.sender_id,
        )

    async def commit(self, noted: Noted, relay: str, beginning: Sequence[Ready] = ()) -> set[int]:
        """Makes durable what was noted, and that ``beginning`` is begun; returns the ids of those that are ours."""
        ended, gone, undone = noted.attempts, noted.gone, noted.undone
        if not (ended or undone or beginning):
            return set()
        dues = noted.dues
        noted.attempts, noted.dues, noted.gone, noted.undone = [], [], [], []
        begun = await self.ledger.step(
            ended,
            [_begin(one.due) for one in beginning],
            gone,
            [_begin(due) for due in undone],
        )
        held = self.ledger.held
        held.difference_update(begun)
        for due in undone:
            held.add(due.delivery.id)
            self.queue.put_back(due, relay)
        self.queue.ended([(one.delivery_id, one.sender_id) for one in ended])
        counts = metrics.DELIVERIES.counts
        for attempt, due in zip(ended, dues, strict=True):
            self._on_outcome(attempt.state)
            counts[_OUTCOMES[attempt.state], provider_of(due.delivery.domain)] += 1
            if attempt.state is not DeliveryState.ACCEPTED:
                _tell(due, attempt)
        return begun

    def speed(self) -> float:
        """Messages a second that were accepted since the run began."""
        return max(1.0, self._accepted) / max(1.0, (self.clock() - self._began).total_seconds())

    async def close(self) -> None:
        """Ends the threads that sign, and what is still being leased or put off."""
        await self.queue.close()
        while self._stopping:
            await asyncio.wait(self._stopping)
        if self._signing:
            self._signing.close()


def _begin(due: Due) -> Begin:
    delivery = due.delivery
    return Begin(delivery.id, delivery.digest_id, delivery.sender_id)


def _tell(due: Due, attempt: Attempt) -> None:
    log.debug(
        "a mail was not accepted",
        digest=due.digest.id,
        delivery=attempt.delivery_id,
        attempt=attempt.number,
        state=attempt.state.value,
        code=attempt.code,
        relay=attempt.relay,
    )
