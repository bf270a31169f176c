"""What is seen of queues, failed jobs that are done again, and workers beside newer programs and a newer database."""

from __future__ import annotations

import asyncio
import json
from contextlib import nullcontext
from pathlib import Path

import pytest
from sqlalchemy import text

from syndicate.app import open_app
from syndicate.cli import status
from syndicate.errors import StoreError
from syndicate.jobs.cluster.worker import Worker
from syndicate.store import Store, queues, schema, versions, workload
from syndicate.store.queues import Job
from tests.jobs.cluster.test_clock import until
from tests.newsroom import newsroom, settings_for
from tests.relay import Relay
from tests.web.console.deskroom import Console
from tests.web.pressroom import serving


def fail(store: Store) -> int:
    """Leaves a job as a worker that gave it up does; returns its number."""
    with store.write() as connection:
        queues.defer(connection, [Job(queue="pickup", task="pick_up_source", args={"source": "newsroom"})])
        change = text("UPDATE procrastinate.procrastinate_jobs SET status = :status, attempts = 8 RETURNING id")
        connection.execute(change, {"status": "doing"})
        return int(connection.execute(change, {"status": "failed"}).scalar_one())


def test_queues_are_on_the_page_of_health_and_failed_jobs_are_done_again(
    tmp_path: Path, postgresql_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    app = open_app(settings_for(tmp_path, store_url=postgresql_url))
    number = fail(app.store)
    with app.store.write() as connection:
        queues.defer(connection, [Job(queue="send", task="send_notices")] * 2)
    with serving(app) as room:
        desk = Console(room)
        page = desk.get("/console/health").text
        assert "No worker runs" in page
        assert f"pick_up_source {number}" in page
        assert "source newsroom" in page
        assert desk.post(f"/console/health/jobs/{number}/retry").status_code == 303
        assert desk.post(f"/console/health/jobs/{number}/retry").status_code == 404
        assert "Try again" not in desk.get("/console/health").text
    with app.store.read() as connection:
        found = workload.read(connection)
    assert [(one.name, one.waiting, one.failed) for one in found.queues] == [("pickup", 1, 0), ("send", 2, 0)]
    monkeypatch.setattr(status, "opened", lambda: nullcontext(app))
    status.status(as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in told["queues"]] == ["pickup", "send"]
    app.close()


@pytest.mark.anyio
async def test_an_older_worker_works_beside_newer_programs(
    tmp_path: Path, postgresql_url: str, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database is one migration ahead, which added a column; jobs have a field and a task that are not known."""
    with newsroom(tmp_path, store_url=postgresql_url, smtp={"url": relay.url}) as newer:
        newer.article("Ferry returns")
        newer.reader("ana@example.org")
        newer.compose()
        with newer.app.store.write() as connection:
            connection.execute(text("ALTER TABLE deliveries ADD COLUMN new_one integer NOT NULL DEFAULT 0"))
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
            connection.execute(text("UPDATE procrastinate.procrastinate_jobs SET args = args || '{\"new\": 1}'"))
            queues.defer(connection, [Job(queue="send", task="only_the_newer_one_can")])
    with newsroom(tmp_path, store_url=postgresql_url, smtp={"url": relay.url}) as older:
        stop = asyncio.Event()
        running = asyncio.create_task(Worker(older.app.jobs, ["send"], 2).run(stop))

        def waits() -> list[tuple[str, int]]:
            query = "SELECT task_name, attempts FROM procrastinate.procrastinate_jobs WHERE status = 'todo'"
            with older.app.store.read() as connection:
                return [(row[0], row[1]) for row in connection.execute(text(query))]

        await until(lambda: older.equation().accepted == 1 and ("only_the_newer_one_can", 1) in waits())
        with older.app.store.read() as connection:
            [worker] = workload.read(connection).workers
        assert worker.endswith(" send")
        stop.set()
        await running
        with older.app.store.write() as connection:
            versions.note(connection, "9999")
        with pytest.raises(StoreError, match="start one of 9999 or newer"):
            older.app.store.check()
        with older.app.store.write() as connection:
            connection.execute(text("DELETE FROM facts WHERE name = 'oldest program'"))
        with pytest.raises(StoreError, match="run `syndicate migrate`"):
            older.app.store.check()
    assert relay.recipients == ["ana@example.org"]


def test_the_oldest_program_is_no_newer_than_this_one() -> None:
    assert schema.OLDEST <= schema.VERSION
    assert schema.OLDEST.isdecimal()
