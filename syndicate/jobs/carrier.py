"""How jobs are carried: in this process, or by workers. Nothing above this room knows which of them it is."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from syndicate.jobs.jobs import Jobs
from syndicate.settings import SourceSettings
from syndicate.store import Connection
from syndicate.store.workload import Workload


class Clock(Protocol):
    """The clock's hand on the jobs: what is due is done, here or elsewhere."""

    def start(self, known: Collection[SourceSettings] | None = None) -> None:
        """Begins to tick. ``known``, when settings have changed, are the sources as they were."""

    async def stop(self) -> None:
        """Returns when everything in flight here is finished."""


class Carrier(Protocol):
    """Carries jobs."""

    def owe(self, connection: Connection, digest_id: int, now: datetime) -> None:
        """Deliveries of that digest are due: they are sent once the transaction is committed."""

    def see_through(self, connection: Connection, upload: str) -> None:
        """An import has begun here: should this process die, it is gone on with."""

    def clock(self, jobs: Jobs) -> Clock:
        """The clock of one service."""

    def workload(self, connection: Connection) -> Workload | None:
        """What waits for workers, and who works; None where nothing does."""

    def retry(self, connection: Connection, job_id: int) -> bool:
        """Has a job done again that failed; false when it is none."""
