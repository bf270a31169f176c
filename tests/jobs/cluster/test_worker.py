"""Workers on a real PostgreSQL that send through a real relay."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from syndicate.delivery.notices import Told
from syndicate.digest.digests import Resolution
from syndicate.errors import RelayError
from syndicate.jobs.cluster import duties
from syndicate.jobs.cluster.worker import Worker
from syndicate.jobs.jobs import Jobs
from syndicate.store import Store, tickets
from tests.newsroom import Newsroom, newsroom
from tests.relay import Relay
from tests.watch.scraped import scrape

pytestmark = pytest.mark.anyio


_LEFT = (("reconcile", "doing", "1000"), ("send_notices", "doing", "1000"), ("send_notices", "todo", "NULL"))
_JOB = """
INSERT INTO procrastinate.procrastinate_jobs (queue_name, task_name, lock, queueing_lock, args, status, worker_id)
VALUES ('send', '{task}', '{task}', '{task}', '{{}}', '{status}', {worker})
"""


@pytest.fixture
def room(tmp_path: Path, postgresql_url: str, relay: Relay) -> Iterator[Newsroom]:
    with newsroom(tmp_path, store_url=postgresql_url, smtp={"url": relay.url}) as opened:
        yield opened


def jobs(store: Store) -> list[tuple[str, str, dict[str, object]]]:
    """What waits or is done: task, status, arguments."""
    query = text("SELECT task_name, status::text, args FROM procrastinate.procrastinate_jobs ORDER BY id")
    with store.read() as connection:
        return [(row[0], row[1], row[2]) for row in connection.execute(query)]


async def working(room: Newsroom, until: Callable[[], bool], workers: int = 1) -> None:
    """Runs workers until something is so; each is stopped as by a signal."""
    stop = asyncio.Event()
    running = [asyncio.create_task(Worker(room.app.jobs, ["send"], 2).run(stop)) for _ in range(workers)]
    deadline = time.monotonic() + 60
    while not await asyncio.to_thread(until):
        assert time.monotonic() < deadline, "it did not come"
        assert not any(one.done() for one in running)
        await asyncio.sleep(0.02)
    stop.set()
    await asyncio.gather(*running)


async def test_a_digest_is_sent_by_ticket(room: Newsroom, relay: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tickets, "SIZE", 5)
    room.article("Ferry returns")
    before = scrape(room.app)
    for number in range(12):
        room.reader(f"r{number}@example.org")
    room.reader("ana@gmail.com")
    [digest] = room.compose()
    sizes = {"google": [1], "others": [5, 5, 2]}
    assert [one for one in jobs(room.app.store) if one[0] == "send_batch"] == [
        ("send_batch", "todo", {"digest": digest.id, "provider": name, "size": size})
        for name, found in sizes.items()
        for size in found
    ]
    with room.app.store.write() as connection:
        assert tickets.top_up(connection, due=room.clock()) == 0
    await working(room, lambda: room.equation().accepted == 13 and not jobs(room.app.store), workers=2)
    assert sorted(relay.recipients) == sorted([*(f"r{number}@example.org" for number in range(12)), "ana@gmail.com"])
    after = scrape(room.app, before)
    assert after("syndicate_jobs_total", name="send_batch", outcome="ok") >= 4
    assert after("syndicate_deliveries_total", outcome="accepted", domain_class="google") == 1


async def test_what_is_paused_waits_and_what_is_resumed_goes_on(room: Newsroom, relay: Relay) -> None:
    room.article("Ferry returns")
    room.reader("ana@example.org")
    [digest] = room.compose()
    room.app.digests.pause(digest.id, room.clock())
    await working(room, lambda: not [one for one in jobs(room.app.store) if one[0] == "send_batch"])
    assert (room.equation().outstanding, relay.recipients) == (1, [])
    room.app.digests.resume(digest.id, room.clock())
    await working(room, lambda: room.equation().accepted == 1)


async def test_what_falls_back_into_the_queue_gets_a_ticket_in_the_same_transaction(room: Newsroom) -> None:
    room.article("Ferry returns")
    room.reader("ana@example.org")
    [digest] = room.compose()
    with room.app.store.write() as connection:
        connection.execute(text("DELETE FROM procrastinate.procrastinate_jobs"))
        connection.execute(text("UPDATE deliveries SET state = 'uncertain'"))
    room.app.digests.resolve(digest.id, Resolution.RESEND, room.clock())
    assert [one[0] for one in jobs(room.app.store)] == ["send_batch"]


@pytest.mark.parametrize(("policy", "state"), [("resend", "accepted"), ("hold", "uncertain")])
async def test_what_a_dead_worker_left_is_taken_over(
    tmp_path: Path, postgresql_url: str, relay: Relay, policy: str, state: str
) -> None:
    """It had begun one delivery and held another; its job is "doing", and its heart stands still.

    It died while it looked for others that died, and sent notices; of these the like waits already.
    """
    with newsroom(tmp_path, store_url=postgresql_url, smtp={"url": relay.url}, uncertain=policy) as room:
        room.article("Ferry returns")
        room.reader("ana@example.org")
        room.reader("ben@example.org")
        room.compose()
        with room.app.store.write() as connection:
            for statement in (
                "INSERT INTO senders (name, lease_until) VALUES ('elsewhere/1/x', now() - interval '1 second')",
                "UPDATE deliveries SET sender_id = (SELECT max(id) FROM senders)",
                "UPDATE deliveries SET state = 'begun' WHERE id = (SELECT min(id) FROM deliveries)",
                "INSERT INTO procrastinate.procrastinate_workers OVERRIDING SYSTEM VALUE VALUES (1000, '2020-01-01Z')",
                "UPDATE procrastinate.procrastinate_jobs SET status = 'doing', worker_id = 1000",
            ):
                connection.execute(text(statement))
            for task, status, worker in _LEFT:
                connection.execute(text(_JOB.format(task=task, status=status, worker=worker)))
        await working(room, lambda: not room.equation().outstanding and not jobs(room.app.store))
        found = room.equation()
    assert (found.accepted, found.uncertain) == ((2, 0) if state == "accepted" else (1, 1))


async def test_what_is_put_back_while_its_like_waits_is_done_by_that_one(
    room: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = 0

    async def send_notices(jobs: Jobs, *, stop: asyncio.Event) -> Told:
        nonlocal tried
        tried += 1
        if tried == 1:
            await asyncio.to_thread(jobs.defer, [duties.TELL])
            raise RelayError("the relay", "is away")
        return Told()

    monkeypatch.setattr(Jobs, "send_notices", send_notices)
    room.app.jobs.defer([duties.TELL])
    await working(room, lambda: tried == 2 and not jobs(room.app.store))


async def test_a_relay_that_is_away_keeps_the_ticket(tmp_path: Path, postgresql_url: str) -> None:
    with newsroom(tmp_path, store_url=postgresql_url) as room:
        room.article("Ferry returns")
        room.reader("ana@example.org")
        room.compose()

        def waits() -> bool:
            query = "SELECT attempts > 0 AND scheduled_at > now() FROM procrastinate.procrastinate_jobs"
            query += " WHERE task_name = 'send_batch' AND status = 'todo'"
            with room.app.store.read() as connection:
                return connection.execute(text(query)).scalar() is True

        await working(room, waits)
        assert room.equation().outstanding == 1
