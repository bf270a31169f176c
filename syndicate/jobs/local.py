"""Jobs are done by the process that finds that they are due: one ``serve`` does it all."""

from __future__ import annotations

from datetime import datetime

from syndicate.audience.uploads import Upload
from syndicate.audience.working import Working
from syndicate.jobs.carrier import Clock
from syndicate.jobs.jobs import Jobs
from syndicate.jobs.ticks import Ticks
from syndicate.store import Connection


class Local:
    """Carries jobs in this process."""

    def owe(self, connection: Connection, digest_id: int, now: datetime) -> None:
        """Nothing need be written: the next tick finds the rows."""

    def import_roster(self, connection: Connection, working: Working, upload: Upload) -> None:  # noqa: ARG002
        """It begins in a thread, which waits for the transaction."""
        working.carry(upload)

    def clock(self, jobs: Jobs) -> Clock:
        """One that does what is due."""
        return Ticks(jobs)

    def workload(self, connection: Connection) -> None:
        """There are no workers."""

    def retry(self, connection: Connection, job_id: int) -> bool:  # noqa: ARG002 - there are none
        """What failed is found to be due again by itself."""
        return False
