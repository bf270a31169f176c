"""What workers can do, by the names under which jobs ask for it. Called by ``worker``.

Jobs carry ids alone. A field that is not known here comes from a newer version, and is passed over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import procrastinate
import structlog
from procrastinate.jobs import Job
from procrastinate.retry import BaseRetryStrategy, RetryDecision

from syndicate.errors import RelayError, StoreError, SyndicateError
from syndicate.jobs.cluster.batches import Batches, HandedBackError
from syndicate.jobs.jobs import Jobs

QUEUES = ("send", "pickup", "publish", "inbound")

_TRIES = 8
_LONGEST_S = 60
_RELAY_S = 30
_STORE_S = 5

STALLED_S = 30
"""Seconds without a heartbeat, after which a worker is taken for dead."""

RECONCILE_EVERY = "* * * * * */10"

log = structlog.get_logger()


class Again(BaseRetryStrategy):
    """What the world outside prevents is tried until it works; what is wrong with us, a few times."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """When to try again; None when a person has to look."""
        if isinstance(exception, HandedBackError):
            return RetryDecision(retry_in={"seconds": 0})
        if isinstance(exception, RelayError):
            return RetryDecision(retry_in={"seconds": _RELAY_S})
        if isinstance(exception, StoreError):
            return RetryDecision(retry_in={"seconds": _STORE_S})
        if job.attempts >= _TRIES:
            return None
        return RetryDecision(retry_in={"seconds": min(_LONGEST_S, 2**job.attempts)})


class Tasks:
    """Everything that this worker does. ``turn_to`` other settings, and what begins then has them."""

    def __init__(self, queues: procrastinate.App, jobs: Jobs, batches: Batches) -> None:
        self._queues, self.jobs, self._batches = queues, jobs, batches
        again = Again()
        queues.task(name="send_batch", queue="send", retry=again)(self.send_batch)
        reconcile = queues.task(name="reconcile", queue="send", queueing_lock="reconcile", lock="reconcile")
        queues.periodic(cron=RECONCILE_EVERY)(reconcile(self.reconcile))

    def turn_to(self, jobs: Jobs) -> None:
        """Goes on with other settings."""
        self.jobs = jobs
        self._batches.turn_to(jobs)

    async def send_batch(self, digest: int, provider: str, size: int, **_: object) -> None:
        """Sends up to ``size`` deliveries of one digest and one class of domains."""
        await self._batches.send(digest, provider, size)

    async def reconcile(self, **_: object) -> None:
        """Takes over what dead workers left, and writes the tickets that are missing."""
        await asyncio.to_thread(self.jobs.reconcile)
        manager = self._queues.job_manager
        for job in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_S):
            log.warning("a worker died, its job is done again", job=job.task_name, number=job.id)
            await manager.retry_job(job)
        await manager.prune_stalled_workers(STALLED_S)


async def telling(call: Callable[[], Awaitable[Any]], context: procrastinate.JobContext, _: object) -> Any:
    """Logs why a job failed; it is tried again, or waits for a person."""
    try:
        return await call()
    except HandedBackError:
        raise
    except SyndicateError as error:
        log.warning("job failed", job=context.job.task_name, reason=str(error))
        raise
    except Exception:
        log.exception("job failed unexpectedly", job=context.job.task_name)
        raise
