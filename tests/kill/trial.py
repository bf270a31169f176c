"""Kills a sending process, again and again, and holds its ledger against the server's own log each time."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from syndicate.app import open_app
from syndicate.audience.roster import import_roster
from syndicate.settings import load
from tests.books import Books, read_books
from tests.cli.command import Folder, starter
from tests.cli.starter import Started
from tests.kill.log import Kept, ServerLog
from tests.newsroom import Clock, Newsroom

SETTINGS = """\
[site]
name = "Lakeside Courier"
url = "https://news.lakeside.example"
postal_address = "1 Quay Street, Lakeside"
secret = "for-the-kill-test-and-nothing-else"

[smtp]
url = "smtp://127.0.0.1:{port}"
connections = {connections}
window = {window}

[[sources]]
name = "newsroom"
kind = "folder"
path = "articles"

[[newsletters]]
slug = "brief"
title = "The Brief"
sender = "Lakeside Courier <news@lakeside.example>"
cadences = {{ instant = true }}
"""

WINDOW = 4
LONGEST_PAUSE = 0.01
"""Seconds between the message that decides that it is time to kill and the kill: at most so many."""


Row = tuple[str, int | str, int | str]
"""What it is, what was found, what must be."""


@dataclass
class Result:
    """What was found. ``balanced`` counts the kills after which the equation held.

    ``broken`` says in words what should not be; it is empty when all is well.
    """

    planned: int = 0
    kills: int = 0
    balanced: int = 0
    digests: int = 0
    repeats: int = 0
    most_copies: int = 0
    most_begun: int = 0
    lost: int = 0
    accepted: int = 0
    identities: int = 0
    broken: list[str] = field(default_factory=list)

    def check(self, holds: bool, otherwise: str) -> None:
        """Notes what should not be."""
        if not holds:
            self.broken.append(otherwise)


class Trial:
    """One service in a folder, a server beside it, and a process that is killed."""

    def __init__(
        self, directory: Path, *, kills: int, readers: int, connections: int, seed: int, chunking: bool
    ) -> None:
        self.kills, self.readers, self.connections = kills, readers, connections
        self.window = WINDOW if chunking else 1
        self.result = Result()
        self._directory, self._chunking = directory, chunking
        self._random = random.Random(seed)
        self._log = ServerLog(directory / "server.log")
        self._database = directory / "syndicate.db"

    @property
    def bound(self) -> int:
        """How many repeats there may be: what was in flight at each kill."""
        return self.connections * self.window * self.kills

    def run(self, progress: Callable[[int], None] = lambda kills: None) -> Result:
        """Kills as often as it was told to, sends the rest, and checks."""
        (self._directory / "articles").mkdir()
        with serving(self._directory, chunking=self._chunking) as port:
            settings = SETTINGS.format(port=port, connections=self.connections, window=WINDOW)
            (self._directory / "syndicate.toml").write_text(settings)
            while self.result.kills < self.kills:
                digest, before = self._plan(), self._log.read()
                while self.result.kills < self.kills and self._kill_one(digest, before):
                    progress(self.result.kills)
                self._send_the_rest(digest)
                books = read_books(self._database, digest)
                check_digest(self.result, books, self._log.kept[before:], self.readers)
            status = Folder(self._directory).run("status", "--json").json()
            self.result.check(status["balances"] and not status["outstanding"], f"status says {status}")
        self._log.close()
        self._check_all()
        return self.result

    def rows(self) -> list[Row]:
        """What was found beside what must be."""
        result, at_once = self.result, self.connections * self.window
        return [
            ("kills (SIGKILL, while mail went out)", result.kills, self.kills),
            *common_rows(result, self.readers),
            (
                "repeats",
                result.repeats,
                f"≤ {self.bound}: kills × {self.connections} connections × window {self.window}",
            ),
            ("most copies of one message", result.most_copies, "at most one a process"),
            ("most begun at a kill", result.most_begun, f"≤ {at_once}"),
        ]

    def _plan(self) -> int:
        """A new digest for everyone; returns its id."""
        now, app = datetime.now(UTC), open_app(load(self._directory / "syndicate.toml", {}))
        if not self.result.digests:
            file = self._directory / "readers.csv"
            addresses = (f"r{number}@d{number % 50}.example.org,instant" for number in range(self.readers))
            file.write_text("\n".join(["email,cadence", *addresses]))
            rejected = self._directory / "rejected.csv"
            import_roster(app.store, app.settings.newsletters, file, traces=app.traces, rejected=rejected, now=now)
        self.result.digests += 1
        Newsroom(app, Clock(now)).article(f"News {self.result.digests}")
        [digest] = app.jobs.compose_due(now)
        app.close()
        self.result.planned += self.readers
        return digest.id

    def _start(self, digest: int) -> Started:
        return starter().start(["--config", str(self._directory / "syndicate.toml"), "send", str(digest), "--yes"])

    def _kill_one(self, digest: int, before: int) -> bool:
        """Lets a process send for a while and kills it. False: it had nothing more to send."""
        if not read_books(self._database, digest).outstanding:
            return False
        start = self._log.read()
        after = start + self._random.randint(1, max(1, min(100, self.readers // 8)))
        pause = self._random.random() * LONGEST_PAUSE
        child = self._start(digest)
        self._log.wait(lambda: len(self._log.kept) >= after or child.poll() is not None)
        time.sleep(pause)
        child.send_signal(signal.SIGKILL)
        _, errors = child.communicate()
        self._log.wait(lambda: not self._log.open)
        self._check_run(start)
        if child.returncode != -signal.SIGKILL:
            self.result.check(child.returncode == 0, f"send ended with {child.returncode}: {errors}")
            return False
        self.result.kills += 1
        self._check_kill(digest, self._log.kept[before:])
        return True

    def _send_the_rest(self, digest: int) -> None:
        if read_books(self._database, digest).outstanding:
            start, child = self._log.read(), self._start(digest)
            _, errors = child.communicate()
            self.result.check(child.returncode == 0, f"the last run ended with {child.returncode}: {errors}")
            self._log.wait(lambda: not self._log.open)
            self._check_run(start)

    def _check_run(self, start: int) -> None:
        """One process hands a message over once."""
        copies = Counter(one.identity for one in self._log.kept[start:])
        twice = [identity for identity, count in copies.items() if count > 1]
        self.result.check(not twice, f"sent twice by one process: {twice}")

    def _check_kill(self, digest: int, kept: list[Kept]) -> None:
        """What the ledger says right after a kill, read from a copy: the files stay as the process left them."""
        kill, copy = self.result.kills, self._directory / "copy"
        copy.mkdir(exist_ok=True)
        for file in self._directory.glob("syndicate.db*"):
            if not file.name.endswith("-shm"):
                shutil.copy(file, copy)
        books = read_books(copy / "syndicate.db", digest)
        shutil.rmtree(copy)
        unheard = set(books.who("accepted")) - {one.recipient for one in kept}
        self.result.check(not unheard, f"kill {kill}: accepted, and the server never had it: {unheard}")
        self.result.check(adds_up(books, self.readers), f"kill {kill}: {self.readers} planned, found {books.states}")
        self.result.balanced += adds_up(books, self.readers)
        begun = books.states["begun"]
        self.result.most_begun = max(self.result.most_begun, begun)
        self.result.check(begun <= self.connections * self.window, f"kill {kill}: {begun} were begun at once")

    def _check_all(self) -> None:
        result = self.result
        result.identities = len({one.identity for one in self._log.kept})
        result.check(result.identities == result.planned, f"{result.identities} Message-IDs for {result.planned} mails")
        result.check(result.accepted == result.planned, f"{result.accepted} accepted of {result.planned}")
        result.check(result.repeats <= self.bound, f"{result.repeats} repeats")
        result.check(result.most_copies <= result.kills + 1, f"{result.most_copies} copies of one message")


def common_rows(result: Result, readers: int) -> list[Row]:
    """What must be so whoever is killed."""
    return [
        ("deliveries planned", result.planned, f"{result.digests} × {readers} readers"),
        ("accepted in the ledger", result.accepted, result.planned),
        ("lost", result.lost, 0),
        ("Message-IDs", result.identities, f"{result.planned}: one a delivery, the same on every copy"),
        ("the ledger's equation held after", f"{result.balanced:,} kills", f"{result.kills:,}: every one"),
    ]


@contextmanager
def serving(directory: Path, *, chunking: bool, addresses: Sequence[str] = ()) -> Iterator[int]:
    """The port of a server, on loopback and at those addresses, that writes ``server.log`` in that folder."""
    arguments = ["--chunking"] if chunking else ["--delay-ms", "2"]
    arguments += [word for one in addresses for word in ("--also", one)]
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.kill.server", str(directory / "server.log"), *arguments],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    try:
        yield int(server.stdout.readline())
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


def check_digest(result: Result, books: Books, kept: list[Kept], readers: int) -> None:
    """What must be true of one that was sent, and of what the server had of it."""
    lost = {row.email for row in books.rows} - {one.recipient for one in kept}
    copies, identities = Counter(one.recipient for one in kept), defaultdict(set)
    for one in kept:
        identities[one.recipient].add((one.identity, one.body))
    result.lost += len(lost)
    result.accepted += books.states["accepted"]
    result.repeats += len(kept) - len(copies)
    result.most_copies = max(result.most_copies, *copies.values())
    differing = [recipient for recipient, found in identities.items() if len(found) > 1]
    result.check(not differing, f"copies with another Message-ID or another text: {differing}")
    result.check(not lost, f"lost: {lost}")
    result.check(adds_up(books, readers), f"{readers} planned, found {books.states}")


def adds_up(books: Books, planned: int) -> bool:
    """Whether every delivery that was planned is in one state."""
    return planned == len(books.rows) == sum(books.states.values())
