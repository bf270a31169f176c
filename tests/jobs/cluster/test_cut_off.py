"""A worker is cut off from the database, or from the relay, in the midst of sending, and nobody tells it so.

It runs in a network of its own. There a cut has no reset and no refusal: it is timeouts that notice.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from subprocess import Popen
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import text

from tests.apart import Apart, apart, why_not
from tests.cli.command import make_folder, wait_for
from tests.faulty import FaultyServer
from tests.newsroom import Newsroom, newsroom
from tests.wires import wire_to_port, wire_to_socket

READERS, CONNECTIONS, KEPT = 30, 2, 8
_PATIENCE = 90
"""Seconds: a job that was cut off in the wrong moment is given to a worker again half a minute later."""

_TIMEOUTS = "tcp_user_timeout=1000&connect_timeout=2"


@pytest.fixture
def space() -> Iterator[Apart]:
    if reason := why_not():
        pytest.skip(reason)
    with apart() as made:
        yield made


@pytest.fixture
def relay() -> Iterator[FaultyServer]:
    with FaultyServer() as opened:
        opened.hold_after(KEPT)
        yield opened


@pytest.fixture
def room(tmp_path: Path, postgresql_url: str) -> Iterator[Newsroom]:
    (tmp_path / "room").mkdir()
    with newsroom(tmp_path / "room", store_url=postgresql_url) as opened:
        opened.clock.now = datetime.now(UTC)
        opened.article("Ferry returns")
        for number in range(READERS):
            opened.reader(f"r{number}@example.org", "instant")
        opened.compose()
        yield opened


@pytest.fixture
def worker(
    tmp_path: Path, postgresql_url: str, space: Apart, relay: FaultyServer, room: Newsroom
) -> Iterator[Popen[str]]:
    """It has handed over what the relay did not answer yet, on each connection, when it is given."""
    parts = urlsplit(postgresql_url)
    socket = f"{parse_qs(parts.query)['host'][0]}/.s.PGSQL.5432"
    with (
        wire_to_socket(socket, space.database.near) as database,
        wire_to_port(relay.port, space.relay.near) as smtp,
    ):
        folder = make_folder(tmp_path, f"smtp://{space.relay.near}:{smtp.port}")
        file = tmp_path / "syndicate.toml"
        settings = file.read_text("utf-8").replace('slug = "daily"', 'slug = "brief"')
        settings = settings.replace("connections = 2", f'connections = {CONNECTIONS}\ntimeout = "2s"')
        url = f"postgresql://postgres@{space.database.near}:{database.port}{parts.path}?{_TIMEOUTS}"
        file.write_text(f'{settings}\n[store]\nurl = "{url}"\n', "utf-8")
        with folder.running_within(space.within(), "worker", "--queues", "send") as process:
            relay.wait_until(lambda: len(relay.messages) == KEPT + CONNECTIONS - 1)
            yield process
            wait_for(lambda: len(set(relay.recipients)) == READERS, _PATIENCE)
    assert len(relay.messages) - READERS <= CONNECTIONS


def test_from_the_database(worker: Popen[str], space: Apart, relay: FaultyServer, room: Newsroom) -> None:
    space.database.cut()
    relay.go_on()
    assert worker.stderr
    assert any("nothing is sent until it is back" in line for line in worker.stderr)
    assert len(relay.messages) < KEPT + CONNECTIONS
    space.database.mend()
    wait_for(lambda: room.equation().accepted == READERS, _PATIENCE)


def test_from_the_relay(worker: Popen[str], space: Apart, relay: FaultyServer, room: Newsroom) -> None:
    def is_noticed() -> bool:
        with room.app.store.read() as connection:
            return bool(connection.execute(text("SELECT count(*) FROM attempts WHERE code IS NULL")).scalar())

    space.relay.cut()
    wait_for(is_noticed)
    space.relay.mend()
    relay.go_on()
    wait_for(
        lambda: room.equation().accepted == READERS - CONNECTIONS, _PATIENCE
    )  # what was handed over then waits a minute
