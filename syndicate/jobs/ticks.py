"""Runs the jobs by the clock. APScheduler only ticks: what is due, and what was done, stands in the tables.

Called by ``serve``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from syndicate import metrics
from syndicate.audience.retention import Forgotten
from syndicate.errors import HeldError, SyndicateError
from syndicate.jobs.jobs import Jobs
from syndicate.jobs.watch import changes
from syndicate.pickup.pickup import Pickup
from syndicate.settings import SourceSettings

LOOK_EVERY = timedelta(seconds=1)
"""For sources that are due."""
COMPOSE_EVERY = timedelta(seconds=10)
PUBLISH_EVERY = timedelta(minutes=1)
"""For what no pick-up brings: an approved digest, a file that somebody touched, a tombstone whose time is over."""

FOLLOW_EVERY = timedelta(seconds=10)
"""For hubs that are to be asked to tell us of changes."""

SEND_EVERY = timedelta(seconds=2)
BEAT_EVERY = timedelta(seconds=5)
WATCH_EVERY = timedelta(minutes=1)
"""For what is wrong and needs a person."""

TIDY_EVERY = timedelta(hours=1)
_AFTER_FAILURE = timedelta(seconds=30)

_Job = Callable[[], Coroutine[None, None, object]]

log = structlog.get_logger()


class Ticks:
    """The clock's hand on the jobs. ``stop`` lets what is in flight finish and starts nothing new."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._stopping = asyncio.Event()
        self._publishing, self._composing = asyncio.Lock(), asyncio.Lock()
        self._not_before = self._no_notice_before = jobs.clock()
        self._held_because = ""
        self._looking: set[str] = set()
        self._looked = asyncio.Event()
        self._publish_waits = False
        self._running: set[asyncio.Task[None]] = set()
        self._scheduler = AsyncIOScheduler(timezone=UTC)

    def start(self, known: Collection[SourceSettings] | None = None) -> None:
        """Begins to tick. Slots that fell due meanwhile are composed once every source that is due was looked at.

        ``known``, when settings have changed, are the sources as they were: others are looked at whether due or not.
        """
        self._scheduler.start()
        self._tick("send", SEND_EVERY, self._send)
        loop = asyncio.get_running_loop()
        self._hear_no_more = (
            self._jobs.bell.listen(partial(loop.call_soon_threadsafe, self._send_now)),
            self._jobs.fresh.listen(partial(loop.call_soon_threadsafe, self._publish_now)),
        )
        self._tick("tell", SEND_EVERY, self._tell)
        self._tick("webhooks", SEND_EVERY, self._tell_programs)
        if self._jobs.settings.hubs:
            self._tick("announce", SEND_EVERY, self._announce)
        if self._jobs.settings.fetch.push:
            self._tick("follow", FOLLOW_EVERY, self._follow)
        self._tick("beat", BEAT_EVERY, self._beat)
        self._tick("alerts", WATCH_EVERY, self._look_around)
        self._tick("tidy", TIDY_EVERY, self._tidy)
        self._start("tidy", self._tidy)
        self._tick("senders", TIDY_EVERY, self._look_at_senders)
        self._start("senders", self._look_at_senders)
        inbound = self._jobs.settings.inbound
        if inbound.mailbox:
            self._start("poll mailbox", self._poll)
            self._tick("poll mailbox", inbound.every, self._poll)
        self._start("begin", partial(self._begin, known))
        self._start("watch", self._watch)

    async def _begin(self, known: Collection[SourceSettings] | None) -> None:
        due = set(await asyncio.to_thread(self._jobs.due_sources, self._jobs.clock()))
        sources = self._jobs.settings.polled
        if known is None:
            first = [one.name for one in sources if one.kind == "folder" or one.name in due]
        else:
            first = [one.name for one in sources if one not in known]
        self._looking.update(first)
        await self._guarded("pick up", partial(self._jobs.pick_up, first, self._jobs.clock(), then=self._tell_found))
        self._looking.clear()
        self._looked.set()
        await self._guarded("publish", self._publish)
        await self._guarded("compose", self._compose)
        if not self._stopping.is_set():
            self._tick("pick up", LOOK_EVERY, self._pick_up_due)
            self._tick("compose", COMPOSE_EVERY, self._compose)
            self._tick("publish", PUBLISH_EVERY, self._publish)

    async def stop(self) -> None:
        """Returns when everything in flight is finished and recorded."""
        self._stopping.set()
        for end in self._hear_no_more:
            end()
        self._scheduler.shutdown(wait=False)
        while self._running:
            await asyncio.wait(self._running)

    def _send_now(self) -> None:
        """What is sending already takes it along."""
        if not self._stopping.is_set():
            self._scheduler.modify_job("send", next_run_time=datetime.now(UTC))

    def _publish_now(self) -> None:
        if not self._stopping.is_set():
            self._start("publish", self._publish_and_compose)

    def _tick(self, name: str, every: timedelta, job: _Job) -> None:
        async def run() -> None:
            if not self._stopping.is_set():
                try:
                    await asyncio.shield(self._start(name, job))
                except asyncio.CancelledError:
                    if not self._stopping.is_set():
                        raise

        self._scheduler.add_job(
            run,
            IntervalTrigger(seconds=max(1, int(every.total_seconds())), timezone=UTC),
            id=name,
            name=name,
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
        )

    def _start(self, name: str, job: _Job) -> asyncio.Task[None]:
        work = asyncio.create_task(self._guarded(name, job))
        self._running.add(work)
        work.add_done_callback(self._running.discard)
        return work

    async def _guarded(self, name: str, job: _Job) -> None:
        outcome = "failed"
        try:
            await job()
            outcome = "ok"
        except HeldError as error:
            if str(error) != self._held_because:
                log.warning("held", reason=str(error))
            self._held_because = str(error)
            outcome = "held"
        except SyndicateError as error:
            log.warning("job failed", job=name, reason=str(error))
        except Exception:
            log.exception("job failed unexpectedly", job=name)
        finally:
            metrics.JOBS.labels(name, outcome).inc()

    async def _pick_up_due(self) -> None:
        """Begins to look at what is due, and does not wait for it: one slow source puts off no other."""
        due = await asyncio.to_thread(self._jobs.due_sources, self._jobs.clock())
        names = [name for name in due if name not in self._looking]
        if names and not self._stopping.is_set():
            self._looking.update(names)
            self._start("pick up", partial(self._pick_up, names))

    async def _watch(self) -> None:
        """Looks at a folder as soon as something has changed in it."""
        folders = {one.name: one.path for one in self._jobs.settings.polled if one.kind == "folder"}
        async for names in changes(folders, self._stopping):
            while self._looking & names:
                self._looked.clear()
                await self._looked.wait()
            if not self._stopping.is_set():
                self._looking.update(names)
                await self._guarded("pick up", partial(self._pick_up, sorted(names), even_if_not_due=True))

    async def _pick_up(self, names: Sequence[str], *, even_if_not_due: bool = False) -> None:
        under_way = set(names)

        async def then(found: Pickup) -> None:
            under_way.discard(found.source)
            self._looking.discard(found.source)
            self._looked.set()
            await self._tell_found(found)
            if found.touched:
                await self._publish_and_compose()

        try:
            await self._jobs.pick_up(names, self._jobs.clock(), even_if_not_due=even_if_not_due, then=then)
        finally:
            self._looking -= under_way
            self._looked.set()

    async def _publish_and_compose(self) -> None:
        await self._guarded("publish", self._publish)
        await self._guarded("compose", self._compose)

    async def _tell_found(self, found: Pickup) -> None:
        if found.touched:
            log.info("picked up", source=found.source, new=found.new, changed=found.changed, withdrawn=found.withdrawn)

    async def _poll(self) -> None:
        polled = await asyncio.to_thread(self._jobs.poll, self._jobs.clock())
        if polled and polled.error:
            log.warning("the mailbox can't be read", reason=polled.error)
        if polled and polled.kinds:
            log.info("mail came in", **polled.kinds)

    async def _publish(self) -> None:
        """Who comes while another waits for its turn need not wait too: that one takes all along."""
        if self._publish_waits:
            return
        self._publish_waits = True
        async with self._publishing:
            self._publish_waits = False
            published = await asyncio.to_thread(self._jobs.publish, self._jobs.clock())
        if published.written:
            log.info("published", files=len(published.written))

    async def _compose(self) -> None:
        async with self._composing:
            composed = await asyncio.to_thread(self._jobs.compose_due, self._jobs.clock())
        if composed:
            await self._publish()

    async def _send(self) -> None:
        now = self._jobs.clock()
        if now < self._not_before or not await asyncio.to_thread(self._jobs.is_sending_due, now):
            return
        sent = await self._jobs.send_due(stop=self._stopping)
        if sent.error:
            log.warning("sending stopped, nothing is lost", reason=str(sent.error))
            self._not_before = self._jobs.clock() + _AFTER_FAILURE
        if sent.tried:
            log.info(
                "sent", accepted=sent.accepted, rejected=sent.rejected, deferred=sent.deferred, uncertain=sent.uncertain
            )
        if sent.finished:
            log.info("digests finished", digests=sent.finished)

    async def _tell(self) -> None:
        now = self._jobs.clock()
        if now < self._no_notice_before or not await asyncio.to_thread(self._jobs.is_telling_due, now):
            return
        told = await self._jobs.send_notices(stop=self._stopping)
        if told.error:
            log.warning("notices wait, none is lost", reason=str(told.error))
            self._no_notice_before = self._jobs.clock() + _AFTER_FAILURE
        if told.accepted or told.rejected or told.uncertain:
            log.info("notices sent", accepted=told.accepted, rejected=told.rejected, uncertain=told.uncertain)

    async def _announce(self) -> None:
        done = await self._jobs.announce(stop=self._stopping)
        if done:
            log.info("feeds announced", pinged=done.pinged, verified=done.verified, distributed=done.distributed)

    async def _tell_programs(self) -> None:
        done = await self._jobs.tell_programs(stop=self._stopping)
        if done:
            log.info("programs told", told=done.told, failed=done.failed)

    async def _follow(self) -> None:
        taken = await self._jobs.follow(self._jobs.clock())
        if taken:
            log.info("hubs were asked to tell of changes", hubs=taken)

    async def _look_at_senders(self) -> None:
        """Name servers may let one wait; nothing waits for that."""
        looking = asyncio.create_task(self._jobs.senders.look(self._jobs.clock()))
        stopping = asyncio.create_task(self._stopping.wait())
        await asyncio.wait((looking, stopping), return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking

    async def _look_around(self) -> None:
        await self._jobs.watch(self._jobs.clock())

    async def _beat(self) -> None:
        self._jobs.pulse.beat(self._jobs.clock())

    async def _tidy(self) -> None:
        done = await asyncio.to_thread(self._jobs.tidy, self._jobs.clock())
        if done != Forgotten():
            log.info("tidied up", requests=done.requests, ips=done.ips, notices=done.notices, people=done.people)
