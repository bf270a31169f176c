"""An import whose service died is gone on with by a worker."""

from __future__ import annotations

import asyncio
import io
from dataclasses import replace
from pathlib import Path

import pytest

from syndicate.audience.roster import Terms
from syndicate.audience.uploads import Stage, Uploads
from syndicate.audience.working import Working
from syndicate.jobs.cluster.worker import Worker
from syndicate.store import subscribers
from tests.jobs.cluster.test_clock import until
from tests.jobs.cluster.test_worker import jobs
from tests.newsroom import newsroom

pytestmark = pytest.mark.anyio

TERMS = Terms(newsletters=("brief",), consent="signed at the fair", who="mara")


async def test_what_was_cut_off_is_gone_on_with_and_what_was_stopped_is_not(
    tmp_path: Path, postgresql_url: str
) -> None:
    with newsroom(tmp_path, store_url=postgresql_url) as room:
        app, uploads = room.app, Uploads.of(room.app.settings)
        working = Working(app.store, app.settings.newsletters, app.traces, uploads, app.jobs.clock)
        kept = []
        for name in ("ana", "ben"):
            file = io.BytesIO(f"email\n{name}@example.org\n".encode())
            one = uploads.keep(file, "people.csv", "mara", now=room.clock())
            working._start(replace(one, terms=TERMS), working.roster(one, TERMS).compare(), Stage.COMPARED).join()
            uploads.note(replace(uploads.get(one.key), stage=Stage.IMPORTING))
            kept.append(one.key)
        uploads.stop(kept[1])
        with app.store.write() as connection:
            for key in (*kept, "0123456789abcdef"):
                app.carrier.see_through(connection, key)
        stop = asyncio.Event()
        running = asyncio.create_task(Worker(app.jobs, ["inbound"], 1).run(stop))
        await until(lambda: not [one for one in jobs(app.store) if one[0] == "import_roster"])
        stop.set()
        await running
        with app.store.read() as connection:
            counts = subscribers.counts(connection)
        assert [uploads.get(key).stage for key in kept] == [Stage.IMPORTED, Stage.IMPORTING]
        assert sum(counts.values()) == 1
