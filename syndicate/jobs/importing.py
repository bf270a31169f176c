"""Goes on with imports that were cut off because the process died that did them. Called by workers."""

from __future__ import annotations

from syndicate.audience.uploads import Stage, Uploads
from syndicate.audience.working import Working
from syndicate.errors import ConflictError, NotFoundError
from syndicate.jobs.jobs import Jobs


def see_through(jobs: Jobs, key: str) -> bool:
    """Imports a file to its end, if that was begun and nobody does it any more; false while somebody reads one.

    A file that is not on this machine, that failed or was stopped by a person is left alone.
    """
    uploads = Uploads.of(jobs.settings)
    try:
        one = uploads.get(key)
    except NotFoundError:
        return True
    if one.is_running:
        return False
    if one.stage is Stage.IMPORTING and not one.error and not uploads.is_stopped(key):
        working = Working(jobs.store, jobs.settings.newsletters, jobs.traces, uploads, jobs.clock)
        try:
            working.carry(one).join()
        except ConflictError:
            return False
    return True
