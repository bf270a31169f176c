"""A worker: takes jobs out of the queues, as many machines as wanted do it. Called by the command line."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import structlog
from procrastinate.worker import Worker as Taker

from syndicate.errors import StoreError
from syndicate.jobs.cluster.batches import Batches
from syndicate.jobs.cluster.carrier import AWAY, open_queues
from syndicate.jobs.cluster.tasks import STALLED_S, Tasks, telling
from syndicate.jobs.jobs import Jobs

_LOOK_S = 5.0
_TIDY_S = 3600.0
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.5, 10.0

log = structlog.get_logger()


class Worker:
    """Takes up to ``concurrency`` jobs at a time out of each queue, so that none waits for the work of another."""

    def __init__(self, jobs: Jobs, queues: Sequence[str], concurrency: int) -> None:
        self._names, self._concurrency = queues, concurrency
        self._queues = open_queues(jobs.store, queues, connections=2 * len(queues) + concurrency)
        self._batches = Batches(jobs)
        self._tasks = Tasks(self._queues, jobs, self._batches)

    def turn_to(self, jobs: Jobs) -> None:
        """Goes on with other settings; what is in flight is finished."""
        self._tasks.turn_to(jobs)

    async def run(self, stop: asyncio.Event) -> None:
        """Works until ``stop`` is set; what is in flight is finished. Waits while the database is away."""
        asyncio.get_running_loop().set_exception_handler(_told_already)
        wait = 0.0
        while not stop.is_set():
            try:
                async with self._queues.open_async():
                    if wait:
                        log.warning("the database is back, going on")
                    wait = 0.0
                    await self._take(stop)
            except AWAY as error:
                if not wait:
                    log.warning("the database is away, waiting for it", reason=_first_line(error))
                wait = min(_LONGEST_WAIT_S, 2 * wait or _FIRST_WAIT_S)
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), wait)
        await self._batches.stop()

    async def _take(self, stop: asyncio.Event) -> None:
        takers: list[Any] = [
            Taker(
                self._queues,
                queues=[name],
                name=name,
                concurrency=self._concurrency,
                install_signal_handlers=False,
                fetch_job_polling_interval=_LOOK_S,
                delete_jobs="successful",
                stalled_worker_timeout=STALLED_S,
                worker_middleware=[telling],
            )
            for name in self._names
        ]
        taking = [asyncio.create_task(taker.run()) for taker in takers]
        stopping, tidying = asyncio.create_task(stop.wait()), asyncio.create_task(self._tidy())
        try:
            await asyncio.wait((*taking, stopping), return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            tidying.cancel()
            for taker in takers:
                taker.stop()
            if stop.is_set():
                self._tasks.stop()
                await self._batches.stop()
            ended = await asyncio.gather(*taking, return_exceptions=True)
        for error in ended:
            if isinstance(error, BaseException):
                raise error

    async def _tidy(self) -> None:
        """A worker that died may have left copies of files of readers on this disk."""
        while True:
            jobs = self._tasks.jobs
            with suppress(StoreError):
                await asyncio.to_thread(jobs.tidy_uploads, jobs.clock())
            await asyncio.sleep(_TIDY_S)


def _told_already(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What procrastinate could not write down is not told a second time; those jobs are found to be stalled."""
    if not isinstance(context.get("exception"), AWAY):
        loop.default_exception_handler(context)


def _first_line(error: BaseException) -> str:
    cause = error.__cause__ or error
    return next(iter(str(cause).strip().splitlines()), "") or type(cause).__name__
