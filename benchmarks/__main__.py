"""`python -m benchmarks`: runs the scenarios, shows a table and keeps it as JSON."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from rich.console import Console

from benchmarks import wires
from benchmarks.cluster import cluster
from benchmarks.fairness import fairness
from benchmarks.figures import Outcome, Plan
from benchmarks.machine import RESULTS, facts, workshop_parent
from benchmarks.memory import memory
from benchmarks.picking import picking
from benchmarks.publishing import publishing
from benchmarks.queueing import queueing
from benchmarks.serving import serving
from benchmarks.splice import splice
from benchmarks.table import show, write


class Scenario(NamedTuple):
    """How to run one, with how many messages or feeds (short, long), and rounds (short, long)."""

    run: Callable[[Path, Plan], list[Outcome]]
    counts: tuple[int, int]
    rounds: tuple[int, int]


SCENARIOS = {
    "engine": Scenario(wires.engine, (20_000, 50_000), (3, 5)),
    "dkim": Scenario(wires.signed, (10_000, 30_000), (3, 5)),
    "tls": Scenario(wires.tls, (4000, 20_000), (3, 5)),
    "distance": Scenario(wires.distance, (4000, 16_000), (3, 5)),
    "chunking": Scenario(wires.chunking, (3000, 12_000), (3, 5)),
    "fairness": Scenario(fairness, (4000, 20_000), (3, 5)),
    "queueing": Scenario(queueing, (1_000_000, 1_000_000), (2, 5)),
    "memory": Scenario(memory, (100_000, 1_000_000), (1, 1)),
    "publishing": Scenario(publishing, (200, 200), (3, 5)),
    "picking": Scenario(picking, (500, 500), (3, 5)),
    "splice": Scenario(splice, (50_000, 200_000), (3, 5)),
    "serving": Scenario(serving, (15_000, 60_000), (5, 7)),
    "cluster": Scenario(cluster, (20_000, 50_000), (3, 5)),
}


def main(words: Sequence[str] | None = None) -> None:
    """Runs what the command line asks for; ends with 1 when a scenario failed, not when one was slow."""
    asked = _arguments().parse_args(words)
    outcomes: list[Outcome] = []
    failed: list[str] = []
    with TemporaryDirectory(prefix="bench-", dir=workshop_parent()) as made:
        workshop = Path(made)
        machine = facts(workshop)
        with Console(stderr=True).status("starting") as status:
            for name in asked.only or SCENARIOS:
                scenario = SCENARIOS[name]
                plan = Plan(
                    count=asked.messages or scenario.counts[asked.long],
                    rounds=asked.rounds or scenario.rounds[asked.long],
                    say=status.update,
                )
                try:
                    outcomes += scenario.run(workshop / name / "service", plan)
                except Exception as error:  # noqa: BLE001 - the others can still be measured
                    failed.append(f"{name} failed, and has no figures: {error}")
    show(machine, outcomes)
    file = asked.json or RESULTS / f"{datetime.now(UTC):%Y-%m-%dT%H%M%SZ}.json"
    write(file, machine, outcomes)
    print(f"kept as {file}")  # noqa: T201
    if failed:
        sys.exit("\n".join(failed))


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--long", action="store_true", help="more messages, more rounds")
    parser.add_argument("--only", action="append", choices=SCENARIOS, metavar="NAME", help=", ".join(SCENARIOS))
    parser.add_argument("--messages", type=int, metavar="N", help="so many messages, or feeds, in every scenario")
    parser.add_argument("--rounds", type=int, metavar="N", help="so many rounds of every scenario")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where the figures go")
    return parser


if __name__ == "__main__":
    main()
