"""Every job there is, one method each; running one twice does nothing the second time.

Called by the command line, which runs them by hand, and by ``ticks``, which runs them by the clock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from syndicate.audience.admission import admit
from syndicate.audience.channel import LINGERS
from syndicate.audience.engagement import Tally
from syndicate.audience.preferences import wake
from syndicate.audience.retention import Forgotten, tidy
from syndicate.audience.staged import uploads_of
from syndicate.audience.traces import Traces
from syndicate.delivery import keeping
from syndicate.delivery.dkim import Signer
from syndicate.delivery.notices import Notices, Told
from syndicate.delivery.recovery import finish, recover
from syndicate.delivery.send import Sending, Sent
from syndicate.delivery.tickets import Source, Whole
from syndicate.digest.digests import Digests
from syndicate.feeds.publish import Published, publish
from syndicate.inbound.mailbox import Polled, poll
from syndicate.inbound.reception import Reception
from syndicate.jobs.bell import Bell
from syndicate.model import Digest, Equation, SourceStatus
from syndicate.outbox.sending import Done, Outbox
from syndicate.pickup.fetch import fetching
from syndicate.pickup.follow import ask_due
from syndicate.pickup.hosts import Hosts
from syndicate.pickup.pickup import Pickup, is_due, pick_up, take_pushed
from syndicate.preflight.senders import Senders
from syndicate.render.environment import Environment
from syndicate.render.links import Links
from syndicate.settings import Settings
from syndicate.store import Store, copies, growth, notices, private, queues, requests, sources, standing, tickets
from syndicate.store.copies import Copy
from syndicate.store.queues import Job
from syndicate.watch.alerting import watch
from syndicate.watch.pulse import Pulse
from syndicate.websub.announced import Announced
from syndicate.websub.websub import WebSub


@dataclass(frozen=True, slots=True)
class Pass:
    """What one whole pass did. ``polled`` is None when there is no mailbox to look into."""

    polled: Polled | None
    pickups: tuple[Pickup, ...]
    published: Published
    digests: tuple[Digest, ...]
    told: Told
    sent: Sent
    announced: Announced
    forgotten: Forgotten


@dataclass(frozen=True, slots=True)
class Jobs:
    """The jobs, with all that they work on. ``now`` is aware; jobs that wait for a network or a thread are async."""

    settings: Settings
    store: Store
    templates: Environment
    links: Links
    digests: Digests
    signer: Signer
    traces: Traces
    reception: Reception
    websub: WebSub
    hosts: Hosts
    senders: Senders
    clock: Callable[[], datetime]
    bell: Bell
    fresh: Bell
    pulse: Pulse
    tally: Tally

    async def pick_up(
        self,
        names: Sequence[str],
        now: datetime,
        *,
        even_if_not_due: bool = False,
        then: Callable[[Pickup], Awaitable[None]] | None = None,
    ) -> list[Pickup]:
        """Looks at those sources, many at the same time; ``then`` is awaited for each of them once it was looked at.

        :raises NotFoundError: when there is no source of such a name.
        """
        async with fetching(self.settings.fetch, self.hosts, self.clock) as fetcher:

            async def one(name: str) -> Pickup:
                found = await pick_up(
                    self.settings, self.store, fetcher, name, now=now, even_if_not_due=even_if_not_due
                )
                if then:
                    await then(found)
                return found

            try:
                async with asyncio.TaskGroup() as group:
                    looking = [group.create_task(one(name)) for name in names]
            except ExceptionGroup as several:
                raise several.exceptions[0] from None
        return [task.result() for task in looking]

    async def take_pushed(self, source: str, topic: str, body: bytes, content_type: str | None) -> None:
        """Keeps what a hub brings of a source. :raises ParseError: when it is no feed."""
        found = await take_pushed(self.settings, self.store, source, topic, body, content_type, now=self.clock())
        if found.touched:
            self.fresh.ring()

    async def follow(self, now: datetime) -> int:
        """Asks the hubs of others that it is time to ask; returns how many took it.

        :raises HeldError: when nothing is sent from this copy.
        """
        await asyncio.to_thread(self._check)
        return await ask_due(self.settings, self.store, now)

    def copy(self) -> Copy:
        """Whether this copy of the database may send."""
        with self.store.read() as connection:
            return copies.read(connection)

    def _check(self) -> None:
        with self.store.read() as connection:
            copies.check(connection)

    def due_sources(self, now: datetime) -> list[str]:
        """The sources that it is time to look at."""
        with self.store.read() as connection:
            known = sources.every(connection)
        found = [(one, known.get(one.name, SourceStatus(name=one.name))) for one in self.settings.polled]
        return [source.name for source, status in found if is_due(source, status, now)]

    def due_newsletters(self, now: datetime) -> list[str]:
        """The newsletters of which a slot is due and not composed. Pauses that are over end first."""
        wake(self.store, now=now)
        return self.digests.due(now)

    def defer(self, jobs: Sequence[Job], *, also_tickets: bool = False) -> None:
        """Has workers do these, and send what is due."""
        if jobs or also_tickets:
            with self.store.write() as connection:
                queues.defer(connection, jobs)
                if also_tickets:
                    tickets.top_up(connection, due=self.clock())

    def poll(self, now: datetime, *, even_if_failing: bool = False) -> Polled | None:
        """Looks into the mailbox; None when there is none, or when it is another copy's to empty."""
        inbound = self.settings.inbound
        if inbound.mailbox is None or not self.copy().may_send:
            return None
        return poll(inbound, self.store, self.reception, now=now, even_if_failing=even_if_failing)

    def publish(self, now: datetime) -> Published:
        """Brings the feeds' folder up to date, and notes what hubs and followers are to be told."""
        published = publish(self.settings, self.store, self.templates, self.links, now=now)
        self.websub.announce(now)
        return published

    async def watch(self, now: datetime) -> int:
        """Tells operators of what is wrong and needs a person; returns of how many alerts."""
        free = (await asyncio.to_thread(self.store.facts)).free
        return await watch(self.settings, self.store, self.senders.sections, free, now)

    def compose_due(self, now: datetime, only: str | None = None) -> list[Digest]:
        """Ends the pauses that are over, and composes every slot that is due, of one newsletter or of all."""
        wake(self.store, now=now)
        return self.digests.compose_due(now, only)

    def tidy(self, now: datetime) -> Forgotten:
        """Forgets what was kept of readers long enough, what private feeds no longer show, and leases that ended.

        So does it files of readers that were uploaded, and not imported, and deliveries of digests that are long over.
        The readers of the day are counted, too.
        """
        with self.store.read() as connection:
            days = growth.counted(connection, now=now)
        with self.store.write() as connection:
            growth.save(connection, days)
        with self.store.write() as connection:
            private.tidy(connection, keep=self.settings.feeds.entries, ended_before=now - LINGERS)
        self.websub.tidy(now)
        Outbox(self.settings, self.store).tidy(now)
        self.tidy_uploads(now)
        keeping.forget(self.store, self.settings.store.keep_deliveries, now=now)
        return tidy(self.store, self.settings.readers, self.traces, now=now)

    def tidy_uploads(self, now: datetime) -> None:
        """Deletes files of readers that were sent to the console and not imported, and this machine's copies."""
        uploads_of(self.settings, self.store).tidy(now=now)

    def is_telling_due(self, now: datetime) -> bool:
        """Whether a notice waits whose time has come, or a request that needs none."""
        with self.store.read() as connection:
            due = notices.next_due(connection)
            return (due is not None and due <= now) or requests.next_to_admit(connection, now=now) is not None

    async def send_notices(self, *, stop: asyncio.Event) -> Told:
        """Begins what needs no confirmation, then sends the notices that are due, such as those that ask for one."""
        await asyncio.to_thread(admit, self.store, self.settings, now=self.clock())
        telling = Notices(
            self.settings, self.store, self.templates, self.links, self.signer, clock=self.clock, stop=stop
        )
        return await telling.send()

    def is_sending_due(self, now: datetime) -> bool:
        """Whether a delivery waits whose time has come."""
        with self.store.read() as connection:
            due = standing.next_due(connection)
            return (due is not None and due <= now) or bool(standing.finished(connection))

    def outstanding(self, digest_id: int | None = None) -> Equation:
        """The ledger's counts now."""
        with self.store.read() as connection:
            return standing.equation(connection, digest_id)

    async def send_due(
        self,
        *,
        stop: asyncio.Event,
        digest_id: int | None = None,
        source: Source | None = None,
        progress: Callable[[Sent], None] = lambda _: None,
    ) -> Sent:
        """Sends what is due, of one digest or of all; or what another ``source`` allows."""
        sending = Sending(
            self.settings, self.store, self.links, self.signer, clock=self.clock, stop=stop, progress=progress
        )
        return await sending.run(source or Whole(digest_id))

    def reconcile(self) -> None:
        """Takes over what dead workers left, ends digests that are done, and has workers sent what is due."""
        now = self.clock()
        with self.store.read() as connection:
            if not copies.read(connection).may_send:
                return
        recover(self.settings, self.store, now=now)
        finish(self.store, now=now)
        with self.store.write() as connection:
            tickets.top_up(connection, due=now)

    async def announce(self, *, stop: asyncio.Event) -> Announced:
        """Tells hubs of the feeds that changed; the built-in one asks callbacks, and gives followers their feeds.

        :raises HeldError: when nothing is sent from this copy.
        """
        await asyncio.to_thread(self._check)
        return await self.websub.send_due(clock=self.clock, stop=stop)

    def are_programs_due(self, now: datetime) -> bool:
        """Whether a program is to be told something whose time has come."""
        return Outbox(self.settings, self.store).is_due(now)

    async def tell_programs(self, *, stop: asyncio.Event) -> Done:
        """Tells programs what happened, as far as it is due.

        :raises HeldError: when nothing is sent from this copy.
        """
        await asyncio.to_thread(self._check)
        return await Outbox(self.settings, self.store).send_due(clock=self.clock, stop=stop)

    async def run(self, *, stop: asyncio.Event, progress: Callable[[Sent], None]) -> Pass:
        """One whole pass: pick up, publish, compose what is due, send mail and tell hubs, tidy up.

        :raises HeldError: when nothing is sent from this copy; what was picked up is published.
        """
        now = self.clock()
        polled = await asyncio.to_thread(self.poll, now)
        due = set(await asyncio.to_thread(self.due_sources, now))
        due.update(one.name for one in self.settings.polled if one.kind == "folder")
        pickups = tuple(await self.pick_up([one.name for one in self.settings.polled if one.name in due], now))
        published = await asyncio.to_thread(self.publish, now)
        composed = await asyncio.to_thread(self.compose_due, now)
        if composed:
            published = published.and_then(await asyncio.to_thread(self.publish, now))
        announcing = asyncio.create_task(self.announce(stop=stop))
        try:
            told = await self.send_notices(stop=stop)
            sent = await self.send_due(stop=stop, progress=progress)
        finally:
            announced = await announcing
        await self.tell_programs(stop=stop)
        forgotten = await asyncio.to_thread(self.tidy, now)
        return Pass(polled, pickups, published, tuple(composed), told, sent, announced, forgotten)
