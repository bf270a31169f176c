"""How jobs are carried: in this process, or by workers. Nothing above this room knows which of them it is."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from syndicate.audience.uploads import Upload
from syndicate.audience.working import Working
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

    def import_roster(self, connection: Connection, working: Working, upload: Upload) -> None:
        """A file that was compared is imported, or gone on with. :raises ConflictError: when that can't be."""

    def clock(self, jobs: Jobs) -> Clock:
        """The clock of one service."""

    def workload(self, connection: Connection) -> Workload | None:
        """What waits for workers, and who works; None where nothing does."""

    def retry(self, connection: Connection, job_id: int) -> bool:
        """Has a job done again that failed; false when it is none."""
