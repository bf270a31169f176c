"""A relay that misbehaves at every verb: nobody is lost, nobody else is harmed, and the ledger tells the truth."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from syndicate.app import open_app
from syndicate.delivery.send import Sent
from tests.books import Books, read_books
from tests.delivery.faults import BREAKS, CLOSING, DROPS, LATER, NEVER, ODD, saying
from tests.faulty import FaultyServer, Verb
from tests.newsroom import Clock, Newsroom, newsroom, settings_for

READERS = [f"r{number}@d{number % 3}.example.org" for number in range(8)]
ONE = READERS[1]
"""The reader whom the fault is about, where it is about one."""

CONNECTIONS, WINDOW = 2, 4
MISCOUNTS = {"twice", "never"}
SLOWEST = {"tarpit", "never"}
"""Where a timeout ends the matter."""

MODES = {"plain": (False, False), "pipelining": (True, False), "chunking": (True, True)}
BEGINNING: tuple[Verb, ...] = ("connect", "ehlo", "mail")
BEFORE: tuple[Verb, ...] = (*BEGINNING, "rcpt", "data")
"""Where nothing of a message has been handed over."""
AT_ONE = [
    (mode, verb) for mode in MODES for verb in ("rcpt", "data", "content") if (mode, verb) != ("chunking", "data")
]
AT_CONTENT: tuple[Verb, ...] = ("content", "kept")


class Ticking(Clock):
    """Goes on by itself as well."""

    def __call__(self) -> datetime:
        return self.now + timedelta(seconds=time.monotonic())


@pytest.fixture
def mode(request: pytest.FixtureRequest) -> str:
    """How the server takes messages; a test may parametrise it."""
    return getattr(request, "param", "pipelining")


@pytest.fixture
def server(mode: str) -> Iterator[FaultyServer]:
    pipelining, chunking = MODES[mode]
    with FaultyServer(pipelining=pipelining, chunking=chunking) as opened:
        yield opened


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with one digest planned."""
    with newsroom(tmp_path_factory.mktemp("planned")) as room:
        room.article("Ferry returns")
        for email in READERS:
            room.reader(email)
        room.compose()
    return room.app.settings.directory / "syndicate.db"


@pytest.fixture
def room(tmp_path: Path, planned: Path, server: FaultyServer, request: pytest.FixtureRequest) -> Iterator[Newsroom]:
    """A newsroom with that digest to send; what becomes of a broken delivery may be parametrised."""
    shutil.copy(planned, tmp_path)
    clock, uncertain = Ticking(), getattr(request, "param", "resend")
    smtp = {"url": server.url, "connections": CONNECTIONS, "timeout": "1s"}
    app = open_app(settings_for(tmp_path, smtp=smtp, uncertain=uncertain), clock)
    yield Newsroom(app, clock)
    app.close()


def books(room: Newsroom) -> Books:
    return read_books(room.app.settings.directory / "syndicate.db")


def send(room: Newsroom, server: FaultyServer) -> Sent:
    """One run, and what holds after every run, whatever the relay did."""
    sent = room.send()
    server.wait_idle()
    assert room.equation().planned == len(READERS)
    assert set(books(room).who("accepted")) <= set(server.recipients), "accepted, and the relay never had it"
    assert not books(room).who("begun")
    return sent


def send_until_done(room: Newsroom, server: FaultyServer) -> None:
    """A run, and further ones, hours later each."""
    send(room, server)
    for _ in range(4):
        if books(room).outstanding:
            room.clock.pass_by(hours=5)
            send(room, server)
    assert books(room).outstanding == 0


def repeats(server: FaultyServer) -> int:
    """Messages that arrived again."""
    copies = Counter(server.recipients)
    return sum(copies.values()) - len(copies)


def cases(faults: Iterable[str], verbs: Sequence[Verb], modes: Iterable[str] = MODES) -> list[ParameterSet]:
    """Mode, verb and fault, without what can't be and without the slowest, more than once."""
    return [
        pytest.param(mode, verb, fault, id=f"{mode}-{verb}-{fault}")
        for mode in modes
        for verb in verbs
        for fault in faults
        if not (mode == "chunking" and verb == "data")
        if not (mode != "pipelining" and (fault in SLOWEST or verb in ("connect", "ehlo")))
        if not (verb == "kept" and fault == "421")
    ]


@pytest.mark.parametrize(("mode", "verb"), AT_ONE, indirect=["mode"])
def test_who_is_refused_for_good_is_rejected_and_nobody_else(
    room: Newsroom, server: FaultyServer, mode: str, verb: Verb
) -> None:
    server.misbehave(verb, saying(NEVER), matching=ONE)
    sent = send(room, server)
    assert (sent.accepted, sent.rejected, sent.error) == (len(READERS) - 1, 1, None)
    assert books(room).of(ONE)[2:] == ("rejected", 1, NEVER.decode().strip())
    assert sorted(server.recipients) == sorted(set(READERS) - {ONE})


@pytest.mark.parametrize(("mode", "verb"), AT_ONE, indirect=["mode"])
def test_who_is_refused_for_now_is_tried_again_and_nobody_else(
    room: Newsroom, server: FaultyServer, mode: str, verb: Verb
) -> None:
    server.misbehave(verb, saying(LATER), matching=ONE, times=1)
    sent = send(room, server)
    assert (sent.accepted, sent.deferred, sent.error) == (len(READERS) - 1, 1, None)
    assert books(room).of(ONE)[2:] == ("queued", 1, LATER.decode().strip())
    send_until_done(room, server)
    assert sorted(server.recipients) == sorted(READERS)


