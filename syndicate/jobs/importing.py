"""Imports files of subscribers that wait for it. Called by workers."""

from __future__ import annotations

from collections.abc import Callable

from syndicate.audience.staged import Staged
from syndicate.audience.uploads import Stage
from syndicate.audience.working import Working
from syndicate.errors import ConflictError, NotFoundError
from syndicate.jobs.jobs import Jobs


def import_to_its_end(jobs: Jobs, key: str, is_ending: Callable[[], bool]) -> bool:
    """Imports a file, or goes on with it; false when it must be tried again, for one is being read or this was cut off.

    One that failed, or was stopped by a person, is left alone.
    """
    uploads = Staged.of(jobs.settings, jobs.store)

    def is_owed() -> bool:
        try:
            one = uploads.get(key)
        except NotFoundError:
            return False
        return one.stage is Stage.IMPORTING and not one.error and not uploads.is_stopped(key)

    if is_owed():
        working = Working(jobs.store, jobs.settings.newsletters, jobs.traces, uploads, jobs.clock, is_ending)
        try:
            working.carry(uploads.get(key)).join()
        except ConflictError:
            return False
        finally:
            uploads.drop_copy(key)
    return not is_owed()
