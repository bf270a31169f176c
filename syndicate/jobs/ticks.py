"""Runs the jobs by the clock. APScheduler only ticks: what is due, and what was done, stands in the tables.

Called by ``serve``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, timedelta
from functools import partial

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from syndicate.errors import SyndicateError
from syndicate.jobs.jobs import Jobs

COMPOSE_EVERY = timedelta(seconds=10)
SEND_EVERY = timedelta(seconds=2)
_AFTER_FAILURE = timedelta(seconds=30)

log = structlog.get_logger()


class Ticks:
    """The clock's hand on the jobs. ``stop`` lets what is in flight finish and starts nothing new."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._stopping = asyncio.Event()
        self._publishing = asyncio.Lock()
        self._not_before = jobs.clock()
        self._running: set[asyncio.Task[None]] = set()
        self._scheduler = AsyncIOScheduler(timezone=UTC)

    def start(self) -> None:
        """Begins to tick: every source and every stage at once, then each at its own interval."""
        for source in self._jobs.settings.sources:
            self._tick(f"pick up {source.name}", source.every, partial(self._pick_up, source.name))
        self._tick("compose", COMPOSE_EVERY, self._compose)
        self._tick("send", SEND_EVERY, self._send)
        self._scheduler.start()

    async def stop(self) -> None:
        """Returns when everything in flight is finished and recorded."""
        self._stopping.set()
        self._scheduler.shutdown(wait=False)
        while self._running:
            await asyncio.wait(self._running)

    def _tick(self, name: str, every: timedelta, job: Callable[[], Awaitable[None]]) -> None:
        async def run() -> None:
            if self._stopping.is_set():
                return
            work = asyncio.create_task(self._guarded(name, job))
            self._running.add(work)
            work.add_done_callback(self._running.discard)
            await asyncio.shield(work)

        self._scheduler.add_job(
            run,
            IntervalTrigger(seconds=max(1, int(every.total_seconds())), timezone=UTC),
            id=name,
            name=name,
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
            next_run_time=self._jobs.clock(),
        )

    async def _guarded(self, name: str, job: Callable[[], Awaitable[None]]) -> None:
        try:
            await job()
        except SyndicateError as error:
            log.warning("job failed", job=name, reason=str(error))
        except Exception:
            log.exception("job failed unexpectedly", job=name)

    async def _pick_up(self, name: str) -> None:
        found = await asyncio.to_thread(self._jobs.pick_up, name, self._jobs.clock())
        if found.touched:
            log.info("picked up", source=name, new=found.new, changed=found.changed, withdrawn=found.withdrawn)
            await self._publish()
            await self._compose()

    async def _publish(self) -> None:
        async with self._publishing:
            published = await asyncio.to_thread(self._jobs.publish)
        if published.written:
            log.info("published", files=len(published.written))

    async def _compose(self) -> None:
        await asyncio.to_thread(self._jobs.compose_due, self._jobs.clock())

    async def _send(self) -> None:
        now = self._jobs.clock()
        if now < self._not_before or not await asyncio.to_thread(self._jobs.is_sending_due, now):
            return
        sent = await self._jobs.send_due(stop=self._stopping)
        if sent.error:
            self._not_before = self._jobs.clock() + _AFTER_FAILURE
        if sent.tried:
            log.info("sent", accepted=sent.accepted, rejected=sent.rejected, deferred=sent.deferred)
