"""``python -m tests.kill --kills N``: kills a sending process N times and prints what became of its mail.

With ``--cluster`` it is several workers, the scheduler, PostgreSQL, and the lines to it and to the relay, whatever
comes by chance. That takes a PostgreSQL server of its own and minutes of waiting for leases to run out, so no part of
it is in ``make test``. With ``--pace`` several workers share one rate.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

from syndicate.watch import logs
from tests.kill.cluster import ClusterTrial
from tests.kill.pace import PaceTrial
from tests.kill.trial import Result, Row, Trial


def main() -> int:
    """Runs one trial; the exit code is 1 when anything was not as it must be."""
    parser = argparse.ArgumentParser(prog="python -m tests.kill", description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument(
        "--readers", type=int, default=5000, help="of each digest; a new one is planned when all is sent"
    )
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1, help="of the moments at which it is killed")
    parser.add_argument("--chunking", action="store_true", help="the server offers CHUNKING: a window per connection")
    parser.add_argument("--cluster", action="store_true", help="serve, workers, PostgreSQL and lines fail instead")
    parser.add_argument("--workers", type=int, default=3, help="with --cluster and --pace")
    parser.add_argument("--pace", type=int, metavar="RATE", help="workers share so many messages a second instead")
    parser.add_argument("--seconds", type=int, default=60, help="with --pace")
    given = parser.parse_args()
    if given.chunking and (given.cluster or given.pace):
        parser.error("--chunking is for one process")
    logs.set_up("auto", "warning")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that nothing stays behind
    with TemporaryDirectory(prefix="kill-") as directory, Console(stderr=True).status("") as status:
        trial = _trial(Path(directory), given)
        result = trial.run(lambda count: status.update(f"{count:,} {'messages' if given.pace else 'kills'}"))
    show(trial.rows(), result)
    return 1 if result.broken else 0


def _trial(directory: Path, given: argparse.Namespace) -> Trial | ClusterTrial | PaceTrial:
    if given.pace:
        return PaceTrial(
            directory,
            rate=given.pace,
            seconds=given.seconds,
            workers=given.workers,
            connections=given.connections,
        )
    common = {name: getattr(given, name) for name in ("kills", "readers", "connections", "seed")}
    if given.cluster:
        return ClusterTrial(directory, workers=given.workers, **common)
    return Trial(directory, chunking=given.chunking, **common)


def show(rows: Sequence[Row], result: Result) -> None:
    """Prints the table, and what is wrong."""
    out = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    table = Table("", "found", "must be", box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(f"{cell:,}" if isinstance(cell, int) else cell for cell in row))
    out.print(table)
    for one in result.broken:
        out.print(f"BROKEN: {one}", style="bold red", markup=False)


if __name__ == "__main__":
    sys.exit(main())
