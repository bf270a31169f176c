"""Where the mail goes: Postfix's `smtp-sink` when it is installed, else the bundled one; both are other processes."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import active_children
from multiprocessing.connection import Connection

import psutil

from benchmarks.children import served
from benchmarks.sink import Arrived, Manners, serve

HOST = "127.0.0.1"
_BACKLOG = "200"
_STARTUP = 5.0


@dataclass(frozen=True, slots=True)
class Sink:
    """A running sink. Only the bundled one counts what arrives."""

    name: str
    port: int
    process: psutil.Process
    line: Connection | None = None

    def cpu(self) -> float:
        """Seconds that it has used."""
        times = self.process.cpu_times()
        return float(times.user + times.system)

    def arrived(self) -> dict[str, Arrived]:
        """Recipient domain → what has arrived for it."""
        if self.line is None:
            return {}
        self.line.send("tally")
        found: dict[str, Arrived] = self.line.recv().domains
        return found


def postfix_tool(name: str) -> str | None:
    """Where one of Postfix's test programs is, if it is installed; some systems keep them out of PATH."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/usr/libexec/postfix")


@contextmanager
def bundled_sink(manners: Manners | None = None) -> Iterator[Sink]:
    """The sink of ``sink.py``."""
    others = active_children()
    with served(serve, manners or Manners()) as line:
        [own] = (one for one in active_children() if one not in others)
        yield Sink("bundled sink", line.recv(), psutil.Process(own.pid), line)


@contextmanager
def best_sink() -> Iterator[Sink]:
    """`smtp-sink`, the cheaper one for the machine, or the bundled one without it."""
    program = postfix_tool("smtp-sink")
    if program is None:
        with bundled_sink() as sink:
            yield sink
        return
    port = _free_port()
    command = [program, *_user(), f"{HOST}:{port}", _BACKLOG]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        _wait_for(process, port)
        yield Sink("smtp-sink", port, psutil.Process(process.pid))
    finally:
        process.terminate()
        process.wait()


def _user() -> list[str]:
    """It refuses to run as root."""
    if os.geteuid() != 0:
        return []
    known = {entry.pw_name for entry in pwd.getpwall()}
    return ["-u", "postfix" if "postfix" in known else "nobody"]


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as taken:
        return int(taken.getsockname()[1])


def _wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + _STARTUP
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError), socket.create_connection((HOST, port), timeout=1):
            return
        time.sleep(0.02)
    raise RuntimeError(f"smtp-sink did not start on port {port}")
