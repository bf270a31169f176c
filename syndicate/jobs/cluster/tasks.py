"""What workers can do, by the names under which jobs ask for it. Called by ``worker``.

Jobs carry ids alone. A field that is not known here comes from a newer version, and is passed over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import wraps
from typing import Any

import procrastinate
import structlog
from procrastinate.jobs import Job
from procrastinate.retry import BaseRetryStrategy, RetryDecision

from syndicate import metrics
from syndicate.errors import HeldError, RelayError, StoreError, SyndicateError
from syndicate.jobs.cluster import duties
from syndicate.jobs.cluster.batches import Batches, HandedBackError
from syndicate.jobs.importing import import_to_its_end
from syndicate.jobs.jobs import Jobs

QUEUES = ("send", "pickup", "publish", "inbound")

_TRIES = 8
_LONGEST_S = 60
_KEPT_H = 14 * 24
"""Hours for which a job that failed can be retried."""

_RELAY_S = _UNDER_WAY_S = 30
_STORE_S = 5

STALLED_S = 30
"""Seconds without a heartbeat, after which a worker is taken for dead."""

RECONCILE_EVERY = "* * * * * */10"

log = structlog.get_logger()


class NewerError(Exception):
    """A job that this version does not know."""


class UnderWayError(Exception):
    """It can't be done to its end now; it is looked at again."""


class _Known(dict[str, Any]):
    """Tasks by name; those that are not known are one that puts the job back."""

    def __init__(self, tasks: Mapping[str, Any], unknown: Any) -> None:
        super().__init__(tasks)
        self._unknown = unknown

    def get(self, name: str, default: Any = None) -> Any:
        """The task of that name, or what stands for one that is not known."""
        return super().get(name, default or self._unknown)


