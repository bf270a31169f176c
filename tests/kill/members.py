"""The processes of a cluster: ``serve`` and workers, on one database, with readers and what they are to get."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from syndicate.app import open_app
from syndicate.audience.roster import import_roster
from syndicate.settings import load
from tests.cli.command import command
from tests.kill.database import Database
from tests.kill.lines import Place
from tests.kill.trial import SETTINGS, Result
from tests.newsroom import Clock, Newsroom

HERE = Place([], {}, ())
"""On this machine, without lines that can be cut."""

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


class Members:
    """``serve``, and a worker in each place."""

    def __init__(self, directory: Path, result: Result) -> None:
        self._directory, self._result = directory, result
        self.all = [Member("serve", ("serve",), HERE)]

    @contextmanager
    def running(self, places: Sequence[Place]) -> Iterator[None]:
        """All of them, until the block ends; then they must end well."""
        workers = [Member(f"worker {n}", ("worker", "--queues", "send"), one) for n, one in enumerate(places, 1)]
        self.all.extend(workers)
        try:
            for member in self.all:
                self.start(member)
            yield
        finally:
            self._stop()

    def start(self, member: Member) -> None:
        """Runs one, or runs it again."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SYNDICATE_")}
        with self._out(member).open("ab") as out:
            member.process = subprocess.Popen(
                [*member.place.before, *command("--config", str(self._directory / "syndicate.toml"), *member.words)],
                env=kept | {"TERM": "dumb"} | member.place.environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )

    def kill(self, member: Member) -> None:
        """Ends one by SIGKILL."""
        assert member.process is not None
        member.process.send_signal(signal.SIGKILL)
        member.process.wait()

    def see_to_it_that_all_run(self) -> None:
        """Nobody may end, whatever becomes of the database, also while they begin."""
        for member in self.all:
            if member.process and member.process.poll() is not None:
                said = self._out(member).read_text("utf-8", "replace")[-500:]
                self._result.check(False, f"{member.name} ended with {member.process.returncode}: {said}")
                self.start(member)

    def _stop(self) -> None:
        running = [(member, member.process) for member in self.all if member.process]
        for _, process in running:
            process.send_signal(signal.SIGTERM)
        for member, process in running:
            with suppress(subprocess.TimeoutExpired):
                process.wait(60)
            process.kill()
            code = process.wait()
            last = self._out(member).read_text("utf-8", "replace").splitlines()[-1:]
            is_well = code in (0, -signal.SIGTERM)  # who has just begun does not listen to the signal yet
            self._result.check(is_well, f"{member.name} ended with {code}: {last}")

    def _out(self, member: Member) -> Path:
        return self._directory / f"{member.name}.out"


def relay(port: int, connections: int, more: str = "") -> str:
    """The settings of a service that sends over that relay; ``more`` goes into the relay's table."""
    settings = SETTINGS.format(port=port, connections=connections, window=1)
    return settings.replace("window = 1\n", f"window = 1\n{more}")


def furnish(directory: Path, database: Database, readers: int, settings: str) -> None:
    """Writes the settings, with that database, and imports so many readers."""
    (directory / "articles").mkdir()
    (directory / "syndicate.toml").write_text(settings + _CLUSTER.format(store=database.url))
    app = open_app(load(directory / "syndicate.toml", {}))
    file = directory / "readers.csv"
    addresses = (f"r{number}@d{number % 50}.example.org,instant" for number in range(readers))
    file.write_text("\n".join(["email,cadence", *addresses]))
    rejected, now = directory / "rejected.csv", datetime.now(UTC)
    import_roster(app.store, app.settings.newsletters, file, traces=app.traces, rejected=rejected, now=now)
    app.close()


def plan(directory: Path, title: str) -> None:
    """A new digest for everyone, composed here or by ``serve``, whoever is first."""
    now, app = datetime.now(UTC), open_app(load(directory / "syndicate.toml", {}))
    Newsroom(app, Clock(now)).article(title)
    app.jobs.compose_due(now)
    app.close()
