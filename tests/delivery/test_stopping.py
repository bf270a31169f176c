"""SIGTERM while mail goes out: what is in flight is finished and recorded, and the next run sends the rest once.

The commands are the real ones, in processes of their own. How long they take to end is not measured; what never ends is
not waited for.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from syndicate.app import open_app
from syndicate.audience.roster import import_roster
from syndicate.settings import load
from tests.books import Books, read_books
from tests.cli.command import make_folder, starter
from tests.cli.starter import Started
from tests.delivery.faults import BREAKS
from tests.faulty import FaultyServer, Verb
from tests.newsroom import Clock, Newsroom

READERS = 200
CONNECTIONS = 2
"""As ``make_folder`` sets it."""
KEPT = 20
"""So many messages are kept before the signal comes."""


@pytest.fixture
def server() -> Iterator[FaultyServer]:
    with FaultyServer() as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path, server: FaultyServer) -> Path:
    """A folder with settings, and a digest that waits to be sent."""
    make_folder(tmp_path, server.url)
    rows = "\n".join(f"r{number}@d{number % 10}.example.org,instant" for number in range(READERS))
    (tmp_path / "readers.csv").write_text(f"email,cadence\n{rows}\n")
    now, app = datetime.now(UTC), open_app(load(tmp_path / "syndicate.toml", {}))
    import_roster(
        app.store,
        app.settings.newsletters,
        tmp_path / "readers.csv",
        traces=app.traces,
        rejected=tmp_path / "rejected.csv",
        now=now,
    )
    Newsroom(app, Clock(now)).article("Ferry returns")
    app.jobs.compose_due(now)
    app.close()
    return tmp_path


@contextmanager
def running(folder: Path, *arguments: str) -> Iterator[Started]:
    """The real command, in that folder."""
    child = starter().start(arguments, folder)
    try:
        yield child
    finally:
        child.kill()
        child.communicate()


def see_it_end(child: Started) -> None:
    """It ends, and does so well."""
    _, said = child.communicate(timeout=45)
    assert child.returncode == 0, said
    assert "Traceback" not in said, said


def digest_in(folder: Path) -> int:
    """The digest that has readers."""
    [digest] = {row.digest_id for row in read_books(folder / "syndicate.db").rows}
    return digest


def check_stopped(folder: Path, server: FaultyServer) -> Books:
    """Every message that the relay kept is recorded as accepted, and nothing is left in between."""
    server.wait_idle()
    books = read_books(folder / "syndicate.db")
    assert set(books.states) <= {"accepted", "queued"}
    assert sorted(books.who("accepted")) == sorted(server.recipients)
    return books


def check_rest(folder: Path, server: FaultyServer, digest: int) -> None:
    """The next run sends what is left, once."""
    with running(folder, "send", str(digest), "--yes") as child:
        see_it_end(child)
    server.wait_idle()
    assert read_books(folder / "syndicate.db").states == {"accepted": READERS}
    assert sorted(server.recipients) == sorted(f"r{number}@d{number % 10}.example.org" for number in range(READERS))


@pytest.mark.parametrize("how", ["send", "serve"])
def test_what_is_in_flight_is_finished_and_the_rest_waits(folder: Path, server: FaultyServer, how: str) -> None:
    server.hold_after(KEPT)
    digest = digest_in(folder)
    with running(folder, *(["serve"] if how == "serve" else ["send", str(digest), "--yes"])) as child:
        server.wait_until(lambda: len(server.messages) >= KEPT)
        child.send_signal(signal.SIGTERM)
        server.go_on()
        see_it_end(child)
    books = check_stopped(folder, server)
    assert KEPT <= books.states["accepted"] < READERS
    check_rest(folder, server, digest)


def test_an_answer_that_never_comes_is_not_waited_for_either(folder: Path, server: FaultyServer) -> None:
    """Whoever was handed over and not answered gets it once more: that is the newsletter's policy."""
    server.misbehave("kept", BREAKS["tarpit"])
    digest = digest_in(folder)
    with running(folder, "send", str(digest), "--yes") as child:
        server.wait_until(lambda: server.misbehaved == CONNECTIONS)
        child.send_signal(signal.SIGTERM)
        see_it_end(child)
    assert read_books(folder / "syndicate.db").states["accepted"] == 0
    server.behave()
    with running(folder, "send", str(digest), "--yes") as child:
        child.communicate(timeout=45)
    server.wait_idle()
    assert len(set(server.recipients)) == READERS
    assert len(server.recipients) - READERS <= CONNECTIONS
    assert set(read_books(folder / "syndicate.db").states) <= {"accepted", "queued"}


@pytest.mark.parametrize(("how", "verb"), [("send", "mail"), ("serve", "connect")])
def test_a_relay_that_says_nothing_is_not_waited_for(folder: Path, server: FaultyServer, how: str, verb: Verb) -> None:
    """Nothing has been handed over, so there is nothing to wait for but its patience, and that is a minute's."""
    server.misbehave(verb, BREAKS["tarpit"])
    digest = digest_in(folder)
    with running(folder, *(["serve"] if how == "serve" else ["send", str(digest), "--yes"])) as child:
        server.wait_until(lambda: server.misbehaved == CONNECTIONS)
        child.send_signal(signal.SIGTERM)
        see_it_end(child)
    assert check_stopped(folder, server).states == {"queued": READERS}
    server.behave()
    check_rest(folder, server, digest)
