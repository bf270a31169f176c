"""How workers reach the database and the relay, so that each line can be cut without a word.

Each worker has a network of its own where the machine allows that; elsewhere proxies stand between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.apart import Apart, apart, why_not
from tests.kill.database import NAME, PORT, Database, postgresql
from tests.kill.trial import serving
from tests.wires import wire_to_port, wire_to_socket


class Line(NamedTuple):
    """One line, by what it leads to."""

    to: str
    cut: Callable[[], None]
    mend: Callable[[], None]


class Place(NamedTuple):
    """Where a worker runs: what stands before its command, what it is told of the others, its lines."""

    before: list[str]
    environment: dict[str, str]
    lines: tuple[Line, ...]


class Ground(NamedTuple):
    """All that a trial stands on. ``port`` is the relay's on loopback; ``form`` says what its lines are."""

    database: Database
    port: int
    places: list[Place]
    form: str


@contextmanager
def ground(directory: Path, workers: int) -> Iterator[Ground]:
    """A database, a relay that writes ``server.log`` in that folder, and a place for each worker."""
    with ExitStack() as stack:
        spaces = [] if why_not() else [stack.enter_context(apart()) for _ in range(workers)]
        port = stack.enter_context(serving(directory, chunking=False, addresses=[one.relay.near for one in spaces]))
        database = stack.enter_context(postgresql([one.database.near for one in spaces]))
        if spaces:
            yield Ground(database, port, [_in_a_network_of_its_own(one, port) for one in spaces], "namespaces")
        else:
            places = [stack.enter_context(_behind_proxies(database, port)) for _ in range(workers)]
            yield Ground(database, port, places, f"proxies, for {why_not()}")


def _in_a_network_of_its_own(space: Apart, port: int) -> Place:
    lines = [Line(to, link.cut, link.mend) for to, link in (("database", space.database), ("relay", space.relay))]
    return _place(space.within(), (space.database.near, PORT), (space.relay.near, port), lines)


@contextmanager
def _behind_proxies(database: Database, port: int) -> Iterator[Place]:
    with wire_to_socket(database.socket) as first, wire_to_port(port) as second:
        lines = [Line(to, wire.hold, wire.mend) for to, wire in (("database", first), ("relay", second))]
        yield _place([], ("127.0.0.1", first.port), ("127.0.0.1", second.port), lines)


def _place(before: list[str], database: tuple[str, int], relay: tuple[str, int], lines: Sequence[Line]) -> Place:
    environment = {
        "SYNDICATE_STORE__URL": f"postgresql://postgres@{database[0]}:{database[1]}/{NAME}",
        "SYNDICATE_SMTP__URL": f"smtp://{relay[0]}:{relay[1]}",
    }
    return Place(before, environment, tuple(lines))
