"""Many machines: one database on PostgreSQL and 1, 2 and 4 workers as processes, beside the embedded default.

All of them share this machine, so on loopback more workers can be no quicker than its cores; what they must not do is
cost each other time. A relay at a distance leaves the cores idle, and there each worker adds its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks.children import Meter, Run, served
from benchmarks.delay import far_away
from benchmarks.engine import Route, copy_of, opened, prepare, send
from benchmarks.figures import Outcome, Plan, Side, Target, alternating, row
from benchmarks.postgres import Server, postgres
from benchmarks.sinks import Sink, best_sink
from syndicate.app import App
from syndicate.jobs.cluster.worker import Worker
from syndicate.jobs.loop import run as run_loop

EMBEDDED = "embedded, SQLite"
_WORKERS = {"1 worker": 1, "2 workers": 2, "4 workers": 4}
_ONE, _TWO, _FOUR = _WORKERS
_ROUND_TRIP = 0.02
_FAR_CONNECTIONS = 4
_LONGER = 3
"""60,000 mails instead of 20,000: to open everything, and to post the last entries of the journal, takes a worker some
quarter of a second, whatever it sends."""

_SLOWER = 2.5
"""8,000 mails: sixteen tickets, which one, two and four workers share without a rest."""
_SHARE = 0.25
_OUTSTANDING = (
    """SELECT 1 FROM deliveries WHERE id = (SELECT max(id) FROM deliveries) AND state IN ('queued', 'begun')""",
    """SELECT 1 FROM deliveries WHERE state = 'queued' LIMIT 1""",
    """SELECT 1 FROM deliveries WHERE state = 'begun' LIMIT 1""",
)
"""The last one first, for what is in front of an index was outstanding before, and is passed over each time: so the
questions cost the database next to nothing."""


def cluster(folder: Path, plan: Plan) -> list[Outcome]:
    """On loopback beside SQLite, the database's share of the CPU, and 1, 2 and 4 workers far from their relay."""
    with postgres() as server:
        plan.say("cluster: making subscribers in both databases")
        more, fewer = plan.count * _LONGER, max(1, int(plan.count / _SLOWER))
        prepare(folder / "embedded", more)
        server.start_anew()
        prepare(folder / "cluster", more, store=server.url)
        near, databases = _near(folder, server, plan)
        server.start_anew()
        prepare(folder / "far", fewer, store=server.url)
        return [near, databases, _far(folder / "far", server, plan)]


def _near(folder: Path, server: Server, plan: Plan) -> tuple[Outcome, Outcome]:
    used: dict[str, list[_Others]] = {name: [] for name in _WORKERS}
    with best_sink() as sink:
        sides: dict[str, Callable[[], Run]] = {EMBEDDED: partial(_embedded, folder / "embedded", Route(sink.port))}
        for name, count in _WORKERS.items():
            sides[name] = partial(_several, folder / "cluster", server, sink, Route(sink.port), count, used[name])
        runs = alternating(sides, plan, "cluster")
        about = f"{sink.name}, 8 connections for each process; CPU is the workers' own"
    bounds = {_ONE: (EMBEDDED, 0.8), _TWO: (_ONE, 1.0), _FOUR: (_ONE, 1.0)}
    near = Outcome("cluster, loopback", about, "msg/s", _rows(runs, bounds))
    shares = [
        side for name, others in used.items() for side in _shares(name, list(zip(others, runs[name], strict=True)))
    ]
    return near, Outcome("cluster, the database's CPU", "all CPU is the relay's too", "s/1,000", tuple(shares))


def _shares(name: str, both: list[tuple[_Others, Run]]) -> Iterator[Side]:
    """Both ways to read it: beside all that runs, and beside the workers alone."""
    count = both[0][1].count
    per_thousand = tuple(1000 * one.database / run.count for one, run in both)
    total = median(one.database / (one.database + one.relay + run.cpu) for one, run in both)
    ours = median(one.database / (one.database + run.cpu) for one, run in both)
    yield Side(f"with {name}", per_thousand, count, None, Target("of all CPU", total, _SHARE, is_most=True))
    target = Target("of the workers' and its own", ours, _SHARE, is_most=True)
    yield Side("  the relay left out", per_thousand, count, None, target)


def _far(folder: Path, server: Server, plan: Plan) -> Outcome:
    with best_sink() as sink, far_away(sink.port, _ROUND_TRIP) as port:
        route = Route(port, connections=_FAR_CONNECTIONS)
        sides = {name: partial(_several, folder, server, sink, route, count, []) for name, count in _WORKERS.items()}
        runs = alternating(sides, plan, "cluster, far")
    about = f"{sink.name}, {_FAR_CONNECTIONS} connections a worker"
    bounds = {_TWO: (_ONE, 1.9), _FOUR: (_ONE, 3.6)}
    return Outcome("cluster, 20 ms to the relay", about, "msg/s", _rows(runs, bounds))


def _rows(runs: dict[str, list[Run]], bounds: dict[str, tuple[str, float]]) -> tuple[Side, ...]:
    rates = {name: median(run.rate for run in found) for name, found in runs.items()}
    sides = []
    for name, found in runs.items():
        target = None
        if name in bounds:
            other, bound = bounds[name]
            target = Target(f"÷ {other}", rates[name] / rates[other], bound)
        sides.append(row(name, [run.rate for run in found], found, target))
    return tuple(sides)


def _embedded(folder: Path, route: Route) -> Run:
    with copy_of(folder) as copy:
        return send(copy, route)


class _Others(NamedTuple):
    """Seconds of CPU that one run took of whoever is no worker."""

    database: float
    relay: float


def _several(folder: Path, server: Server, sink: Sink, route: Route, workers: int, used: list[_Others]) -> Run:
    """All workers begin together, once each has opened the database; it ends when nothing is outstanding any more."""
    with server.copy() as url, ExitStack() as stack:
        there = Route(route.port, route.connections, store=url)
        lines = [stack.enter_context(served(_work, folder, there)) for _ in range(workers)]
        planned = max(line.recv() for line in lines)
        before, meter = _Others(server.cpu(), sink.cpu()), Meter()
        for line in lines:
            line.send("go")
        server.wait_until_none(url, *_OUTSTANDING)
        seconds = meter.read(planned).seconds
        for line in lines:
            line.send("stop")
        cpu = sum(line.recv() for line in lines)
        server.wait_until_left()
        used.append(_Others(server.cpu() - before.database, sink.cpu() - before.relay))
        with closing(opened(folder, there)) as app:
            equation = app.jobs.outstanding()
    if not equation.balances or not 0 < planned == equation.accepted:
        raise RuntimeError(f"not all was accepted: {equation}")
    return Run(planned, seconds, cpu)


def _work(line: Connection, folder: Path, route: Route) -> None:
    """One worker: says what there is to do, works while it is told to, and says what CPU that took."""
    with closing(opened(folder, route)) as app:
        line.send(app.jobs.outstanding().outstanding)
        line.recv()
        meter = Meter()
        run_loop(_working(app, line))
        line.send(meter.read(0).cpu)


async def _working(app: App, line: Connection) -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    loop.add_reader(line.fileno(), stop.set)
    await Worker(app.jobs, ["send"], concurrency=4).run(stop)
    loop.remove_reader(line.fileno())
    line.recv()
