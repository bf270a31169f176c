"""`python -m benchmarks.roster`: how fast a file of subscribers is imported, and in how much memory.

Beside it: the same rows, read by Python's csv module and put into the same tables of another SQLite file by bare
``executemany``, without looking at what any of them says. Both run in processes of their own.
"""

from __future__ import annotations

import argparse
import csv
import gc
import json
import resource
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console
from rich.table import Table

from syndicate.audience import Roster, Terms
from syndicate.audience.traces import Traces
from syndicate.settings import Newsletter
from syndicate.store import Store

_TARGET = 60.0
"""Seconds for a million rows."""

_BATCH = 5000
_NEWSLETTER = Newsletter(
    slug="brief", title="The Brief", sender="News <news@example.org>", cadences={"daily": "0 7 * * *"}
)


def main() -> None:
    """Measures, and prints a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.roster", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--dir", type=Path, help="where the files lie meanwhile; else the system's folder for such")
    parser.add_argument("--child", choices=_CHILDREN, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        _CHILDREN[given.child](given.dir, given.rows)
        return
    console = Console()
    with TemporaryDirectory(dir=given.dir) as name:
        folder = Path(name)
        _write(folder / "people.csv", given.rows)
        found = {child: _measured(child, folder, given.rows) for child in _CHILDREN}
    _show(console, given.rows, found)


def _write(file: Path, rows: int) -> None:
    with file.open("w", encoding="utf-8") as out:
        out.write("email,name,language,timezone,tags\n")
        for number in range(rows):
            out.write(
                f"reader{number * 7919 % rows}@host{number % 7000}.example.org,Reader {number},"
                f"{'en' if number % 3 else 'sr-Latn'},Europe/Belgrade,{'vip' if number % 10 == 0 else ''}\n"
            )


def _measured(child: str, folder: Path, rows: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.roster", "--child", child, "--dir", str(folder), "--rows", str(rows)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _import(folder: Path, rows: int) -> None:
    with _store(folder / "import.db") as store:
        run = _roster(store, folder).carry()
        _tell(run, rows)


def _compare(folder: Path, rows: int) -> None:
    with _store(folder / "import.db") as store:
        _tell(_roster(store, folder).compare(), rows)


def _reference(folder: Path, rows: int) -> None:
    with _store(folder / "bare.db"):
        pass
    _tell(_bare(folder), rows)


def _bare(folder: Path) -> Iterator[None]:
    database = sqlite3.connect(folder / "bare.db", isolation_level=None)
    database.execute("PRAGMA synchronous=FULL")
    people = (
        "INSERT INTO subscribers (email, domain, name, language, timezone, tags, created_at) VALUES (?,?,?,?,?,?,1)"
    )
    theirs = (
        "INSERT INTO subscriptions (subscriber_id, newsletter, state, cadence, topics, watermark, consent, created_at) "
        "VALUES (?, 'brief', 'active', 'daily', '', 0, 'import', 1)"
    )
    said = (
        "INSERT INTO consents (subscriber_id, newsletter, kind, via, source, wording, asked_at) "
        "VALUES (?, 'brief', 'given', 'import', 'import', '', 1)"
    )
    number = 0
    with (folder / "people.csv").open(encoding="utf-8", newline="") as lines:
        rows = csv.reader(lines)
        next(rows)
        while batch := list(islice(rows, _BATCH)):
            ids = [(number + at,) for at in range(1, len(batch) + 1)]
            database.execute("BEGIN IMMEDIATE")
            database.executemany(people, [(row[0], row[0].rpartition("@")[2], *row[1:]) for row in batch])
            database.executemany(theirs, ids)
            database.executemany(said, ids)
            database.execute("COMMIT")
            number += len(batch)
            yield
    database.close()


@contextmanager
def _store(file: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{file}")
    store.migrate()
    try:
        yield store
    finally:
        store.close()


def _roster(store: Store, folder: Path) -> Roster:
    return Roster(
        store,
        [_NEWSLETTER],
        folder / "people.csv",
        Terms(),
        traces=Traces("a secret of this benchmark, of 32 characters"),
        rejected=folder / "rejected.csv",
        now=datetime.now(UTC),
    )


def _tell(run: Iterator[object], rows: int) -> None:
    """Prints seconds, and the most memory so far after a tenth of the rows and at the end."""
    gc.disable()  # as the command does
    began, cpu, early = time.perf_counter(), time.process_time(), 0
    for number, _ in enumerate(run, 1):
        gc.collect(0)
        if number * _BATCH <= max(_BATCH, rows // 10):
            early = _peak()
    seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "cpu": time.process_time() - cpu, "early": early, "peak": _peak()}))  # noqa: T201


def _peak() -> int:
    """Megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 * 1024 if sys.platform == "darwin" else 1024)


_CHILDREN = {"import": _import, "compare": _compare, "reference": _reference}
_NAMES = {
    "import": "import",
    "compare": "compare (all rows known)",
    "reference": "csv and executemany alone",
}


def _show(console: Console, rows: int, found: Mapping[str, Mapping[str, float]]) -> None:
    table = Table(title=f"{rows:,} rows into SQLite", title_justify="left", box=None, header_style="bold")
    for column in ("", "seconds", "of it CPU", "rows/s", "times the bare", "MB at a tenth", "MB at most"):
        table.add_column(column, justify="right" if column else "left")
    bare = found["reference"]["seconds"]
    for child, name in _NAMES.items():
        one = found[child]
        table.add_row(
            name,
            f"{one['seconds']:.1f}",
            f"{one['cpu']:.1f}",
            f"{rows / one['seconds']:,.0f}",
            f"{one['seconds'] / bare:.1f}",
            f"{one['early']}",
            f"{one['peak']}",
        )
    console.print(table)
    allowed = _TARGET * rows / 1_000_000
    verdict = "within" if found["import"]["seconds"] <= allowed else "NOT within"
    console.print(f"{verdict} the {_TARGET:.0f} s for a million rows")


if __name__ == "__main__":
    main()
