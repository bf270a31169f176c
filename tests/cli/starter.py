"""Starts ``syndicate`` commands by forking a process that has loaded it already: most of a short command is loading.

Each runs in a process of its own, with its own arguments, folder and standard streams, from ``__main__`` on.
"""

from __future__ import annotations

import gc
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import IO, Any

_LIMIT = 65536


class Starter:
    """The process that forks. ``environment`` is what every command gets."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._ours, theirs = socket.socketpair()
        with theirs:
            words = [sys.executable, "-m", "tests.cli.starter", str(theirs.fileno())]
            root = Path(__file__).parents[2]
            self._process = subprocess.Popen(
                words,
                pass_fds=[theirs.fileno()],
                cwd=root,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )

    def run(self, arguments: Sequence[str], folder: Path, streams: Sequence[IO[Any] | int], seconds: float) -> int:
        """Runs one command and returns its exit code; ``streams`` are standard input, output and error.

        :raises TimeoutError: when it takes longer; it is killed then.
        """
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                given = [theirs.fileno(), *(one if isinstance(one, int) else one.fileno() for one in streams)]
                request = json.dumps({"arguments": list(arguments), "folder": str(folder)}).encode()
                socket.send_fds(self._ours, [request], given)
            process = int(ours.recv(20))
            ours.settimeout(seconds)
            try:
                return os.waitstatus_to_exitcode(int(ours.recv(20)))
            except TimeoutError:
                os.kill(process, signal.SIGKILL)
                raise

    def close(self) -> None:
        """Ends it."""
        self._ours.close()
        self._process.wait(10)


def _serve(line: socket.socket) -> None:
    """Forks for each request, until the other end is closed."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        request, files, _, _ = socket.recv_fds(line, _LIMIT, 4)
        if not request:
            return
        if os.fork() == 0:
            line.close()
            _watch(json.loads(request), files)
        for one in files:
            os.close(one)


def _watch(request: dict[str, Any], files: list[int]) -> None:
    """Runs the command in a child, and tells first its id, then how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with socket.socket(fileno=files[0]) as told:
        process = os.fork()
        if process == 0:
            told.close()
            for standard, one in enumerate(files[1:]):
                os.dup2(one, standard)
                os.close(one)
            os.chdir(request["folder"])
            sys.argv = ["syndicate", *request["arguments"]]
            runpy.run_module("syndicate", run_name="__main__", alter_sys=True)
            sys.exit(0)
        told.send(b"%20d" % process)
        told.send(b"%20d" % os.waitpid(process, 0)[1])
    os._exit(0)


if __name__ == "__main__":
    from syndicate.cli.main import GROUPS

    for module in GROUPS:
        import_module(f"syndicate.cli.{module}")
    gc.collect()
    gc.freeze()
    with socket.socket(fileno=int(sys.argv[1])) as ours:
        _serve(ours)
