"""Compares or imports a file that was uploaded, in a thread of its own, and writes down how far that is.

What is cut off, by a restart or by somebody who stops it, can be begun again: importing goes on where it was.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

import structlog

from syndicate.audience.roster import Progress, Roster, Terms
from syndicate.audience.staged import Hold, Staged
from syndicate.audience.traces import Traces
from syndicate.audience.uploads import Stage, Taken, Upload, Uploads
from syndicate.errors import AwayError, ConflictError, SyndicateError
from syndicate.settings import Newsletter
from syndicate.store import Store

log = structlog.get_logger(__name__)

_EVERY_S = 0.4
"""Seconds between two notes of how far it is."""

_GONE = "this file has been imported, and is no longer kept; upload it again"
_BROKEN = "It stopped because of a fault in this program; the service's log has more. It can be begun again."


class Working:
    """Starts both; one file at a time, whatever process reads it."""

    def __init__(
        self,
        store: Store,
        newsletters: Sequence[Newsletter],
        traces: Traces,
        uploads: Uploads | Staged,
        clock: Callable[[], datetime],
        is_ending: Callable[[], bool] = lambda: not threading.main_thread().is_alive(),
    ) -> None:
        self._store, self._newsletters, self._traces = store, newsletters, traces
        self._uploads, self._clock, self._is_ending = uploads, clock, is_ending

    def roster(self, upload: Upload, terms: Terms) -> Roster:
        """The file, under those terms. :raises ConflictError: when it is gone. :raises NotFoundError: as ``Roster``."""
        if upload.file is None:
            raise ConflictError(_GONE)
        rejected = self._uploads.rejected(upload.key)
        return Roster(
            self._store,
            self._newsletters,
            self._uploads.fetch(upload),
            terms,
            traces=self._traces,
            rejected=rejected,
            now=self._clock(),
        )

    def compare(self, upload: Upload, terms: Terms) -> None:
        """Begins to find out what importing it would change. :raises ConflictError: when one is being read."""
        roster = self.roster(upload, terms)
        self._start(replace(upload, terms=terms, stage=Stage.COMPARING), roster.compare(), Stage.COMPARED)

    def carry(self, upload: Upload) -> threading.Thread:
        """Begins to import it under the terms under which it was compared; returns what does it.

        :raises ConflictError: as above.
        """
        check(upload)
        roster = self.roster(upload, upload.terms)
        return self._start(replace(upload, stage=Stage.IMPORTING), roster.carry(), Stage.IMPORTED)

    def _start(self, upload: Upload, steps: Generator[Progress], then: Stage) -> threading.Thread:
        taken = self._uploads.take(upload.key)
        upload = replace(upload, told=None, error="")
        taken.note(upload)
        thread = threading.Thread(target=self._run, args=(upload, steps, then, taken), name=f"import {upload.key}")
        thread.start()
        return thread

    def _run(self, upload: Upload, steps: Generator[Progress], then: Stage, taken: Taken | Hold) -> None:
        try:
            upload = self._follow(upload, steps, then, taken)
        except AwayError:
            log.warning("an import was cut off from the database", file=upload.key)
        except SyndicateError as error:
            upload = replace(upload, error=_shown(upload, error))
        except Exception as error:  # noqa: BLE001
            # Its words may hold addresses, which no log may.
            log.error("an import failed", file=upload.key, error=type(error).__name__)  # noqa: TRY400
            upload = replace(upload, error=_BROKEN)
        finally:
            steps.close()
            with suppress(AwayError):
                self._uploads.give_out(upload)
                taken.note(upload)
                if upload.stage is Stage.IMPORTED:
                    self._uploads.drop_file(upload.key)
                taken.give_back()

    def _follow(self, upload: Upload, steps: Generator[Progress], then: Stage, taken: Taken | Hold) -> Upload:
        noted = time.monotonic()
        for told in steps:
            upload = replace(upload, told=told)
            if taken.should_stop or self._is_ending():
                return upload
            if time.monotonic() - noted > _EVERY_S:
                taken.note(upload)
                noted = time.monotonic()
        return replace(upload, stage=then)


def check(upload: Upload) -> None:
    """:raises ConflictError: when it can't be imported, for nobody has compared it, or it was."""
    if upload.file is None:
        raise ConflictError(_GONE)
    if upload.stage not in (Stage.COMPARED, Stage.IMPORTING):
        raise ConflictError("look at what this file would change first")


def _shown(upload: Upload, error: SyndicateError) -> str:
    """What went wrong, with the file as whoever sent it calls it."""
    return str(error).replace(str(upload.file), upload.name)
