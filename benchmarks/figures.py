"""What a scenario found: sides with their figures, and how far ours is from where it should be."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.children import Run

OURS = "syndicate"


@dataclass(frozen=True, slots=True)
class Target:
    """A bound that a value should keep: ``value`` ≥ ``bound``, or ≤ when ``is_most``. ``of`` says what it is."""

    of: str
    value: float
    bound: float
    is_most: bool = False
    unit: str = ""

    @property
    def is_met(self) -> bool:
        """Whether it does."""
        return self.value <= self.bound if self.is_most else self.value >= self.bound


@dataclass(frozen=True, slots=True)
class Side:
    """One row: what was measured, one figure a round, in the outcome's unit; CPU seconds per 1,000 messages.

    ``target`` compares ours with this row, or ours with an absolute bound when the row is ours.
    """

    name: str
    figures: tuple[float, ...]
    count: int
    cpu: float | None = None
    target: Target | None = None

    @property
    def figure(self) -> float:
        """The middle one."""
        return median(self.figures)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One scenario's rows; ``about`` says in a line how it was measured."""

    title: str
    about: str
    unit: str
    sides: tuple[Side, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """How much to measure: ``count`` messages of ours in each round. ``say`` is told what is going on."""

    count: int
    rounds: int
    say: Callable[[str], None]


def alternating(sides: Mapping[str, Callable[[], Run]], plan: Plan, title: str) -> dict[str, list[Run]]:
    """Runs every side once a round, so that whatever else the machine does befalls them all alike."""
    runs: dict[str, list[Run]] = {name: [] for name in sides}
    for number in range(plan.rounds):
        for name, run in sides.items():
            plan.say(f"{title}: {name}, round {number + 1} of {plan.rounds}")
            runs[name].append(run())
    return runs


def throughput(
    title: str,
    about: str,
    sides: Mapping[str, Callable[[], Run]],
    bounds: Mapping[str, float],
    plan: Plan,
    *,
    unit: str = "msg/s",
) -> Outcome:
    """So many a second of every side; ``bounds`` says how many times each reference's ours should be."""
    runs = alternating(sides, plan, title)
    ours = median(run.rate for run in runs[OURS])
    rows = []
    for name, found in runs.items():
        ratio = ours / median(run.rate for run in found)
        target = Target(f"÷ {name}", ratio, bounds[name]) if name in bounds else None
        rows.append(row(name, [run.rate for run in found], found, target))
    return Outcome(title, about, unit, tuple(rows))


def row(name: str, figures: Sequence[float], runs: Sequence[Run], target: Target | None = None) -> Side:
    """One side's row, with what it took of the CPU."""
    cpu = median(1000 * run.cpu / run.count for run in runs)
    return Side(name, tuple(figures), runs[0].count, cpu, target)
