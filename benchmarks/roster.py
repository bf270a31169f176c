"""`python -m benchmarks.roster`: how fast a file of subscribers is imported, and in how much memory.

Beside it: the same rows, read by Python's csv module and put into the same tables of another database by bare
``executemany``, or COPY on PostgreSQL, without looking at what any of them says. All run in processes of their own.
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
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
from rich.console import Console
from rich.table import Table

from benchmarks.machine import workshop_parent
from benchmarks.postgres import Server, postgres
from syndicate.audience import Roster, Terms
from syndicate.audience.roster import Progress
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
    parser.add_argument("--store", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--only", choices=_CHILDREN, action="append", help="some of it; may be repeated")
    parser.add_argument("--child", choices=_CHILDREN, help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        _CHILDREN[given.child](given.dir / "people.csv", given.url)
        return
    wanted = [child for child in _CHILDREN if not given.only or child in given.only]
    with TemporaryDirectory(prefix="bench-", dir=given.dir or workshop_parent()) as name:
        file = Path(name, "people.csv")
        _write(file, given.rows)
        if given.store == "sqlite":
            urls = {child: f"sqlite:///{name}/{_DATABASES[child]}.db" for child in wanted}
            found = {child: _measured(child, file, url) for child, url in urls.items()}
        else:
            with postgres() as server:
                found = {child: _beside(server, child, file, given.rows) for child in wanted}
    _show(Console(width=110), given, found)


def _write(file: Path, rows: int) -> None:
    with file.open("w", encoding="utf-8") as out:
        out.write("email,name,language,timezone,tags\n")
        for number in range(rows):
            out.write(
                f"reader{number * 7919 % rows}@host{number % 7000}.example.org,Reader {number},"
                f"{'en' if number % 3 else 'sr-Latn'},Europe/Belgrade,{'vip' if number % 10 == 0 else ''}\n"
            )


def _measured(child: str, file: Path, url: str) -> dict[str, Any]:
    given = ("--child", child, "--dir", str(file.parent), "--url", url)
    command = [sys.executable, "-m", "benchmarks.roster", *given]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _beside(server: Server, child: str, file: Path, rows: int) -> dict[str, Any]:
    """The same on PostgreSQL, with what the server needed."""
    if child != "compare":
        server.start_anew()
    before, log = server.cpu(), server.written()
    found = _measured(child, file, server.url)
    server.wait_until_left()
    return found | {"server": server.cpu() - before, "log": (server.written() - log) / rows}


def _import(file: Path, url: str) -> None:
    with _store(url) as store:
        _tell(_roster(store, file).carry())


def _compare(file: Path, url: str) -> None:
    with _store(url) as store:
        _tell(_roster(store, file).compare())


def _reference(file: Path, url: str) -> None:
    with _store(url) as store:
        kind, address = url.partition(":")[0], store.address
    _tell(_bare(file, url.removeprefix("sqlite:///")) if kind == "sqlite" else _copied(file, address))


def _batches(file: Path) -> Iterator[list[list[str]]]:
    with file.open(encoding="utf-8", newline="") as lines:
        rows = csv.reader(lines)
        next(rows)
        while batch := list(islice(rows, _BATCH)):
            yield batch


def _bare(file: Path, name: str) -> Iterator[None]:
    database = sqlite3.connect(name, isolation_level=None)
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
    with closing(database):
        for batch in _batches(file):
            ids = [(number + at,) for at in range(1, len(batch) + 1)]
            database.execute("BEGIN IMMEDIATE")
            database.executemany(people, [(row[0], row[0].rpartition("@")[2], *row[1:]) for row in batch])
            database.executemany(theirs, ids)
            database.executemany(said, ids)
            database.execute("COMMIT")
            number += len(batch)
            yield


def _copied(file: Path, address: str) -> Iterator[None]:
    people = "COPY subscribers (id, email, domain, name, language, timezone, tags, created_at) FROM STDIN"
    theirs = (
        "COPY subscriptions (subscriber_id, newsletter, state, cadence, topics, watermark, consent, created_at) "
        "FROM STDIN"
    )
    said = "COPY consents (subscriber_id, newsletter, kind, via, source, wording, asked_at) FROM STDIN"
    number, then = 0, "2026-03-01T06:00:00Z"
    with psycopg.connect(address) as database:
        for batch in _batches(file):
            ids = range(number + 1, number + len(batch) + 1)
            tables: dict[str, Iterator[tuple[object, ...]]] = {
                people: (
                    (at, row[0], row[0].rpartition("@")[2], *row[1:], then) for at, row in zip(ids, batch, strict=True)
                ),
                theirs: ((at, "brief", "active", "daily", "", 0, "import", then) for at in ids),
                said: ((at, "brief", "given", "import", "import", "", then) for at in ids),
            }
            for into, rows in tables.items():
                with database.cursor().copy(into) as copy:
                    for row in rows:
                        copy.write_row(row)
            database.commit()
            number += len(batch)
            yield


@contextmanager
def _store(url: str) -> Iterator[Store]:
    store = Store(url)
    store.migrate()
    try:
        yield store
    finally:
        store.close()


def _roster(store: Store, file: Path) -> Roster:
    return Roster(
        store,
        [_NEWSLETTER],
        file,
        Terms(),
        traces=Traces("a secret of this benchmark, of 32 characters"),
        rejected=file.with_name("rejected.csv"),
        now=datetime.now(UTC),
    )


def _tell(run: Iterator[object]) -> None:
    """Prints seconds, and the most memory so far after a tenth of the rows and at the end."""
    gc.disable()  # as the command does
    began, cpu, early = time.perf_counter(), time.process_time(), 0
    for step in run:
        gc.collect(0)
        if not early or (isinstance(step, Progress) and step.done <= step.size // 10):
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
    "reference": "csv and bare inserts",
}
_DATABASES = {"import": "import", "compare": "import", "reference": "bare"}


def _show(console: Console, given: argparse.Namespace, found: Mapping[str, Mapping[str, float]]) -> None:
    name = "PostgreSQL" if given.store == "postgresql" else "SQLite"
    columns: dict[str, Callable[[Mapping[str, float]], str]] = {
        "seconds": lambda one: f"{one['seconds']:.1f}",
        "of it CPU": lambda one: f"{one['cpu']:.1f}",
        "rows/s": lambda one: f"{given.rows / one['seconds']:,.0f}",
        "MB at a tenth": lambda one: f"{one['early']}",
        "MB at most": lambda one: f"{one['peak']}",
    }
    if "reference" in found:
        columns["times the bare"] = lambda one: f"{one['seconds'] / found['reference']['seconds']:.1f}"
    if given.store == "postgresql":
        columns["CPU of the server"] = lambda one: f"{one['server']:.1f}"
        columns["log, octets a row"] = lambda one: f"{one['log']:,.0f}"
    table = Table(title=f"{given.rows:,} rows into {name}", title_justify="left", box=None, header_style="bold")
    table.add_column("")
    for column in columns:
        table.add_column(column, justify="right")
    for child, one in found.items():
        table.add_row(_NAMES[child], *(tell(one) for tell in columns.values()))
    console.print(table)
    if "import" in found:
        verdict = "within" if found["import"]["seconds"] <= _TARGET * given.rows / 1_000_000 else "NOT within"
        console.print(f"{verdict} the {_TARGET:.0f} s for a million rows")


if __name__ == "__main__":
    main()
