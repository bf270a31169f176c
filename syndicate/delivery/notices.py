"""Sends the notices that are due, each once: what was begun and not answered is not sent again. Called by the jobs.

A notice goes *queued → begun → what the relay said*, each step durable before the next, as a delivery does; but there
are few of them, so one connection does, and each has its own commits.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import NamedTuple

import structlog

from syndicate import metrics
from syndicate.delivery.dkim import Signer
from syndicate.delivery.envelope import Envelope
from syndicate.delivery.notice import NoticeWriter
from syndicate.delivery.outcome import Broken, Reply, outcome
from syndicate.delivery.relay import connect
from syndicate.delivery.smtp import MessagePath
from syndicate.errors import AddressError, HeaderError, RelayError, TemplateError
from syndicate.model import DeliveryState
from syndicate.render.environment import Environment
from syndicate.render.links import Links
from syndicate.settings import Newsletter, Settings, Smtp
from syndicate.store import Store, notices, requests, suppressions
from syndicate.store.notices import Notice

LEASE = timedelta(minutes=10)
"""For so long nobody else tries a notice that was taken; longer than a relay may keep silent."""

_AGAIN = timedelta(minutes=1)
_BATCH = 50

log = structlog.get_logger()


@dataclass(slots=True)
class Told:
    """What one run did; ``error`` is why it ended early."""

    accepted: int = 0
    rejected: int = 0
    deferred: int = 0
    dropped: int = 0
    uncertain: int = 0
    error: RelayError | None = None

    def count(self, state: DeliveryState) -> None:
        """Adds one outcome."""
        name = {DeliveryState.QUEUED: "deferred", DeliveryState.EXPIRED: "rejected"}.get(state, state.value)
        name = "dropped" if state in (DeliveryState.CANCELLED, DeliveryState.SUPPRESSED) else name
        setattr(self, name, getattr(self, name) + 1)


class _Ready(NamedTuple):
    """A notice as it goes out."""

    notice: Notice
    newsletter: Newsletter
    sender: str
    content: bytes

    @property
    def envelope(self) -> Envelope:
        return Envelope(self.sender, self.notice.email, len(self.content))


class Notices:
    """One run over everything that is due. ``stop`` may be set at any time: what is in flight is finished."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        templates: Environment,
        links: Links,
        signer: Signer,
        *,
        clock: Callable[[], datetime],
        stop: asyncio.Event,
    ) -> None:
        self._settings, self._store, self._clock, self._stop = settings, store, clock, stop
        self._links = links
        self._writer = NoticeWriter(settings, templates, links, signer)
        self._told = Told()

    async def send(self) -> Told:
        """Sends all that is due. A relay's failure is in ``Told.error``; what it was for is tried again later.

        :raises StoreError: when what became of one can't be written.
        """
        while not self._stop.is_set() and self._told.error is None:
            ready = await asyncio.to_thread(self._take)
            if ready is None:
                break
            by_relay = sorted(ready, key=lambda one: one.newsletter.relay or "")
            for _, some in groupby(by_relay, key=lambda one: one.newsletter.relay):
                await self._hand_over(list(some))
        return self._told

    def _take(self) -> list[_Ready] | None:
        """Leases what is due and writes it; None when nothing is. What has become pointless ends here."""
        now = self._clock()
        with self._store.write() as connection:
            notices.settle(connection, now=now)
            taken = notices.take(connection, now=now, until=now + LEASE, limit=_BATCH)
        ready = [one for notice in taken if (one := self._written(notice))]
        return ready if taken else None

    def _written(self, notice: Notice) -> _Ready | None:
        now = self._clock()
        newsletter = self._settings.newsletter(notice.newsletter) or next(iter(self._settings.newsletters), None)
        with self._store.read() as connection:
            banned = suppressions.suppressed(connection, [notice.email])
            request = None if notice.request_id is None else requests.by_id(connection, notice.request_id)
        if banned:
            self._end(notice, DeliveryState.SUPPRESSED, "suppressed after it was queued")
            return None
        is_open = request is not None and request.confirmed_at is None and request.expires_at > now
        if newsletter is None or (notice.request_id is not None and not is_open):
            self._end(notice, DeliveryState.CANCELLED, "nothing is left to confirm")
            return None
        try:
            content = self._writer.write(notice, request, newsletter, now)
        except TemplateError as error:
            log.warning("notice can't be rendered, and is tried again later", notice=notice.id, reason=str(error))
            return None
        except HeaderError as error:
            self._end(notice, DeliveryState.REJECTED, f"not handed over: {error}")
            return None
        return _Ready(notice, newsletter, self._sender(notice, newsletter), content)

    def _sender(self, notice: Notice, newsletter: Newsletter) -> str:
        """Where reports about it come to: nowhere, if it is an answer (RFC 3834 §3.3)."""
        if notice.is_answer:
            return ""
        has_own = self._settings.has_return_paths
        return self._links.return_path_of_notice(newsletter.address, notice.id) if has_own else newsletter.address

    async def _hand_over(self, waiting: list[_Ready]) -> None:
        """Over the newsletter's own relay, or the first that can be used."""
        failed: RelayError | None = None
        for relay in self._relays(waiting[0].newsletter):
            try:
                while waiting and not self._stop.is_set():
                    async with connect(relay) as path:
                        while waiting and path.is_open and not self._stop.is_set():
                            await self._one(path, relay, waiting[0])
                            waiting.pop(0)
            except RelayError as error:
                failed = error
            else:
                failed = None
                break
        self._told.error = self._told.error or failed
        if waiting:
            await asyncio.to_thread(self._put_back, [one.notice.id for one in waiting], failed)

    def _relays(self, newsletter: Newsletter) -> list[Smtp]:
        every = self._settings.every_relay
        named = [one for one in every if one.label == newsletter.relay]
        return named or [one for one in every if one.weight] or [self._settings.smtp]

    async def _one(self, path: MessagePath, relay: Smtp, ready: _Ready) -> None:
        """One message. :raises RelayError: when the relay refuses us; the message stays queued."""
        was_begun = False
        try:
            answer: Reply | Broken | None = await path.open(ready.envelope.commands(path.abilities))
        except AddressError as error:
            answer = Reply("RCPT", 553, str(error))
        except ConnectionError as error:
            answer = Broken(str(error))
        if answer is None:
            was_begun = await asyncio.to_thread(self._begin, ready.notice)
            if not was_begun:
                path.close()
                return
            answer = await path.finish(ready.content, None)
        elif isinstance(answer, Reply) and answer.is_about_us:
            raise RelayError(str(relay.relay), "refuses our mail", str(answer))
        await asyncio.to_thread(self._record, ready, answer, was_begun=was_begun)

    def _begin(self, notice: Notice) -> bool:
        """False when it took so long that another process has it."""
        with self._store.write() as connection:
            return notices.begin(connection, notice.id, now=self._clock())

    def _record(self, ready: _Ready, answer: Reply | Broken, *, was_begun: bool) -> None:
        now, notice = self._clock(), ready.notice
        became = outcome(
            answer,
            attempts=notice.attempts,
            planned_at=notice.planned_at,
            give_up_after=ready.newsletter.give_up_after,
            now=now,
            chance=random.random(),  # noqa: S311 - jitter
            resend=not was_begun,
        )
        with self._store.write() as connection:
            notices.record(connection, notice, became.state, next_at=became.next_at, reply=str(answer), now=now)
        self._told.count(became.state)
        metrics.NOTICES.labels("deferred" if became.state is DeliveryState.QUEUED else became.state).inc()

    def _put_back(self, ids: list[int], failed: RelayError | None) -> None:
        """What was first when the relay failed is last from now on, for it may be what it does not bear."""
        now, reply = self._clock(), str(failed or "stopped")
        with self._store.write() as connection:
            notices.put_back(connection, ids[1:], next_at=now + _AGAIN if failed else now, reply=reply)
            notices.put_back(connection, ids[:1], next_at=now + 2 * _AGAIN if failed else now, reply=reply)

    def _end(self, notice: Notice, state: DeliveryState, reply: str) -> None:
        now = self._clock()
        with self._store.write() as connection:
            notices.record(connection, notice, state, next_at=now, reply=reply, now=now)
        self._told.count(state)
