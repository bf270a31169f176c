"""Imports files of subscribers that wait for it. Called by workers."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from syndicate.audience.staged import Staged, owe
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

    if not is_owed():
        return True
    working = Working(jobs.store, jobs.settings.newsletters, jobs.traces, uploads, jobs.clock, is_ending)
    try:
        with suppress(ConflictError):
            working.carry(uploads.get(key)).join()
    finally:
        uploads.drop_copy(key)
    if not is_owed():
        return True
    with suppress(ConflictError), jobs.store.write() as connection:
        owe(connection, uploads.get(key))
    return False
