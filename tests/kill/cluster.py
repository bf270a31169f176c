"""Kills workers, the scheduler and PostgreSQL itself while a digest goes out, and holds the ledger against the server.

Everything is as operators run it: ``syndicate serve`` and several ``syndicate worker`` as processes, PostgreSQL with
durable commits. A worker or ``serve`` dies by SIGKILL, the database by an *immediate* stop, which is a crash to it. Or
a worker's line to the database or to the relay is cut for a while, without a word to either side.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tests.kill.database import Database
from tests.kill.lines import Line, ground
from tests.kill.log import ServerLog
from tests.kill.members import Member, Members, furnish, plan, relay
from tests.kill.trial import Result, Row, adds_up, check_digest, common_rows

_PATIENCE = 180.0
"""Seconds in which something must be sent, also of what a kill left behind: leases and heartbeats run out first."""

_CUT_S = (3.0, 20.0, 90.0)
"""Seconds that a cut takes: TCP makes up for it; a lease does; all timeouts and leases are over before it ends."""


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
        self._members = Members(directory, self.result)
        self._form = ""

    def run(self, progress: Callable[[int], None] = lambda kills: None) -> Result:
        """Kills as often as it was told to, lets the rest be sent, and checks."""
        with ground(self._directory, self.workers) as (database, port, places, self._form):
            furnish(self._directory, database, self.readers, relay(port, self.connections))
            with self._members.running(places):
                while self.result.kills < self.kills and not self.result.broken:
                    before = self._log.read()
                    digest = self._plan(database)
                    while self.result.kills < self.kills and self._kill_one(database, digest):
                        progress(self.result.kills)
                    self._wait_for_the_rest(database, digest)
                    check_digest(self.result, database.books(digest), self._log.kept[before:], self.readers)
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

    def _plan(self, database: Database) -> int:
        self.result.digests += 1
        self.result.planned += self.readers
        plan(self._directory, f"News {self.result.digests}")
        return database.newest_digest()

    def _kill_one(self, database: Database, digest: int) -> bool:
        """Lets some more be sent, and kills somebody. False: there is nothing more to send."""
        start, after = self._log.read(), self._random.randint(1, max(1, min(300, self.readers // 8)))
        deadline = time.monotonic() + _PATIENCE
        while self._log.read() < start + after:
            self._members.see_to_it_that_all_run()
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
        lines = [line for member in self._members.all for line in member.place.lines]
        some: list[Member | Database | Line] = [
            *self._members.all,
            database,
            *self._random.sample(lines, min(2, len(lines))),
        ]
        victim = self._random.choice(some)
        if isinstance(victim, Member):
            self._members.kill(victim)
            self._members.start(victim)
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
        """Until nothing is outstanding; however slow the machine is, something must be sent now and then."""
        sent, deadline = self._log.read(), time.monotonic() + _PATIENCE
        while database.books(digest).outstanding:
            self._members.see_to_it_that_all_run()
            if self._log.read() > sent:
                sent, deadline = self._log.read(), time.monotonic() + _PATIENCE
            if time.monotonic() > deadline:
                self.result.check(False, f"still outstanding: {database.books(digest).states}")
                break
            time.sleep(0.2)
        self._log.read()
