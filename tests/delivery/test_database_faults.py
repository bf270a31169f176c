"""A database that is locked, full or read-only while mail goes out: nothing unrecorded is sent, and nothing is lost.

The sender is a process of its own. The server holds its answers back until the fault is there, so that the fault always
comes at the same moment: with messages handed over, and none of them recorded as accepted yet.
"""

from __future__ import annotations

import resource
import shutil
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from tests.books import Books, read_books
from tests.cli.command import starter
from tests.cli.starter import Started
from tests.faulty import FaultyServer
from tests.newsroom import newsroom

READERS = 60
CONNECTIONS = 3
KEPT = 20
"""So many messages are kept before the fault comes."""

CHILD = """
import asyncio, ctypes, sys
from pathlib import Path
from syndicate.errors import SyndicateError
from syndicate.store.engine import opening
from tests.newsroom import newsroom
directory, url, busy, privileges = sys.argv[1:]
opening.BUSY_SECONDS = float(busy)
if privileges == "none":  # so that root may not write what nobody may
    ctypes.CDLL(None).capset((ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)())
try:
    with newsroom(Path(directory), smtp={"url": url, "connections": CONNECTIONS}) as room:
        asyncio.run(room.app.jobs.send_due(stop=asyncio.Event()))
except SyndicateError as error:
    sys.exit(f"error: {error}")
""".replace("CONNECTIONS", str(CONNECTIONS))


@pytest.fixture
def server() -> Iterator[FaultyServer]:
    with FaultyServer() as opened:
        opened.hold_after(KEPT)
        yield opened


def plan(directory: Path) -> None:
    """A digest for all readers."""
    with newsroom(directory) as room:
        room.article("Ferry returns")
        for number in range(READERS):
            room.reader(f"r{number}@example.org")
        room.compose()


@contextmanager
def sending(directory: Path, server: FaultyServer, *, busy: float = 30.0, privileges: str = "all") -> Iterator[Started]:
    """A process that sends."""
    child = starter().start([str(directory), server.url, str(busy), privileges], code=CHILD)
    try:
        yield child
    finally:
        child.kill()
        child.communicate()


def ended(child: Started) -> str:
    """Why it ended early: one line."""
    _, said = child.communicate(timeout=60)
    assert child.returncode == 1, said
    assert "Traceback" not in said
    [line] = [line for line in said.splitlines() if line.startswith("error: ")]
    return line


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """This process writes, and does not end to."""
    with closing(sqlite3.connect(database, timeout=30, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


def check_recorded(database: Path, server: FaultyServer) -> Books:
    """Everything that went out was written down before."""
    books = read_books(database)
    assert set(server.recipients) <= set(books.who("begun", "accepted"))
    assert set(books.who("accepted")) <= set(server.recipients)
    return books


def check_resumed(directory: Path, server: FaultyServer) -> None:
    """The next run sends what is left, and what was in flight once more at most."""
    with newsroom(directory, smtp={"url": server.url, "connections": CONNECTIONS}) as room:
        sent = room.send()
        assert (sent.error, sent.finished) == (None, [1])
    books, copies = read_books(directory / "syndicate.db"), Counter(server.recipients)
    assert books.states == {"accepted": READERS}
    assert set(copies) == set(books.who("accepted"))
    assert sum(copies.values()) - len(copies) <= CONNECTIONS


def test_what_is_locked_for_a_while_is_waited_for(tmp_path: Path, server: FaultyServer) -> None:
    plan(tmp_path)
    with sending(tmp_path, server) as child:
        server.wait_until(lambda: len(server.messages) >= KEPT)
        with locked(tmp_path / "syndicate.db"):
            server.go_on()
            time.sleep(0.3)  # the other process takes its time: so long, nothing may begin
            check_recorded(tmp_path / "syndicate.db", server)
            assert len(server.messages) < KEPT + CONNECTIONS
        _, said = child.communicate(timeout=60)
        assert child.returncode == 0, said
    assert read_books(tmp_path / "syndicate.db").states == {"accepted": READERS}
    assert max(Counter(server.recipients).values()) == 1


def test_what_stays_locked_ends_the_run(tmp_path: Path, server: FaultyServer) -> None:
    plan(tmp_path)
    with sending(tmp_path, server, busy=0.3) as child:
        server.wait_until(lambda: len(server.messages) >= KEPT)
        with locked(tmp_path / "syndicate.db"):
            server.go_on()
            said = ended(child)
            check_recorded(tmp_path / "syndicate.db", server)
    assert "database is locked: another process holds it; try again" in said
    check_resumed(tmp_path, server)


def test_what_is_locked_from_the_start_sends_nothing(tmp_path: Path, server: FaultyServer) -> None:
    plan(tmp_path)
    with locked(tmp_path / "syndicate.db"), sending(tmp_path, server, busy=0.3) as child:
        assert "another process holds it" in ended(child)
    assert server.messages == []
    server.go_on()
    check_resumed(tmp_path, server)


def test_a_file_that_may_not_grow_ends_the_run(tmp_path: Path, server: FaultyServer) -> None:
    plan(tmp_path)
    with sending(tmp_path, server) as child:
        server.wait_until(lambda: len(server.messages) >= KEPT)
        resource.prlimit(child.pid, resource.RLIMIT_FSIZE, (1, 1))
        server.go_on()
        said = ended(child)
    check_recorded(tmp_path / "syndicate.db", server)
    assert "disk I/O error: " in said, "why, and what to do"
    check_resumed(tmp_path, server)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of 8 MB."""
    mount, umount = shutil.which("mount"), shutil.which("umount")
    folder = tmp_path / "disk"
    folder.mkdir()
    if (
        not (mount and umount)
        or subprocess.run([mount, "-t", "tmpfs", "-o", "size=8m", "tmpfs", folder], capture_output=True).returncode
    ):
        pytest.skip("a small disk of its own may not be mounted here")
    yield folder
    subprocess.run([umount, "--lazy", folder], check=True)


def fill(folder: Path) -> None:
    """Takes what room there is."""
    with suppress(OSError), (folder / "other").open("wb", buffering=0) as other:
        while True:
            other.write(bytes(512))


def test_a_full_disk_ends_the_run(small_disk: Path, server: FaultyServer) -> None:
    plan(small_disk)
    with sending(small_disk, server) as child:
        server.wait_until(lambda: len(server.messages) >= KEPT)
        fill(small_disk)
        server.go_on()
        said = ended(child)
    check_recorded(small_disk / "syndicate.db", server)
    assert "make room on the disk" in said
    (small_disk / "other").unlink()
    check_resumed(small_disk, server)


@pytest.mark.parametrize(("file", "folder"), [(0o444, 0o755), (0o444, 0o555)], ids=["file", "folder"])
def test_what_may_not_be_written_sends_nothing(tmp_path: Path, server: FaultyServer, file: int, folder: int) -> None:
    plan(tmp_path)
    (tmp_path / "syndicate.db").chmod(file)
    tmp_path.chmod(folder)
    with sending(tmp_path, server, privileges="none") as child:
        said = ended(child)
    tmp_path.chmod(0o755)
    (tmp_path / "syndicate.db").chmod(0o644)
    assert "may not be written" in said or "may be written" in said
    assert server.messages == []
    assert read_books(tmp_path / "syndicate.db").states == {"queued": READERS}
    server.go_on()
    check_resumed(tmp_path, server)
