"""Queueing: one delivery for each reader, in one transaction, beside a copy of the same rows without indexes."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.children import Meter, Run, measured
from benchmarks.engine import ONE_ARTICLE, copy_of, opened, prepare
from benchmarks.figures import OURS, Outcome, Plan, Target, row
from syndicate.model import DigestState
from syndicate.store import digests

_BARE = "bare INSERT…SELECT"
_MANY, _SECONDS = 1_000_000, 5.0


def queueing(folder: Path, plan: Plan) -> list[Outcome]:
    """Seconds until all are planned and the commit is on disk; the bound holds for a million."""
    plan.say(f"queueing: making {plan.count:,} subscribers")
    prepare(folder, plan.count, size=ONE_ARTICLE, is_queued=False)
    ours, bare = list[Run](), list[Run]()
    for number in range(plan.rounds):
        plan.say(f"queueing: round {number + 1} of {plan.rounds}")
        with copy_of(folder) as copy:
            ours.append(measured(_approve, copy))
            bare.append(measured(_copy_bare, copy))
    mine = row(OURS, [run.seconds for run in ours], ours)
    if plan.count >= _MANY:
        mine = row(OURS, mine.figures, ours, Target("seconds", mine.figure, _SECONDS, is_most=True, unit="s"))
    rows = (mine, row(_BARE, [run.seconds for run in bare], bare))
    return [Outcome("queueing", "one transaction, until its commit is on disk", "s", rows)]


def _approve(folder: Path) -> Run:
    with closing(opened(folder)) as app:
        with app.store.read() as connection:
            [digest] = digests.latest(connection, states=[DigestState.REVIEW])
        meter = Meter()
        _, planned = app.digests.approve(digest.id, datetime.now(UTC))
        return meter.read(planned)


def _copy_bare(folder: Path) -> Run:
    with closing(opened(folder)) as app:
        with app.store.write() as connection:
            connection.exec_driver_sql("CREATE TABLE bare AS SELECT * FROM deliveries LIMIT 0")
        meter = Meter()
        with app.store.write() as connection:
            copied = connection.exec_driver_sql("INSERT INTO bare SELECT * FROM deliveries").rowcount
        return meter.read(copied)
