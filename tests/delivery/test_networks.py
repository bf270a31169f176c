"""The network between the sender and its database, or its relay, is cut or swallows everything while mail goes out.

Nothing unrecorded goes out meanwhile; afterwards everybody has their mail, and repeats are bounded by the connections.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from syndicate.store import journal
from tests.newsroom import Newsroom, newsroom
from tests.relay import Relay
from tests.wires import Wire, wire_to_port, wire_to_socket

READERS, CONNECTIONS = 40, 3
_A_WHILE = 0.3


@contextmanager
def database_wire(url: str) -> Iterator[tuple[Wire, str]]:
    """One before the database of that URL, and the URL through it."""
    parts = urlsplit(url)
    with wire_to_socket(f"{parse_qs(parts.query)['host'][0]}/.s.PGSQL.5432") as wire:
        yield wire, f"{parts.scheme}://postgres@127.0.0.1:{wire.port}{parts.path}?sslmode=disable&gssencmode=disable"


@contextmanager
def filled(directory: Path, url: str, relay: str) -> Iterator[Newsroom]:
    with newsroom(directory, store_url=url, smtp={"url": relay, "connections": CONNECTIONS}) as room:
        yield room


def plan(room: Newsroom) -> None:
    room.article("Ferry returns")
    for number in range(READERS):
        room.reader(f"r{number}@d{number % 9}.example")
    room.compose()


def in_the_middle(relay: Relay, act: Callable[[], object], at: int = READERS // 2) -> None:
    """Has it done when that reader's turn comes."""

    def once() -> bool:
        if len(done) == 0:
            done.append(act())
        return True

    done: list[object] = []
    relay.hold("rcpt", f"r{at}@", once)


def hold_for_a_while(wire: Wire) -> None:
    """Nothing comes through, and later all of it does."""
    wire.hold()
    threading.Timer(_A_WHILE, wire.mend).start()


def test_the_database_is_cut_off_for_a_while(tmp_path: Path, postgresql_url: str, relay: Relay) -> None:
    heard: list[tuple[int, int]] = []

    def cut() -> None:
        wire.cut()
        threading.Timer(_A_WHILE, mend).start()

    def mend() -> None:
        try:
            with near.app.store.write() as connection:
                journal.post(connection)
            heard.append((near.equation().accepted, len(relay.recipients)))
        finally:
            wire.mend()

    with database_wire(postgresql_url) as (wire, far_url), filled(tmp_path, postgresql_url, relay.url) as near:
        plan(near)
        with filled(tmp_path, far_url, relay.url) as far:
            in_the_middle(relay, cut)
            far.send()
        [(accepted, received)] = heard
        assert 0 < accepted <= received <= accepted + CONNECTIONS
        assert near.equation().accepted == READERS
        assert set(relay.recipients) == {f"r{number}@d{number % 9}.example" for number in range(READERS)}
        assert len(relay.recipients) <= READERS + CONNECTIONS


def test_the_database_says_nothing_for_a_while(tmp_path: Path, postgresql_url: str, relay: Relay) -> None:
    with database_wire(postgresql_url) as (wire, far_url), filled(tmp_path, far_url, relay.url) as far:
        plan(far)
        in_the_middle(relay, lambda: hold_for_a_while(wire))
        assert far.send().accepted == READERS == len(relay.recipients)


def test_the_relay_is_cut_off_and_then_says_nothing_for_a_while(tmp_path: Path, store_url: str, relay: Relay) -> None:
    with wire_to_port(relay.port) as wire, filled(tmp_path, store_url, f"smtp://127.0.0.1:{wire.port}") as room:
        plan(room)
        in_the_middle(relay, wire.cut)
        room.send()
        assert 0 < room.equation().accepted <= len(relay.recipients) < READERS
        wire.mend()
        in_the_middle(relay, lambda: hold_for_a_while(wire), READERS - 1)
        room.clock.pass_by(hours=1)
        room.send()
        assert room.equation().accepted == READERS
        assert len(relay.recipients) <= READERS + CONNECTIONS
