"""Kills workers, the scheduler and PostgreSQL itself while a digest goes out, and holds the ledger against the server.

Everything is as operators run it: ``syndicate serve`` and several ``syndicate worker`` as processes, PostgreSQL with
durable commits. A worker or ``serve`` dies by SIGKILL, the database by an *immediate* stop, which is a crash to it. Or
a worker's line to the database or to the relay is cut for a while, without a word to either side.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from syndicate.app import open_app
from syndicate.audience.roster import import_roster
from syndicate.settings import load
from tests.cli.command import command
from tests.kill.database import Database
from tests.kill.lines import Line, Place, ground
from tests.kill.log import ServerLog
from tests.kill.trial import SETTINGS, Result, Row, adds_up, check_digest, common_rows
from tests.newsroom import Clock, Newsroom

_PATIENCE = 180.0
"""Seconds until what a kill left behind must be sent: leases and heartbeats run out first."""

_CUT_S = (3.0, 20.0, 90.0)
"""Seconds that a cut takes: TCP makes up for it; a lease does; all timeouts and leases are over before it ends."""

_CLUSTER = """
[web]
listen = "127.0.0.1:0"

[store]
url = "{store}"
"""


@dataclass
class Member:
    """One process of the cluster."""

    name: str
    words: tuple[str, ...]
    place: Place
    process: subprocess.Popen[bytes] | None = None


class ClusterTrial:
    """One database, ``serve``, so many workers, and a server for their mail beside them."""

    def __init__(
        self, directory: Path, *, kills: int, readers: int, connections: int, seed: int, workers: int = 3
    ) -> None:
        self.kills, self.readers, self.connections, self.workers = kills, readers, connections, workers
        self.result = Result()
        self.bound = 0
        self.struck: Counter[str] = Counter()
        self._directory = directory
        self._random = random.Random(seed)
        self._log = ServerLog(directory / "server.log")
        self._members = [Member("serve", ("serve",), Place([], {}, ()))]
        self._form = ""

    def run(self, progress: Callable[[int], None] = lambda kills: None) -> Result:
        """Kills as often as it was told to, lets the rest be sent, and checks."""
        (self._directory / "articles").mkdir()
        with ground(self._directory, self.workers) as (database, port, places, self._form):
            workers = (Member(f"worker {n}", ("worker", "--queues", "send"), one) for n, one in enumerate(places, 1))
            self._members.extend(workers)
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
        struck = ", ".join(f"{count} × {name}" for name, count in self.struck.most_common())
        allowed = f"≤ {self.bound}: {self.connections} connections for a worker or a line, all for the database"
        return [
            ("blows, while mail went out", struck, self.kills),
            ("lines are cut by", self._form, "namespaces where they can be made"),
            *common_rows(self.result, self.readers),
            ("repeats", self.result.repeats, allowed),
        ]

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
        return database.newest_digest()

    def _start(self, member: Member) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SYNDICATE_")}
        with (self._directory / f"{member.name}.out").open("ab") as out:
            member.process = subprocess.Popen(
                [*member.place.before, *command("--config", str(self._directory / "syndicate.toml"), *member.words)],
                env=kept | {"TERM": "dumb"} | member.place.environment,
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
        self._strike(database)
        self.result.kills += 1
        books = database.books(digest)
        self.result.balanced += adds_up(books, self.readers)
        self._log.read()
        unheard = set(books.who("accepted")) - {one.recipient for one in self._log.kept}
        self.result.check(not unheard, f"kill {self.result.kills}: accepted, and the server never had it: {unheard}")
        return True

    def _strike(self, database: Database) -> None:
        """Ends somebody, or cuts a line; who was ended comes back at once, a line after a while."""
        lines = [line for member in self._members for line in member.place.lines]
        some: list[Member | Database | Line] = [
            *self._members,
            database,
            *self._random.sample(lines, min(2, len(lines))),
        ]
        victim = self._random.choice(some)
        if isinstance(victim, Member):
            assert victim.process is not None
            victim.process.send_signal(signal.SIGKILL)
            victim.process.wait()
            self._start(victim)
            self.bound += self.connections if victim.place.lines else 0
            self.struck[victim.words[0]] += 1
        elif isinstance(victim, Line):
            self.bound += self.connections
            self.struck[f"line to the {victim.to}"] += 1
            victim.cut()
            time.sleep(self._random.choice(_CUT_S))
            victim.mend()
        else:
            victim.crash()
            self.bound += self.workers * self.connections
            self.struck["database"] += 1

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
