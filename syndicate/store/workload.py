"""What waits in the queues of workers, what failed, and who works. PostgreSQL only."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

WORKER = "syndicate worker"
"""How a worker's sessions call themselves; what follows says where it runs and which queues it takes."""

_QUEUES = text("""
SELECT queue_name,
    count(*) FILTER (WHERE status = 'todo') AS waiting,
    count(*) FILTER (WHERE status = 'doing') AS doing,
    count(*) FILTER (WHERE status = 'failed') AS failed,
    min((SELECT min(at) FROM procrastinate.procrastinate_events WHERE job_id = job.id))
        FILTER (WHERE status = 'todo' AND (scheduled_at IS NULL OR scheduled_at <= now())) AS oldest
FROM procrastinate.procrastinate_jobs AS job GROUP BY queue_name ORDER BY queue_name
""")
_FAILED = text("""
SELECT id, queue_name, task_name, args, attempts,
    (SELECT max(at) FROM procrastinate.procrastinate_events WHERE job_id = job.id AND type = 'failed')
FROM procrastinate.procrastinate_jobs AS job WHERE status = 'failed' ORDER BY id DESC LIMIT :limit
""")
_WORKERS = text("""
SELECT DISTINCT application_name FROM pg_stat_activity
WHERE datname = current_database() AND starts_with(application_name, :name) ORDER BY 1
""")
_RETRY = text("SELECT procrastinate.procrastinate_retry_job_v2(:id, now(), NULL, NULL, NULL)")
_IS_FAILED = text("SELECT FROM procrastinate.procrastinate_jobs WHERE id = :id AND status = 'failed' FOR UPDATE")
_DROP = text("DELETE FROM procrastinate.procrastinate_jobs WHERE id = :id")


class Queue(NamedTuple):
    """One queue's jobs, counted. ``oldest`` is since when the one that waits longest does, of those that may run."""

    name: str
    waiting: int
    doing: int
    failed: int
    oldest: datetime | None


class Failed(NamedTuple):
    """A job that was given up. ``about`` are its ids."""

    id: int
    queue: str
    task: str
    about: str
    attempts: int
    at: datetime | None


class Workload(NamedTuple):
    """All of it at one moment. ``workers`` say where they run, and which queues they take."""

    queues: list[Queue]
    workers: list[str]
    failed: list[Failed]


def read(connection: Connection, *, limit: int = 20) -> Workload:
    """The queues that have jobs, the newest failures, and who works."""
    queues = [Queue(*row) for row in connection.execute(_QUEUES)]
    workers = [name.removeprefix(WORKER).strip() for name in connection.execute(_WORKERS, {"name": WORKER}).scalars()]
    failed = [
        Failed(number, queue, task, ", ".join(f"{name} {value}" for name, value in args.items()), attempts, at)
        for number, queue, task, args, attempts, at in connection.execute(_FAILED, {"limit": limit})
    ]
    return Workload(queues, workers, failed)


def retry(connection: Connection, job_id: int) -> bool:
    """Has a failed job done again, if it is one; where its like waits already, that one does for both."""
    if connection.execute(_IS_FAILED, {"id": job_id}).first() is None:
        return False
    try:
        with connection.begin_nested():
            connection.execute(_RETRY, {"id": job_id})
    except IntegrityError:
        connection.execute(_DROP, {"id": job_id})
    return True