@pytest.mark.parametrize("reply", [LATER, NEVER, CLOSING], ids=["451", "554", "421"])
@pytest.mark.parametrize(
    ("mode", "verb"),
    [("pipelining", "connect"), ("pipelining", "ehlo"), *((mode, "mail") for mode in MODES)],
    indirect=["mode"],
)
def test_a_refusal_that_is_about_us_changes_no_delivery(
    room: Newsroom, server: FaultyServer, mode: str, verb: Verb, reply: bytes
) -> None:
    server.misbehave(verb, saying(reply))
    sent = send(room, server)
    assert reply.decode()[:3] in str(sent.error)
    assert sent.tried == 0
    assert {row[2:] for row in books(room).rows} == {("queued", 0, "")}
    server.behave()
    room.clock.pass_by(hours=1)
    assert send(room, server).accepted == len(READERS)
    assert sorted(server.recipients) == sorted(READERS)


@pytest.mark.parametrize(
    ("mode", "verb"), [("pipelining", "connect"), ("pipelining", "ehlo"), *AT_ONE], indirect=["mode"]
)
def test_a_strange_answer_is_still_an_answer(room: Newsroom, server: FaultyServer, mode: str, verb: Verb) -> None:
    for fault, reader in zip(ODD.values(), READERS, strict=False):
        server.misbehave(verb, fault, matching="" if verb in BEGINNING else reader, times=1)
    sent = send(room, server)
    assert (sent.accepted, sent.error) == (len(READERS), None)
    assert sorted(server.recipients) == sorted(READERS)
    assert server.connections <= CONNECTIONS


@pytest.mark.parametrize(("mode", "verb", "fault"), cases(BREAKS, BEFORE), indirect=["mode"])
def test_what_breaks_before_the_content_repeats_nothing(
    room: Newsroom, server: FaultyServer, mode: str, verb: Verb, fault: str
) -> None:
    server.misbehave(verb, BREAKS[fault], matching="" if verb in BEGINNING else ONE, times=1)
    send_until_done(room, server)
    assert books(room).states == {"accepted": len(READERS)}
    assert set(server.recipients) == set(READERS)
    assert repeats(server) <= (WINDOW if mode == "chunking" or fault in MISCOUNTS else 0)


@pytest.mark.parametrize(("mode", "verb", "fault"), cases(BREAKS, AT_CONTENT), indirect=["mode"])
def test_what_breaks_at_the_content_is_sent_again(
    room: Newsroom, server: FaultyServer, mode: str, verb: Verb, fault: str
) -> None:
    server.misbehave(verb, BREAKS[fault], matching=ONE, times=1)
    send_until_done(room, server)
    assert books(room).states == {"accepted": len(READERS)}
    assert set(server.recipients) == set(READERS)
    assert repeats(server) <= (WINDOW if mode == "chunking" else 1)


def test_what_is_dropped_without_a_word_is_not_taken_for_accepted(room: Newsroom, server: FaultyServer) -> None:
    """The answer to the next envelope looks like one to the content, until the answers turn out to be one short."""
    server.misbehave("content", DROPS, matching=ONE, times=1)
    send_until_done(room, server)
    assert books(room).states == {"accepted": len(READERS)}
    assert set(server.recipients) == set(READERS)
    assert repeats(server) <= 1


@pytest.mark.parametrize("room", ["hold"], indirect=True)
@pytest.mark.parametrize(
    ("mode", "verb", "fault"), cases(BREAKS, ["rcpt", *AT_CONTENT], ["pipelining", "chunking"]), indirect=["mode"]
)
def test_where_it_is_to_be_held_nothing_is_repeated(
    room: Newsroom, server: FaultyServer, mode: str, verb: Verb, fault: str
) -> None:
    server.misbehave(verb, BREAKS[fault], matching=ONE, times=1)
    send_until_done(room, server)
    found = books(room)
    assert found.states["accepted"] + found.states["uncertain"] == len(READERS)
    assert found.states["uncertain"] <= (WINDOW if mode == "chunking" else 1)
    assert repeats(server) == 0


@pytest.mark.parametrize("mode", ["plain", "pipelining"], indirect=True)
def test_a_relay_that_closes_after_every_message_costs_nothing(room: Newsroom, server: FaultyServer, mode: str) -> None:
    server.misbehave("content", BREAKS["close-after"])
    sent = send(room, server)
    assert (sent.accepted, sent.deferred, sent.error) == (len(READERS), 0, None)
    assert sorted(server.recipients) == sorted(READERS)


@pytest.mark.parametrize("mode", ["chunking"], indirect=True)
def test_a_relay_that_closes_with_chunks_under_way_loses_nobody(room: Newsroom, server: FaultyServer) -> None:
    server.misbehave("content", BREAKS["close-after"])
    for _ in READERS:
        send(room, server)
        room.clock.pass_by(hours=1)
    assert books(room).states == {"accepted": len(READERS)}
    assert set(server.recipients) == set(READERS)
    assert repeats(server) <= server.connections
