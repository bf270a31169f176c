"""``python -m tests.kill --kills N``: kills a sending process N times and prints what became of its mail."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

from syndicate.watch import logs
from tests.kill.trial import Result, Trial


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
    given = vars(parser.parse_args())
    logs.set_up("auto", "warning")
    with TemporaryDirectory(prefix="kill-") as directory, Console(stderr=True).status("") as status:
        trial = Trial(Path(directory), **given)
        result = trial.run(lambda kills: status.update(f"{kills} of {given['kills']} kills"))
    show(trial, result)
    return 1 if result.broken else 0


def show(trial: Trial, result: Result) -> None:
    """Prints the table, and what is wrong."""
    out = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    table = Table("", "found", "must be", box=None, pad_edge=False)
    for row in (
        ("kills (SIGKILL, while mail went out)", result.kills, trial.kills),
        ("deliveries planned", result.planned, f"{result.digests} × {trial.readers} readers"),
        ("accepted in the ledger", result.accepted, result.planned),
        ("lost", result.lost, 0),
        (
            "repeats",
            result.repeats,
            f"≤ {trial.bound}: kills × {trial.connections} connections × window {trial.window}",
        ),
        ("most copies of one message", result.most_copies, "at most one a process"),
        ("most begun at a kill", result.most_begun, f"≤ {trial.connections * trial.window}"),
        ("Message-IDs", result.identities, f"{result.planned}: one a delivery, the same on every copy"),
        ("the ledger's equation held after", f"{result.balanced:,} kills", f"{result.kills:,}: every one"),
    ):
        table.add_row(*(f"{cell:,}" if isinstance(cell, int) else cell for cell in row))
    out.print(table)
    for one in result.broken:
        out.print(f"BROKEN: {one}", style="bold red", markup=False)


if __name__ == "__main__":
    sys.exit(main())
