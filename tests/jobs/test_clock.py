"""A clock that jumps, changes with the season, or slept with its laptop: one digest a slot, and nobody told twice."""

from __future__ import annotations

import asyncio
import email
import re
import signal
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from email import policy
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from syndicate.model import Digest, DigestState
from tests.books import read_books
from tests.cli.command import starter
from tests.cli.starter import Started
from tests.faulty import FaultyServer
from tests.newsroom import MONDAY, Newsroom, newsroom
from tests.relay import Relay

READERS = ["ana@example.org", "ben@example.org", "zoe@example.org"]
BELGRADE = ZoneInfo("Europe/Belgrade")


@pytest.fixture
def room(tmp_path: Path, relay: Relay) -> Iterator[Newsroom]:
    with newsroom(tmp_path, smtp={"url": relay.url}, cadences={"daily": "0 7 * * *"}) as opened:
        for reader in READERS:
            opened.reader(reader)
        yield opened


def tick(room: Newsroom) -> list[Digest]:
    """What the service does every few seconds: compose what is due, send what is due."""
    composed = room.compose()
    sent = room.send()
    assert sent.error is None
    return composed


def told(relay: Relay) -> Counter[tuple[str, str]]:
    """How often each reader was told each story, going by the mails that arrived."""
    found: Counter[tuple[str, str]] = Counter()
    for message in relay.messages:
        letter = email.message_from_bytes(message.content, policy=policy.default)
        text = letter.get_body(("plain",))
        assert text is not None
        found.update((message.recipients[0], story) for story in set(re.findall(r"Story\d+", text.get_content())))
    return found


def everyone_once(*stories: str) -> Counter[tuple[str, str]]:
    return Counter((reader, story) for reader in READERS for story in stories)


@pytest.mark.parametrize("days", [1, -1])
def test_a_clock_that_was_a_day_wrong_for_a_while(room: Newsroom, relay: Relay, days: int) -> None:
    room.article("Story1")
    digests = tick(room)
    room.clock.pass_by(days=days)
    room.article("Story2")
    digests += tick(room)
    room.clock.pass_by(days=-days)
    digests += tick(room)
    for story in ("Story3", "Story4"):
        room.article(story)
        room.clock.pass_by(days=1)
        digests += tick(room)
        digests += tick(room)
    assert len({one.slot for one in digests}) == len(digests)
    assert told(relay) == everyone_once("Story1", "Story2", "Story3", "Story4")


@pytest.mark.parametrize("days", [1, -1])
def test_a_jump_between_composing_and_sending(room: Newsroom, relay: Relay, days: int) -> None:
    room.article("Story1")
    room.compose()
    room.clock.pass_by(days=days)
    room.send()
    room.clock.pass_by(days=-days)
    tick(room)
    room.clock.pass_by(days=1)
    tick(room)
    assert told(relay) == everyone_once("Story1")
    assert room.equation().accepted == len(READERS)


@pytest.mark.parametrize("days", [1, -1])
def test_a_jump_while_mail_goes_out(room: Newsroom, relay: Relay, days: int) -> None:
    for number in range(60):
        room.reader(f"r{number}@example.org")
    room.article("Story1")
    room.compose()
    jumps = iter([days, -days])
    asyncio.run(
        room.app.jobs.send_due(stop=asyncio.Event(), progress=lambda _: room.clock.pass_by(days=next(jumps, 0)))
    )
    tick(room)
    assert len(told(relay)) == len(READERS) + 60
    assert set(told(relay).values()) == {1}


@pytest.mark.parametrize("days", [1, -1])
def test_a_jump_while_someone_waits_for_another_try(room: Newsroom, relay: Relay, days: int) -> None:
    room.article("Story1")
    relay.refuse("rcpt", "451 4.3.0 not now", matching="ben@", times=2)
    assert [one.state for one in tick(room)] == [DigestState.SENDING]
    room.clock.pass_by(days=days)
    tick(room)
    room.clock.pass_by(days=-days)
    tick(room)
    for _ in range(3):
        room.clock.pass_by(hours=12)
        tick(room)
    assert told(relay) == everyone_once("Story1")
    assert room.equation().accepted == len(READERS)


@pytest.mark.parametrize("change", [date(2026, 3, 29), date(2026, 10, 25)], ids=["spring", "autumn"])
def test_one_digest_a_day_when_the_clocks_change(tmp_path: Path, relay: Relay, change: date) -> None:
    """Half past two is skipped in spring, and comes twice in autumn."""
    cadences = {"daily": "30 2 * * *"}
    with newsroom(tmp_path, smtp={"url": relay.url}, timezone="Europe/Belgrade", cadences=cadences) as room:
        room.clock.now = datetime.combine(change, datetime.min.time(), BELGRADE).astimezone(UTC) - timedelta(hours=20)
        room.compose()  # the slot before the first reader came
        for reader in READERS:
            room.reader(reader)
        digests = []
        for number in range(2 * 24 * 4):
            room.article(f"Story{number}")
            room.clock.pass_by(minutes=15)
            if composed := room.compose():
                room.send()
                digests += composed
    days = [one.due_at.astimezone(BELGRADE).date() for one in digests]
    assert days == [change, change + timedelta(days=1)]
    assert set(told(relay).values()) == {1}
    newest = max(int(story.removeprefix("Story")) for _, story in told(relay))
    assert told(relay) == everyone_once(*(f"Story{number}" for number in range(newest + 1)))


