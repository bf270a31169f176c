"""Memory: the most that a sending process ever holds, for few readers and for many."""

from __future__ import annotations

from pathlib import Path

from benchmarks.children import Run
from benchmarks.engine import ONE_ARTICLE, Route, prepare, send
from benchmarks.figures import Outcome, Plan, Target, row
from benchmarks.sinks import bundled_sink

_FEW, _MORE = 10_000, 40.0


def memory(folder: Path, plan: Plan) -> list[Outcome]:
    """Peak resident memory of the sending process alone; the sink is another process."""
    few = min(_FEW, max(1, plan.count // 10))
    less = _sending(folder / "few", few, plan)
    more = _sending(folder / "many", plan.count, plan)
    target = Target("more than for few", more.peak - less.peak, _MORE, is_most=True, unit="MB")
    rows = (row(f"{few:,} readers", [less.peak], [less]), row(f"{plan.count:,} readers", [more.peak], [more], target))
    return [Outcome("memory", "peak while sending, 8 connections", "MB", rows)]


def _sending(folder: Path, count: int, plan: Plan) -> Run:
    plan.say(f"memory: making {count:,} subscribers")
    prepare(folder, count, size=ONE_ARTICLE)
    plan.say(f"memory: sending to {count:,}")
    with bundled_sink() as sink:
        return send(folder, Route(sink.port))
