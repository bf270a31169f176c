"""One pace for all: several workers as processes on one rate, measured at the mail server, by its own clock.

In the midst one of them dies, and comes back. Any ten seconds must have as many messages as the rate allows, give or
take two in a hundred: so the dead one's part went to the others.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Callable, Sequence
from pathlib import Path

from syndicate.delivery.tickets import BATCH
from tests.kill.lines import ground
from tests.kill.log import ServerLog
from tests.kill.members import HERE, Members, furnish, plan, relay
from tests.kill.trial import Result, Row, check_digest, common_rows

WINDOW_S = 10.0
TOLERANCE = 0.02

_BEGINNING_S = 2.0
_PATIENCE_S = 120.0
"""Seconds more than it should take."""


class PaceTrial:
    """So many workers send for so many seconds at ``rate`` messages a second."""

    def __init__(self, directory: Path, *, rate: int, seconds: int, workers: int, connections: int) -> None:
        self.rate, self.readers, self.workers = rate, rate * seconds, workers
        self.result = Result()
        self.least = self.most = 0
        self._connections, self._directory = connections, directory
        self._log = ServerLog(directory / "server.log")
        self._until = time.monotonic() + 2 * seconds + _PATIENCE_S

    def run(self, progress: Callable[[int], None] = lambda sent: None) -> Result:
        """Sends, kills one worker on the way, and counts."""
        result, members = self.result, Members(self._directory, self.result)
        result.planned, result.digests = self.readers, 1
        with ground(self._directory, 0) as here:
            more = f'rate = "{self.rate}/s"\n'
            furnish(self._directory, here.database, self.readers, relay(here.port, self._connections, more))
            with members.running([HERE] * self.workers):
                plan(self._directory, "News")
                digest = here.database.newest_digest()
                self._wait(lambda: self._log.read() >= self.readers // 3, progress)
                members.kill(members.all[-1])
                members.start(members.all[-1])
                result.kills = 1
                books = here.database.books(digest)
                result.balanced += len(books.rows) == self.readers
                self._wait(lambda: not here.database.books(digest).outstanding, progress)
            self._log.read()
            check_digest(result, here.database.books(digest), self._log.kept, self.readers)
        self._log.close()
        result.identities = len({one.identity for one in self._log.kept})
        self._judge()
        return result

    def rows(self) -> list[Row]:
        """What was found beside what must be."""
        allowed, bound = self.rate * WINDOW_S, self._connections
        return [
            ("workers, and how often one was killed", self.workers, self.result.kills),
            ("most in any ten seconds", self.most, f"≤ {allowed * (1 + TOLERANCE):,.0f}"),
            ("fewest in any ten seconds", self.least, f"≥ {allowed * (1 - TOLERANCE):,.0f}"),
            *common_rows(self.result, self.readers),
            ("repeats", self.result.repeats, f"≤ {bound}: the connections of the one that was killed"),
        ]

    def _judge(self) -> None:
        result, allowed = self.result, self.rate * WINDOW_S
        at = [one.at for one in self._log.kept]
        steady = at[bisect_left(at, at[0] + _BEGINNING_S) : -self.workers * BATCH]  # in the end some have none left
        self.least, self.most = extremes(steady)
        result.check(self.most <= allowed * (1 + TOLERANCE), f"{self.most} in ten seconds")
        result.check(self.least >= allowed * (1 - TOLERANCE), f"only {self.least} in ten seconds")
        result.check(result.accepted == self.readers, f"{result.accepted} accepted of {self.readers}")
        result.check(result.repeats <= self._connections, f"{result.repeats} repeats")

    def _wait(self, condition: Callable[[], bool], progress: Callable[[int], None]) -> None:
        while not condition() and not self.result.broken:
            self.result.check(time.monotonic() < self._until, "it takes too long")
            progress(self._log.read())
            time.sleep(0.2)


def extremes(at: Sequence[float]) -> tuple[int, int]:
    """The fewest and the most that lie within any ten seconds of these, which are in order."""
    counts = [
        bisect_left(at, moment + WINDOW_S) - place for place, moment in enumerate(at) if moment + WINDOW_S <= at[-1]
    ]
    return (min(counts), max(counts)) if counts else (0, 0)
