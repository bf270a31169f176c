"""Pick-up: many feeds on loopback, looked at first and then unchanged; and one long feed, beside feedparser alone."""

from __future__ import annotations

import asyncio
import io
import resource
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median

import feedparser

from benchmarks.articles import prose
from benchmarks.children import Meter, Run, measured, served
from benchmarks.figures import OURS, Outcome, Plan, Side, Target, alternating, row, throughput
from syndicate.app import App, open_app
from syndicate.jobs.loop import run as run_loop
from syndicate.pickup.bounded import children
from syndicate.pickup.bounded.wire import Task
from syndicate.settings import Settings

_ARTICLES, _OCTETS = 20, 2000
_LONG = 1000
_UNCHANGED_MS = 3.0
"""CPU time for each feed that did not change."""
_BEGAN = datetime(2026, 3, 2, 7, tzinfo=UTC)
_FIRST, _AGAIN = "looked at first", "unchanged (304)"


def picking(folder: Path, plan: Plan) -> list[Outcome]:
    """``plan.count`` feeds, each at a host of its own, so that politeness delays none."""
    with served(_serve) as line:
        port = line.recv()
        count = plan.count + 1
        sides = {_FIRST: partial(_fresh, folder, count, port), _AGAIN: partial(_again, folder, count, port)}
        runs = alternating(sides, plan, "picking")
    cpu = median(1000 * run.cpu / run.count for run in runs[_AGAIN])
    bounds = {_AGAIN: Target("CPU of each", cpu, _UNCHANGED_MS, is_most=True, unit="ms")}
    rows = tuple(_rate(name, found, bounds.get(name)) for name, found in runs.items())
    size = f"{_ARTICLES} articles of {_OCTETS / 1000:g} kB"
    about = f"{plan.count} feeds of {size} on loopback, after a first one, until all is kept"
    parsers = {OURS: partial(measured, _parse), "feedparser alone": partial(measured, _feedparser)}
    what = f"a feed of {_LONG:,} articles of {_OCTETS / 1000:g} kB; ours are clean, in another process, and come back"
    return [
        Outcome("picking up", about, "feeds/s", rows),
        throughput("parsing a long feed", what, parsers, {}, plan, unit="feeds/s"),
    ]


def _rate(name: str, runs: list[Run], target: Target | None) -> Side:
    return row(name, [run.rate for run in runs], runs, target)


def _fresh(folder: Path, count: int, port: int) -> Run:
    for path in folder.glob("*.db*"):
        path.unlink()
    return measured(_look, folder, count, port, _BEGAN)


def _again(folder: Path, count: int, port: int) -> Run:
    return measured(_look, folder, count, port, _BEGAN + timedelta(hours=1))


def _look(folder: Path, count: int, port: int, now: datetime) -> Run:
    folder.mkdir(parents=True, exist_ok=True)
    with closing(_opened(folder, count, port)) as app:
        first, *names = [one.name for one in app.settings.sources]
        run_loop(app.jobs.pick_up([first], now, even_if_not_due=True))
        meter, before = Meter(), _of_children()
        found = run_loop(app.jobs.pick_up(names, now, even_if_not_due=True))
        wrong = [one.error for one in found if one.error]
        if wrong:
            raise RuntimeError(f"{len(wrong)} feeds failed: {wrong[0]}")
        run = meter.read(len(found))
        children.end()
        return Run(run.count, run.seconds, run.cpu + _of_children() - before, run.began, run.peak)


def _parse() -> Run:
    body = _feed(0, _LONG)
    children.parse_now(Task("feed", _feed(0, 1), "https://wire.example/"))
    before = _of_children()
    meter = Meter()
    read = children.parse_now(Task("feed", body, "https://wire.example/"))
    run = meter.read(1)
    if len(read.contents) != _LONG:
        raise RuntimeError(f"{len(read.contents)} articles were read")
    children.end()
    return Run(1, run.seconds, run.cpu + _of_children() - before)


def _feedparser() -> Run:
    body = _feed(0, _LONG)
    feedparser.parse(io.BytesIO(_feed(0, 1)))
    meter = Meter()
    if len(feedparser.parse(io.BytesIO(body)).entries) != _LONG:
        raise RuntimeError("feedparser has lost some")
    return meter.read(1)


def _of_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _serve(line: Connection) -> None:
    """Answers ``/NUMBER`` with that feed, at every address of this machine, until the line is closed."""
    bodies: dict[int, bytes] = {}

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                number = int(head.split(b" ", 2)[1].rpartition(b"/")[2])
                if b"if-none-match" in head.lower():
                    writer.write(b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n')
                    continue
                body = bodies.setdefault(number, _feed(number, _ARTICLES))
                writer.write(b'HTTP/1.1 200 OK\r\nETag: "1"\r\nContent-Length: %d\r\n\r\n%b' % (len(body), body))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def until_closed() -> None:
        server = await asyncio.start_server(answer, "0.0.0.0", 0, backlog=1000)  # noqa: S104 - all of 127.0.0.0/8
        line.send(server.sockets[0].getsockname()[1])
        await asyncio.to_thread(line.poll, None)
        server.close()

    asyncio.run(until_closed())


def _feed(number: int, articles: int) -> bytes:
    items = "".join(_item(number, one) for one in range(articles))
    head = '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>Wire</title>'
    return f"{head}{items}</channel></rss>".encode()


def _item(number: int, one: int) -> str:
    text = prose(number * 10**6 + one, _OCTETS)
    at = time.strftime("%a, %d %b %Y %H:%M:%S GMT", (_BEGAN - timedelta(hours=one)).timetuple())
    return (
        f"<item><title>{text[:60]}</title><guid>{number}/{one}</guid><link>https://wire.example/{number}/{one}</link>"
        f"<pubDate>{at}</pubDate><description>&lt;p&gt;{text}&lt;/p&gt;</description></item>"
    )


def _opened(folder: Path, count: int, port: int) -> App:
    return open_app(
        Settings.model_validate(
            {
                "directory": folder,
                "site": {
                    "name": "Bench",
                    "url": "https://news.bench.example",
                    "postal_address": "1 Bench Street",
                    "secret": "a secret that is long enough for a benchmark",
                },
                "smtp": {"url": "smtp://127.0.0.1:9"},
                "fetch": {"allow_private": True},
                "sources": [
                    {
                        "name": f"wire-{number}",
                        "kind": "feed",
                        "url": f"http://127.1.{number // 250}.{1 + number % 250}:{port}/{number}",
                    }
                    for number in range(count)
                ],
            }
        )
    )
