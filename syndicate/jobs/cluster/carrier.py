"""procrastinate on the store's own database: jobs wait there for workers."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from datetime import datetime
from socket import gethostname
from typing import Any

import procrastinate
import psycopg
from procrastinate.exceptions import ConnectorException, UniqueViolation
from procrastinate.jobs import Status
from procrastinate.manager import JobManager

from syndicate.audience.staged import owe
from syndicate.audience.uploads import Upload
from syndicate.audience.working import Working, check
from syndicate.errors import StoreError
from syndicate.jobs import carrier
from syndicate.jobs.cluster import duties
from syndicate.jobs.cluster.clock import Clock
from syndicate.jobs.jobs import Jobs
from syndicate.store import Connection, Store, queues, tickets, workload
from syndicate.store.engine.opening import HEARS_OF_US
from syndicate.store.workload import WORKER, Workload

AWAY = (ConnectorException, psycopg.OperationalError, StoreError)
"""What is raised when the database can't be reached."""

_NAME = 63
"""Octets of a session's name that PostgreSQL keeps."""

_OPTIONS = " ".join(f"-c {name}={value}" for name, value in {"search_path": queues.SCHEMA, **HEARS_OF_US}.items())

_ANSWERS_S = 10
"""Seconds for a connection to be made."""


class _Jobs(JobManager):
    """Puts jobs back. One whose like waits already can't wait too (``queueing_lock``): that one does for both."""

    async def retry_job_by_id_async(self, job_id: int, *given: Any, **named: Any) -> None:
        """As procrastinate's own."""
        try:
            await super().retry_job_by_id_async(job_id, *given, **named)
        except UniqueViolation:
            await self.finish_job_by_id_async(job_id, Status.SUCCEEDED, delete_job=True)


class Cluster:
    """Carries jobs to workers."""

    def owe(self, connection: Connection, digest_id: int, now: datetime) -> None:
        """Writes their tickets."""
        tickets.top_up(connection, due=now, digest_id=digest_id)

    def import_roster(self, connection: Connection, working: Working, upload: Upload) -> None:  # noqa: ARG002
        """A worker does it."""
        check(upload)
        owe(connection, upload)
        queues.defer(connection, [duties.import_roster(upload.key)])

    def clock(self, jobs: Jobs) -> carrier.Clock:
        """One that has workers do what is due."""
        return Clock(jobs)

    def workload(self, connection: Connection) -> Workload:
        """What waits for workers, and who works."""
        return workload.read(connection)

    def retry(self, connection: Connection, job_id: int) -> bool:
        """Has a job done again that failed; false when it is none."""
        return workload.retry(connection, job_id)


def open_queues(store: Store, names: Sequence[str], connections: int) -> procrastinate.App:
    """procrastinate for a worker on these queues, with so many connections, which are made when it is opened."""
    for name in ("procrastinate", "psycopg.pool"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # who uses it says what went wrong, and once
    name = f"{WORKER} {gethostname()[:16]}/{os.getpid()} {','.join(names)}"[:_NAME]
    connector = procrastinate.PsycopgConnector(
        conninfo=store.address,
        kwargs={"options": _OPTIONS, "connect_timeout": _ANSWERS_S, "application_name": name},
        min_size=1,
        max_size=connections,
        timeout=_ANSWERS_S,
    )
    app = procrastinate.App(connector=connector)
    app.job_manager = _Jobs(connector)
    return app
