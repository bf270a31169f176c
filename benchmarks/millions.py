"""`python -m benchmarks.millions`: one newsletter with millions of readers on PostgreSQL, day after day.

Readers are made in the database itself, which is not measured: `make bench-import` measures importing. What is: how
long a digest takes to be planned for all of them, how fast the first and then more of its mails go out, what a delivery
costs on disk and in the log, and how long the ledger's sums take while all of it grows.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from rich.console import Console
from rich.table import Table
from sqlalchemy import Connection, text

from benchmarks.children import Meter, Run, measured
from benchmarks.engine import Route, opened, prepare
from benchmarks.machine import workshop_parent
from benchmarks.postgres import Server, postgres
from benchmarks.sinks import best_sink
from syndicate.delivery.send import Sent
from syndicate.jobs.loop import run as run_loop
from syndicate.model import Content, DigestState
from syndicate.store import articles, digests, standing

_DOMAINS = 7000
_READERS = """
INSERT INTO subscribers (email, domain, name, created_at)
SELECT 'reader' || n || '@d' || n % :domains || '.example', 'd' || n % :domains || '.example', 'Reader ' || n, now()
FROM generate_series(CAST(:first AS bigint), :last) AS n
"""
_SUBSCRIPTIONS = """
INSERT INTO subscriptions (subscriber_id, newsletter, state, cadence, topics, watermark, consent, created_at)
SELECT id, 'bench', 'active', 'daily', '', 0, 'bench', now() FROM subscribers
WHERE NOT EXISTS (SELECT 1 FROM subscriptions s WHERE s.subscriber_id = subscribers.id)
"""
_SIZE = """
SELECT pg_total_relation_size(CAST(:name AS regclass)) + coalesce(sum(pg_total_relation_size(relid)), 0)
FROM pg_partition_tree(CAST(:name AS regclass)) WHERE isleaf AND level > 0
"""

T = TypeVar("T")
Figure = tuple[str, str]


def main() -> None:
    """Measures, and prints a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.millions", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="readers")
    parser.add_argument("--days", type=int, default=2, help="digests, one after the other")
    parser.add_argument("--slice", type=int, default=20_000, help="mails that go out of each")
    given = parser.parse_args()
    console = Console(width=100)
    with (
        TemporaryDirectory(prefix="bench-", dir=workshop_parent()) as made,
        postgres() as server,
        best_sink() as sink,
        console.status("making readers") as status,
    ):
        folder, route = Path(made), Route(sink.port, store=server.url)
        server.start_anew()
        prepare(folder, 1, store=server.url, is_queued=False)
        figures = [("readers made in", f"{measured(_fill, folder, route, given.rows):,.0f} s")]
        for day in range(1, given.days + 1):
            status.update(f"day {day}")
            figures += _day(folder, route, server, day, given.slice)
    table = Table(title=f"{given.rows:,} readers on PostgreSQL", title_justify="left", box=None, show_header=False)
    for name, figure in figures:
        table.add_row(name, figure)
    console.print(table)


def _day(folder: Path, route: Route, server: Server, day: int, slice_: int) -> list[Figure]:
    before, written = server.cpu(), server.written()
    planning = measured(_plan, folder, route, day)
    used, planned = server.cpu() - before, server.written() - written
    first = measured(_send, folder, route, slice_)
    before, written = server.cpu(), server.written()
    more = measured(_send, folder, route, slice_)
    sending, sent = server.cpu() - before, server.written() - written
    sizes, asked = measured(_look, folder, route)
    return [
        (f"day {day}: planned", f"{planning.count:,} in {planning.seconds:.1f} s, {used:.1f} s CPU of the database"),
        (f"day {day}: log of that", f"{planned / planning.count:,.0f} octets a delivery"),
        (f"day {day}: the first {first.count:,} sent", f"{first.rate:,.0f} msg/s"),
        (f"day {day}: the next {more.count:,}", f"{more.rate:,.0f} msg/s"),
        (
            f"day {day}: CPU of these",
            f"{_thousand(more.cpu, more):.3f} s/1,000, {_thousand(sending, more):.3f} the database",
        ),
        (f"day {day}: log of these", f"{sent / more.count:,.0f} octets a delivery"),
        *((f"day {day}: {name}", figure) for name, figure in (*sizes, *asked)),
    ]


def _thousand(seconds: float, run: Run) -> float:
    return 1000 * seconds / run.count


def _fill(folder: Path, route: Route, rows: int) -> float:
    began = time.monotonic()
    with closing(opened(folder, route)) as app:
        for first in range(1, rows + 1, 500_000):
            with app.store.write() as connection:
                connection.execute(text("SET LOCAL statement_timeout = 0"))
                numbers = {"first": first, "last": min(rows, first + 499_999), "domains": _DOMAINS}
                connection.execute(text(_READERS), numbers)
                connection.execute(text(_SUBSCRIPTIONS))
        with app.store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("SET statement_timeout = 0"))
            connection.execute(text("VACUUM ANALYZE"))
    return time.monotonic() - began


def _plan(folder: Path, route: Route, day: int) -> Run:
    """An article, a digest of it, and a delivery for everyone."""
    with closing(opened(folder, route)) as app:
        now = datetime.now(UTC)
        slot = now + timedelta(days=day)
        with app.store.write() as connection:
            content = Content(
                guid=f"day{day}", title=f"Day {day}", html="<p>News.</p>", text="News.", slug=f"day-{day}"
            )
            articles.add(connection, "desk", content, now=now, numbered=True)
        with app.store.read() as connection:
            waiting = digests.latest(connection, states=[DigestState.REVIEW])
        for one in waiting:
            app.digests.cancel(one.id, now)
        [digest] = app.digests.compose_due(slot)
        meter = Meter()
        _, planned = app.digests.approve(digest.id, now)
        return meter.read(planned)


def _send(folder: Path, route: Route, count: int) -> Run:
    async def sending() -> int:
        stop = asyncio.Event()

        def progress(sent: Sent) -> None:
            if sent.accepted >= count:
                stop.set()

        return (await app.jobs.send_due(stop=stop, progress=progress)).accepted

    with closing(opened(folder, route)) as app:
        meter = Meter()
        return meter.read(run_loop(sending()))


def _look(folder: Path, route: Route) -> tuple[list[Figure], list[Figure]]:
    with closing(opened(folder, route)) as app, app.store.read() as connection:
        sizes = {name: _size(connection, name) for name in ("deliveries", "attempts", "subscribers", "subscriptions")}
        rows = {name: _count(connection, name) for name in sizes}
        whole, seconds = _timed(lambda: standing.equation(connection))
    assert whole.balances, whole
    told = [
        (f"{name} on disk", f"{size / 1e6:,.0f} MB, {size / max(1, rows[name]):,.0f} octets each")
        for name, size in sizes.items()
    ]
    return told, [("the equation asked for", f"{seconds:.2f} s")]


def _size(connection: Connection, name: str) -> int:
    return int(connection.execute(text(_SIZE), {"name": name}).scalar_one())


def _count(connection: Connection, name: str) -> int:
    return int(connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one())  # noqa: S608 - our own names


def _timed(ask: Callable[[], T]) -> tuple[T, float]:
    began = time.monotonic()
    return ask(), time.monotonic() - began


if __name__ == "__main__":
    main()