class Again(BaseRetryStrategy):
    """What the world outside prevents is tried until it works; what is wrong with us, a few times."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """When to try again; None when a person has to look."""
        if isinstance(exception, HandedBackError):
            return RetryDecision(retry_in={"seconds": 0})
        if isinstance(exception, NewerError):
            return RetryDecision(retry_in={"seconds": _LONGEST_S})
        if isinstance(exception, UnderWayError):
            return RetryDecision(retry_in={"seconds": _UNDER_WAY_S})
        if isinstance(exception, RelayError | HeldError):
            return RetryDecision(retry_in={"seconds": _RELAY_S})
        if isinstance(exception, StoreError):
            return RetryDecision(retry_in={"seconds": _STORE_S})
        if job.attempts >= _TRIES:
            return None
        return RetryDecision(retry_in={"seconds": min(_LONGEST_S, 2**job.attempts)})


def _counted(name: str, act: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """The same, counted for the metrics; what is handed back did not fail."""

    @wraps(act)
    async def counting(**given: Any) -> None:
        outcome = "failed"
        try:
            await act(**given)
            outcome = "ok"
        except HandedBackError:
            outcome = "ok"
            raise
        finally:
            metrics.JOBS.labels(name, outcome).inc()

    return counting


class Tasks:
    """Everything that this worker does. ``turn_to`` other settings, and what begins then has them."""

    def __init__(self, queues: procrastinate.App, jobs: Jobs, batches: Batches) -> None:
        self._queues, self.jobs, self._batches = queues, jobs, batches
        self._stopping = asyncio.Event()
        again = Again()
        for task, queue, act in (
            ("send_batch", "send", self.send_batch),
            ("send_notices", "send", self.send_notices),
            ("pick_up_source", "pickup", self.pick_up_source),
            ("publish_feeds", "publish", self.publish_feeds),
            ("compose_digest", "publish", self.compose_digest),
            ("announce", "publish", self.announce),
            ("tell_programs", "publish", self.tell_programs),
            ("process_inbound", "inbound", self.process_inbound),
            ("import_roster", "inbound", self.import_roster),
        ):
            queues.task(name=task, queue=queue, retry=again)(_counted(task, act))
        later = queues.task(name="unknown", retry=again)(self.unknown)
        queues.tasks = _Known(queues.tasks, later)
        # No lock: were a worker to die in the midst of it, nobody could do it any more, and so nobody find that out.
        reconcile = queues.task(name="reconcile", queue="send", queueing_lock="reconcile")
        queues.periodic(cron=RECONCILE_EVERY)(reconcile(self.reconcile))

    def turn_to(self, jobs: Jobs) -> None:
        """Goes on with other settings."""
        self.jobs = jobs
        self._batches.turn_to(jobs)

    def stop(self) -> None:
        """Lets what is in flight finish; what takes long begins nothing more."""
        self._stopping.set()

    async def send_batch(self, digest: int, provider: str, size: int, **_: object) -> None:
        """Sends up to ``size`` deliveries of one digest and one class of domains."""
        await self._batches.send(digest, provider, size)

    async def send_notices(self, **_: object) -> None:
        """Sends the single mails that are due, such as those that ask to confirm. :raises RelayError: when none can."""
        told = await self.jobs.send_notices(stop=self._stopping)
        if told.error:
            raise told.error

    async def pick_up_source(self, source: str, asked: int = 0, **_: object) -> None:
        """Looks at a source, if it is due or was asked for; what came of it is published and composed."""
        if source not in [one.name for one in self.jobs.settings.polled]:
            return  # it was taken out of the settings meanwhile
        [found] = await self.jobs.pick_up([source], self.jobs.clock(), even_if_not_due=bool(asked))
        if found.touched:
            log.info("picked up", source=source, new=found.new, changed=found.changed, withdrawn=found.withdrawn)
            await asyncio.to_thread(self._defer_what_follows)

    def _defer_what_follows(self) -> None:
        jobs = self.jobs
        jobs.defer([duties.PUBLISH, *duties.compose(jobs.due_newsletters(jobs.clock()))])

    async def publish_feeds(self, **_: object) -> None:
        """Brings the feeds' folder up to date."""
        published = await asyncio.to_thread(self.jobs.publish, self.jobs.clock())
        if published.written:
            log.info("published", files=len(published.written))

    async def compose_digest(self, newsletter: str, **_: object) -> None:
        """Composes what is due of a newsletter; its tickets are written with its deliveries."""
        if await asyncio.to_thread(self.jobs.compose_due, self.jobs.clock(), newsletter):
            await asyncio.to_thread(self.jobs.defer, [duties.PUBLISH])

    async def announce(self, **_: object) -> None:
        """Tells hubs and followers of feeds that changed."""
        await self.jobs.announce(stop=self._stopping)

    async def tell_programs(self, **_: object) -> None:
        """Tells programs what happened."""
        await self.jobs.tell_programs(stop=self._stopping)

    async def process_inbound(self, **_: object) -> None:
        """Looks into the mailbox."""
        polled = await asyncio.to_thread(self.jobs.poll, self.jobs.clock())
        if polled and polled.error:
            log.warning("the mailbox can't be read", reason=polled.error)

    async def import_roster(self, upload: str, **_: object) -> None:
        """Imports a file of readers. :raises UnderWayError: while another is imported, or when it was cut off."""
        if not await asyncio.to_thread(import_to_its_end, self.jobs, upload, self._stopping.is_set):
            raise UnderWayError

    async def unknown(self, **_: object) -> None:
        """Leaves to a newer version what only that one can do. :raises NewerError: always."""
        raise NewerError

    async def reconcile(self, timestamp: int = 0, **_: object) -> None:
        """Takes over what dead workers left, and writes the tickets that are missing."""
        await asyncio.to_thread(self.jobs.reconcile)
        manager = self._queues.job_manager
        for job in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_S):
            log.warning("a worker died, its job is done again", job=job.task_name, number=job.id)
            await manager.retry_job(job)
        await manager.prune_stalled_workers(STALLED_S)
        if timestamp % 3600 < 10:
            await manager.delete_old_jobs(nb_hours=_KEPT_H, include_failed=True, include_aborted=True)


async def telling(call: Callable[[], Awaitable[Any]], context: procrastinate.JobContext, _: object) -> Any:
    """Logs why a job failed; it is tried again, or waits for a person."""
    try:
        return await call()
    except (HandedBackError, NewerError, UnderWayError):
        raise
    except SyndicateError as error:
        log.warning("job failed", job=context.job.task_name, reason=str(error))
        raise
    except Exception:
        log.exception("job failed unexpectedly", job=context.job.task_name)
        raise
