"""Fairness: what nine recipient domains lose when the tenth answers every RCPT a second late."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.children import Run, served
from benchmarks.engine import Route, copy_of, prepare, send_until_told
from benchmarks.figures import Outcome, Plan, Target, alternating, row
from benchmarks.sink import Manners
from benchmarks.sinks import Sink, bundled_sink

_DOMAINS, _TARPIT = 10, "d0.example"
_ALL_WELL, _ONE_SLOW = "all ten answer at once", "one of ten tarpits"
_BOUND = 0.95
_LOOK_EVERY = 0.02


def fairness(folder: Path, plan: Plan) -> list[Outcome]:
    """Messages a second of the other nine, until the sink has the last of theirs."""
    prepare(folder, plan.count, domains=_DOMAINS)
    others = sum(1 for number in range(plan.count) if number % _DOMAINS)
    sides = {
        _ALL_WELL: partial(_others, folder, others, ""),
        _ONE_SLOW: partial(_others, folder, others, _TARPIT),
    }
    runs = alternating(sides, plan, "fairness")
    rates = {name: [run.rate for run in found] for name, found in runs.items()}
    ratio = median(rates[_ONE_SLOW]) / median(rates[_ALL_WELL])
    rows = (
        row(_ALL_WELL, rates[_ALL_WELL], runs[_ALL_WELL]),
        row(_ONE_SLOW, rates[_ONE_SLOW], runs[_ONE_SLOW], Target(f"÷ {_ALL_WELL}", ratio, _BOUND)),
    )
    return [Outcome("fairness", "the other nine, 8 connections, bundled sink", "msg/s", rows)]


def _others(folder: Path, others: int, tarpit: str) -> Run:
    """Stops the sending when the others have theirs: the tarpit's own would take minutes more."""
    with (
        copy_of(folder) as copy,
        bundled_sink(Manners(tarpit_domain=tarpit)) as sink,
        served(send_until_told, copy, Route(sink.port)) as line,
    ):
        while _arrived(sink)[0] < others and not line.poll(_LOOK_EVERY):
            pass
        with suppress(OSError):  # it may have ended by itself
            line.send("stop")
        run: Run = line.recv()
        count, latest = _arrived(sink)
    if count != others:
        raise RuntimeError(f"{count} of the {others} messages for the other domains arrived")
    return Run(count, latest - run.began, run.cpu, run.began, run.peak)


def _arrived(sink: Sink) -> tuple[int, float]:
    """How many for the other domains, and when the newest."""
    found = [arrived for domain, arrived in sink.arrived().items() if domain != _TARPIT]
    return sum(one.count for one in found), max((one.latest for one in found), default=0.0)
