"""A digest that a worker sends is watched, paused, resumed and cancelled in the console of another process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from syndicate.app import open_app
from syndicate.jobs.cluster import worker
from syndicate.jobs.cluster.worker import Worker
from syndicate.web.console import meter
from tests.jobs.cluster.test_clock import until
from tests.jobs.cluster.test_worker import jobs
from tests.newsroom import newsroom, settings_for
from tests.relay import Relay
from tests.web.console.deskroom import Console
from tests.web.console.test_progress import events, watch
from tests.web.pressroom import serving

pytestmark = pytest.mark.anyio

READERS, PAUSED_AT, CANCELLED_AT = 12, 4, 8

_QUIET = """
DO $$
DECLARE name text;
BEGIN
    FOR name IN SELECT tgname FROM pg_trigger WHERE tgname LIKE '%notify_queue%' LOOP
        EXECUTE format('ALTER TABLE procrastinate.procrastinate_jobs DISABLE TRIGGER %I', name);
    END LOOP;
END $$
"""


@pytest.mark.parametrize(("notifies", "looks_s"), [(True, 600.0), (False, 0.3)])
async def test_it_counts_at_once(
    tmp_path: Path, postgresql_url: str, relay: Relay, monkeypatch: pytest.MonkeyPatch, notifies: bool, looks_s: float
) -> None:
    """The relay takes its time with two readers' addresses, at which the worker has not begun their messages yet."""
    monkeypatch.setattr(worker, "_LOOK_S", looks_s)
    monkeypatch.setattr(meter, "_FRESH_S", 0.0)
    monkeypatch.setattr(meter, "_SPARING", 0)
    reached: set[int] = set()
    passing: set[int] = set()

    def stop_at(number: int) -> Callable[[], bool]:
        def may_pass() -> bool:
            reached.add(number)
            return number in passing

        return may_pass

    for number in (PAUSED_AT, CANCELLED_AT):
        relay.hold("rcpt", f"r{number:02}@", stop_at(number))
    smtp = {"url": relay.url, "connections": 1}
    with newsroom(tmp_path, store_url=postgresql_url, smtp=smtp) as room:
        if not notifies:
            with room.app.store.write() as connection:
                connection.execute(text(_QUIET))
        room.article("Ferry returns")
        for number in range(READERS):
            room.reader(f"r{number:02}@example.org")
        [digest] = room.compose()
        stop = asyncio.Event()
        running = asyncio.create_task(Worker(room.app.jobs, ["send"], 2).run(stop))
        elsewhere = open_app(settings_for(tmp_path, store_url=postgresql_url, smtp=smtp), room.clock)
        with serving(elsewhere) as pressroom:
            console = Console(pressroom)

            def act(name: str) -> None:
                assert console.post(f"/console/digests/{digest.id}/{name}").status_code == 303

            def told() -> str:
                with watch(console, f"/console/digests/{digest.id}/progress") as response:
                    return next(events(response))[1]

            def has_nothing_to_do() -> bool:
                return not [one for one in jobs(room.app.store) if one[0] == "send_batch"]

            await until(lambda: PAUSED_AT in reached and f"{PAUSED_AT} of {READERS}" in told())
            await asyncio.to_thread(act, "pause")
            passing.add(PAUSED_AT)
            await until(has_nothing_to_do)
            assert len(relay.messages) == PAUSED_AT
            await asyncio.to_thread(act, "resume")
            await until(lambda: CANCELLED_AT in reached and f"{CANCELLED_AT} of {READERS}" in told())
            await asyncio.to_thread(act, "cancel")
            passing.add(CANCELLED_AT)
            await until(has_nothing_to_do)
        stop.set()
        await running
        found = room.equation()
        elsewhere.close()
    assert len(relay.messages) == CANCELLED_AT
    assert (found.accepted, found.cancelled) == (CANCELLED_AT, READERS - CANCELLED_AT)
