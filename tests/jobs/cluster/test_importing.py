"""A file of readers that one process took is imported by a worker that has another disk."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from sqlalchemy import text

from syndicate.audience.staged import uploads_of
from syndicate.audience.uploads import Stage
from syndicate.jobs.cluster.worker import Worker
from syndicate.jobs.importing import import_to_its_end
from syndicate.store import subscribers
from tests.jobs.cluster.test_clock import until
from tests.jobs.cluster.test_worker import jobs
from tests.newsroom import Newsroom, newsroom
from tests.web.console.deskroom import Console
from tests.web.console.test_importing import ended, said, send
from tests.web.pressroom import serving

pytestmark = pytest.mark.anyio

FILE = "Correo;Nombre;Plan\nana@reader.example;Ana;x\nnobody;;\n"


def compared(console: Console) -> str:
    """The path of a file that may be imported."""
    path = send(console, FILE)
    assert said(console, path, newsletter=["brief"]).status_code == 303
    ended(path)
    return path


def how_many(room: Newsroom) -> int:
    with room.app.store.read() as connection:
        return sum(subscribers.counts(connection).values())


async def working(room: Newsroom) -> None:
    """Runs a worker until nothing is left to import."""
    stop = asyncio.Event()
    running = asyncio.create_task(Worker(room.app.jobs, ["inbound"], 1).run(stop))
    await until(lambda: not [one for one in jobs(room.app.store) if one[0] == "import_roster"])
    stop.set()
    await running


async def test_any_worker_imports_it_and_what_was_stopped_is_left_alone(tmp_path: Path, postgresql_url: str) -> None:
    for name in ("desk", "worker"):
        (tmp_path / name).mkdir()
    with (
        newsroom(tmp_path / "desk", store_url=postgresql_url) as room,
        newsroom(tmp_path / "worker", store_url=postgresql_url) as elsewhere,
        serving(room.app) as pressroom,
    ):
        console = Console(pressroom)
        path, stopped = await asyncio.to_thread(compared, console), await asyncio.to_thread(compared, console)
        assert "rejected" in console.get(path).text
        for one in (path, stopped):
            assert console.post(f"{one}/carry").status_code == 303
            assert "It waits for a worker" in console.get(one).text
        [first, second] = [one for one in jobs(room.app.store) if one[0] == "import_roster"]
        assert [first[2], second[2]] == [{"upload": one.rpartition("/")[2]} for one in (path, stopped)]
        console.post(f"{stopped}/stop")
        assert "It stopped" in console.get(stopped).text
        left = tmp_path / "worker" / "imports" / "0123456789abcdef"  # by a worker that died, of an upload that is gone
        left.mkdir(parents=True)
        os.utime(left, (0, 0))
        await working(elsewhere)
        assert "What it did" in console.get(path).text
        assert "nobody" in console.get(f"{path}/rejected/0").text
        assert "It stopped" in console.get(stopped).text
        assert how_many(room) == 1
        assert list((tmp_path / "worker" / "imports").iterdir()) == []
        console.post(f"{path}/drop")
        assert console.get(path).status_code == 404


async def test_what_a_dead_worker_held_is_gone_on_with_when_its_lease_is_over(
    tmp_path: Path, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("syndicate.jobs.cluster.tasks._UNDER_WAY_S", 0)
    with newsroom(tmp_path, store_url=postgresql_url) as room, serving(room.app) as pressroom:
        console, uploads = Console(pressroom), uploads_of(room.app.settings, room.app.store)
        path = await asyncio.to_thread(compared, console)
        key = path.rpartition("/")[2]
        console.post(f"{path}/carry")
        assert not await asyncio.to_thread(import_to_its_end, room.app.jobs, key, lambda: True)
        assert uploads.get(key).waits  # for another worker, for that one was told to end
        taken = uploads.take(key)
        assert console.post(f"{path}/carry").status_code == 409

        def was_tried_in_vain() -> bool:
            query = text("SELECT bool_or(attempts > 1) FROM procrastinate.procrastinate_jobs WHERE task_name = :name")
            with room.app.store.read() as connection:
                return bool(connection.execute(query, {"name": "import_roster"}).scalar())

        stop = asyncio.Event()
        running = asyncio.create_task(Worker(room.app.jobs, ["inbound"], 1).run(stop))
        await until(was_tried_in_vain)
        assert uploads.get(key).stage is Stage.IMPORTING
        with room.app.store.write() as connection:
            connection.execute(text("UPDATE uploads SET lease_until = now()"))
        await until(lambda: uploads.get(key).stage is Stage.IMPORTED)
        stop.set()
        await running
        taken.note(uploads.get(key))
        assert how_many(room) == 1
