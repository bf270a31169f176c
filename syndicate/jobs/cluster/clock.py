"""The clock of a ``serve`` on PostgreSQL: all of them tick, one leads, and that one has workers do what is due.

Slots are unique in the tables, so two that lead for a moment do no harm.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from time import monotonic

import structlog

from syndicate import metrics
from syndicate.errors import HeldError, StoreError, SyndicateError
from syndicate.jobs.cluster import duties
from syndicate.jobs.jobs import Jobs
from syndicate.jobs.ticks import (
    COMPOSE_EVERY,
    FOLLOW_EVERY,
    LOOK_EVERY,
    PUBLISH_EVERY,
    SEND_EVERY,
    TIDY_EVERY,
    WATCH_EVERY,
)
from syndicate.jobs.watch import changes
from syndicate.settings import SourceSettings
from syndicate.store import leading, queues
from syndicate.store.queues import Job

_COMPLAIN_EVERY = timedelta(minutes=1)

_Act = Callable[[], Coroutine[None, None, object]]

log = structlog.get_logger()


class Clock:
    """Ticks once a second, more seldom for most. ``stop`` lets what this process does itself finish."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._lead = leading.Lead(jobs.store)
        self._leads = self._is_away = False
        self._held_because = ""
        self._stopping = asyncio.Event()
        self._next: dict[str, float] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._hear_no_more: Sequence[Callable[[], None]] = ()

    def start(self, known: Collection[SourceSettings] | None = None) -> None:
        """Begins to tick. Where settings have changed, sources that were not ``known`` are looked at, due or not."""
        loop = asyncio.get_running_loop()
        fresh = partial(loop.call_soon_threadsafe, self._publish_now)
        self._hear_no_more = (self._jobs.fresh.listen(fresh),)
        self._later("compose", COMPOSE_EVERY)
        if known is not None:
            new = [one.name for one in self._jobs.settings.polled if one not in known]
            self._start("pick up", partial(self._defer, duties.pick_up(new, even_if_not_due=True)))
        for name, act in (("clock", self._go), ("watch", self._watch)):
            self._start(name, act)

    async def stop(self) -> None:
        """Returns when what this process does itself is finished; another one may lead then."""
        self._stopping.set()
        for end in self._hear_no_more:
            end()
        while self._running:
            await asyncio.wait(self._running)
        await asyncio.to_thread(self._lead.give_up)

    async def _go(self) -> None:
        while not self._stopping.is_set():
            await self._guarded("clock", self._tick)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), LOOK_EVERY.total_seconds())

    async def _tick(self) -> None:
        self._jobs.pulse.beat(self._jobs.clock())
        if self._is_time("senders", TIDY_EVERY):
            self._start("senders", partial(self._jobs.senders.look, self._jobs.clock()))
            await asyncio.to_thread(self._jobs.tidy_uploads, self._jobs.clock())
        leads = await asyncio.to_thread(self._lead.is_ours)
        if leads != self._leads:
            log.info("this process leads: it says what is due" if leads else "another process leads")
            self._leads = leads
        if leads:
            await asyncio.to_thread(self._defer_due)
            if self._is_time("tidy", TIDY_EVERY):
                self._start("tidy", partial(asyncio.to_thread, self._jobs.tidy, self._jobs.clock()))
            if self._is_time("alerts", WATCH_EVERY):
                self._start("alerts", partial(self._jobs.watch, self._jobs.clock()))
            if self._jobs.settings.fetch.push and self._is_time("follow", FOLLOW_EVERY):
                self._start("follow", partial(self._jobs.follow, self._jobs.clock()))
        if self._is_away:
            log.warning("the database is back, going on")
            self._is_away = False

    def _defer_due(self) -> None:
        """Looks at what is due, and has workers do it."""
        jobs, now = self._jobs, self._jobs.clock()
        due = duties.pick_up(jobs.due_sources(now))
        if self._is_time("compose", COMPOSE_EVERY):
            due += duties.compose(jobs.due_newsletters(now))
        if self._is_time("publish", PUBLISH_EVERY):
            due.append(duties.PUBLISH)
        if jobs.settings.inbound.mailbox and self._is_time("poll mailbox", jobs.settings.inbound.every):
            due.append(duties.POLL)
        if self._is_time("send", SEND_EVERY):
            if jobs.is_telling_due(now):
                due.append(duties.TELL)
            if jobs.websub.is_due(now):
                due.append(duties.ANNOUNCE)
            if jobs.are_programs_due(now):
                due.append(duties.TELL_PROGRAMS)
            jobs.defer(due, also_tickets=True)
        else:
            jobs.defer(due)
        if self._is_time("complain", _COMPLAIN_EVERY):
            self._complain()

    def _complain(self) -> None:
        with self._jobs.store.read() as connection:
            waiting = queues.neglected(connection, seconds=_COMPLAIN_EVERY.total_seconds())
        if waiting:
            log.warning("jobs wait, and no worker is there to do them; start `syndicate worker`", jobs=waiting)

    def _publish_now(self) -> None:
        """Articles were brought."""
        if not self._stopping.is_set():
            self._start("publish", partial(self._defer, [duties.PUBLISH], composing=True))

    async def _watch(self) -> None:
        """Has a folder looked at as soon as something has changed in it."""
        folders = {one.name: one.path for one in self._jobs.settings.polled if one.kind == "folder"}
        async for names in changes(folders, self._stopping):
            await self._guarded("pick up", partial(self._defer, duties.pick_up(sorted(names), even_if_not_due=True)))

    async def _defer(self, due: Sequence[Job], *, composing: bool = False) -> None:
        def defer() -> None:
            more = duties.compose(self._jobs.due_newsletters(self._jobs.clock())) if composing else []
            self._jobs.defer([*due, *more])

        await asyncio.to_thread(defer)

    def _is_time(self, name: str, every: timedelta) -> bool:
        """Whether it is time again; if so, not until ``every`` has passed."""
        now = monotonic()
        if now < self._next.get(name, 0.0):
            return False
        self._later(name, every)
        return True

    def _later(self, name: str, every: timedelta) -> None:
        self._next[name] = monotonic() + every.total_seconds()

    def _start(self, name: str, act: _Act) -> None:
        work = asyncio.create_task(self._guarded(name, act))
        self._running.add(work)
        work.add_done_callback(self._running.discard)

    async def _guarded(self, name: str, act: _Act) -> None:
        outcome = "failed"
        try:
            await act()
            outcome = "ok"
        except HeldError as error:
            if str(error) != self._held_because:
                log.warning("held", reason=str(error))
            self._held_because = str(error)
        except StoreError as error:
            if not self._is_away:
                log.warning("the database is away, waiting for it", reason=str(error))
            self._is_away, self._leads = True, False
        except SyndicateError as error:
            log.warning("job failed", job=name, reason=str(error))
        except Exception:
            log.exception("job failed unexpectedly", job=name)
        finally:
            metrics.JOBS.labels(name, outcome).inc()
