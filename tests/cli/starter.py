"""Starts ``syndicate`` commands by forking a process that has loaded it already: most of a short command is loading.

Each runs in a process of its own, with its own arguments, folder, environment and standard streams, from ``__main__``
on. It ends when all its threads have and what was registered to be done at the end is; only the interpreter's memory
is not taken apart.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).parents[2]
_LIMIT = 65536


class Started:
    """A command that was started, and what can be read of it; as ``subprocess.Popen`` has it, but for timeouts."""

    def __init__(self, line: socket.socket, stdout: IO[str] | None = None, stderr: IO[str] | None = None) -> None:
        self._line, self.stdout, self.stderr = line, stdout, stderr
        self.pid = int(line.recv(20))
        self.returncode: int | None = None

    def send_signal(self, number: int) -> None:
        """Sends it a signal, unless it has ended."""
        if self.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """Ends it at once."""
        self.send_signal(signal.SIGKILL)

    def poll(self) -> int | None:
        """Its exit code, if it has ended."""
        with suppress(TimeoutError, BlockingIOError):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Waits for its end and returns its exit code.

        :raises TimeoutError: when that takes longer.
        """
        if self.returncode is None:
            self._line.settimeout(timeout)
            self.returncode = os.waitstatus_to_exitcode(int(self._line.recv(20)))
            self._line.close()
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Waits for its end and returns what it wrote since that was last read; nothing can be read then."""
        said: dict[str, str] = {}

        def read(name: str, stream: IO[str]) -> None:
            with stream:
                said[name] = stream.read()

        pipes = {"out": self.stdout, "err": self.stderr}
        readers = [threading.Thread(target=read, args=one) for one in pipes.items() if one[1] and not one[1].closed]
        for reader in readers:
            reader.start()
        try:
            self.wait(timeout)
        except TimeoutError:
            self.kill()
            raise
        finally:
            for reader in readers:
                reader.join()
        return said.get("out", ""), said.get("err", "")


class Starter:
    """The process that forks. ``environment`` is what every command gets."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._ours, theirs = socket.socketpair()
        with theirs:
            words = [sys.executable, "-m", "tests.cli.starter", str(theirs.fileno())]
            self._process = subprocess.Popen(
                words,
                pass_fds=[theirs.fileno()],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )

    def run(
        self,
        arguments: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        streams: Sequence[IO[Any] | int],
        seconds: float,
    ) -> int:
        """Runs one command and returns its exit code; ``streams`` are standard input, output and error.

        :raises TimeoutError: when it takes longer; it is killed then.
        """
        started = Started(self._ask(arguments, folder, environment, streams))
        try:
            return started.wait(seconds)
        except TimeoutError:
            started.kill()
            raise
        finally:
            started.wait()

    def start(self, arguments: Sequence[str], folder: Path = ROOT, *, code: str = "") -> Started:
        """Starts one that stays, without an input; what it writes can be read. ``code`` is run in place of it."""
        ours, theirs = zip(os.pipe(), os.pipe(), strict=True)
        with Path(os.devnull).open("rb") as nothing:
            line = self._ask(arguments, folder, {}, (nothing, *theirs), code)
        for one in theirs:
            os.close(one)
        return Started(line, *(os.fdopen(one) for one in ours))

    def _ask(
        self,
        arguments: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        streams: Sequence[IO[Any] | int],
        code: str = "",
    ) -> socket.socket:
        ours, theirs = socket.socketpair()
        with theirs:
            given = [theirs.fileno(), *(one if isinstance(one, int) else one.fileno() for one in streams)]
            request = {
                "arguments": [*arguments],
                "folder": str(folder),
                "environment": {**environment},
                "code": code,
            }
            socket.send_fds(self._ours, [json.dumps(request).encode()], given)
        return ours

    def close(self) -> None:
        """Ends it."""
        self._ours.close()
        self._process.wait(10)


def _serve(line: socket.socket) -> None:
    """Forks for each request, and tells of each first its id, then how it ended; until the other end is closed."""
    ended, wakes = socket.socketpair()
    wakes.setblocking(False)
    ended.setblocking(False)
    signal.set_wakeup_fd(wakes.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)
    told: dict[int, socket.socket] = {}
    with selectors.DefaultSelector() as waiting:
        waiting.register(line, selectors.EVENT_READ)
        waiting.register(ended, selectors.EVENT_READ)
        while True:
            ready = {key.fileobj for key, _ in waiting.select()}
            if ended in ready:
                ended.recv(_LIMIT)
                _tell(told)
            if line not in ready:
                continue
            request, files, _, _ = socket.recv_fds(line, _LIMIT, 4)
            if not request:
                return
            process = os.fork()
            if process == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                waiting.close()
                for other in (line, ended, wakes, *told.values()):
                    other.close()
                _become(json.loads(request), files)
            told[process] = socket.socket(fileno=files[0])
            told[process].send(b"%20d" % process)
            for one in files[1:]:
                os.close(one)


def _tell(told: dict[int, socket.socket]) -> None:
    """Tells of those that have ended."""
    while told:
        process, status = os.waitpid(-1, os.WNOHANG)
        if not process:
            return
        with told.pop(process) as line, suppress(BrokenPipeError):
            line.send(b"%20d" % status)


def _become(request: dict[str, Any], files: list[int]) -> None:
    """Runs the command in this process, to its end."""
    os.close(files[0])
    for standard, one in enumerate(files[1:]):
        os.dup2(one, standard)
        os.close(one)
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    sys.argv = ["syndicate", *request["arguments"]]
    code = 0
    try:
        if request["code"]:
            exec(request["code"], {"__name__": "__main__"})
        else:
            runpy.run_module("syndicate", run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        if not isinstance(ended.code, int | None):
            raise
        code = ended.code or 0
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)


if __name__ == "__main__":
    from syndicate.cli.main import GROUPS

    gc.disable()
    for module in GROUPS:
        import_module(f"syndicate.cli.{module}")
    gc.freeze()
    gc.enable()
    with socket.socket(fileno=int(sys.argv[1])) as ours:
        _serve(ours)