@pytest.mark.parametrize(("change", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)])
def test_every_hour_that_there_is_has_one_digest(tmp_path: Path, change: date, hours: int) -> None:
    with newsroom(tmp_path, timezone="Europe/Belgrade", cadences={"hourly": "0 * * * *"}) as room:
        room.clock.now = datetime.combine(change, datetime.min.time(), BELGRADE).astimezone(UTC) - timedelta(minutes=20)
        room.compose()
        room.reader("ana@example.org", "hourly")
        digests = []
        for number in range(4 * hours):
            room.article(f"Story{number}")
            room.clock.pass_by(minutes=15)
            digests += room.compose()
        assert len(digests) == len({one.slot for one in digests}) == hours


def test_a_laptop_that_slept_over_the_slot_sends_it_once(room: Newsroom, relay: Relay) -> None:
    room.clock.now = MONDAY - timedelta(hours=8)
    room.compose()
    room.article("Story1")
    assert tick(room) == []
    room.clock.pass_by(hours=9)
    assert [one.due_at for one in tick(room)] == [MONDAY]
    assert tick(room) == []
    assert told(relay) == everyone_once("Story1")


def test_a_laptop_that_slept_too_long_leaves_it_to_the_next_slot(room: Newsroom, relay: Relay) -> None:
    room.clock.now = MONDAY - timedelta(minutes=30)
    room.compose()
    room.article("Story1")
    room.clock.pass_by(hours=9)
    assert [one.state for one in tick(room)] == [DigestState.HELD]
    assert relay.messages == []
    room.clock.now = MONDAY + timedelta(days=1)
    assert [one.state for one in tick(room)] == [DigestState.SENDING]
    assert told(relay) == everyone_once("Story1")


def test_nine_slots_slept_through_are_one_digest(tmp_path: Path, relay: Relay) -> None:
    with newsroom(tmp_path, smtp={"url": relay.url}, cadences={"hourly": "0 * * * *"}) as room:
        room.compose()
        for reader in READERS:
            room.reader(reader, "hourly")
        room.article("Story1")
        room.clock.pass_by(hours=9)
        assert len(tick(room)) == 1
        assert tick(room) == []
        assert told(relay) == everyone_once("Story1")


SLEEPER = """
import asyncio, sys
from pathlib import Path
from tests.newsroom import newsroom
with newsroom(Path(sys.argv[1]), smtp={"url": sys.argv[2], "connections": 3}) as room:
    asyncio.run(room.app.jobs.send_due(stop=asyncio.Event()))
"""


@pytest.mark.parametrize("wakes", ["when all is sent", "when it was only recovered"])
def test_a_sender_that_slept_while_its_lease_ran_out(tmp_path: Path, wakes: str) -> None:
    """Another one takes over; the sleeper finds on waking that nothing is its own any more, and sends nothing."""
    database, connections, kept = tmp_path / "syndicate.db", 3, 20
    with FaultyServer() as server, newsroom(tmp_path, smtp={"url": server.url, "connections": connections}) as room:
        for number in range(60):
            room.reader(f"r{number}@example.org")
        room.article("Story1")
        room.compose()
        server.hold_after(kept)
        with sleeping(tmp_path, server, kept + connections - 1) as sleeper:
            with closing(sqlite3.connect(database, timeout=30)) as connection, connection:
                connection.execute("UPDATE senders SET lease_until = 0")
            stop = asyncio.Event()
            if wakes == "when all is sent":
                server.go_on()
            else:
                stop.set()
            room.send(stop)
            sleeper.send_signal(signal.SIGCONT)
            server.go_on()
            _, said = sleeper.communicate(timeout=60)
            assert sleeper.returncode == 0, said
        room.send()
        assert read_books(database).states == {"accepted": 60}
        assert len(server.recipients) - len(set(server.recipients)) <= connections


@contextmanager
def sleeping(directory: Path, server: FaultyServer, kept: int) -> Iterator[Started]:
    """A process that sends, stopped when the server has so many messages."""
    child = starter().start([str(directory), server.url], code=SLEEPER)
    try:
        server.wait_until(lambda: len(server.messages) >= kept)
        child.send_signal(signal.SIGSTOP)
        yield child
    finally:
        child.kill()
        child.communicate()
