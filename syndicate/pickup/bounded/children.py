"""Has documents parsed by processes that are bounded, and started when they are needed. Pick-up calls it."""

from __future__ import annotations

import asyncio
import atexit
import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from syndicate.errors import ParseError
from syndicate.pickup.bounded.limits import AT_ONCE, IDLE_S, LIMITS, WALL_S, Limits
from syndicate.pickup.bounded.wire import Refusal, Task, receive_answer, send_task
from syndicate.pickup.reading import Reading

_COMMAND = (sys.executable, "-P", "-m", "syndicate.pickup.bounded.child")


async def parse(task: Task, limits: Limits = LIMITS) -> Reading:
    """What the parser makes of it. :raises ParseError: also when it takes too much time or memory, or crashes."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _parse, task, limits)


def parse_now(task: Task, limits: Limits = LIMITS) -> Reading:
    """The same, for callers without an event loop."""
    return _threads.submit(_parse, task, limits).result()


class _Child:
    """One process, for one task at a time."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._connection, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - a module of our own
                (*_COMMAND, str(limits.seconds), str(limits.megabytes)),
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                # It has no business with secrets, and Ctrl-C is not for it.
                env={name: value for name, value in os.environ.items() if not name.startswith("SYNDICATE_")},
                start_new_session=True,
            )
        self._connection.settimeout(WALL_S)
        self._idle_since = time.monotonic()

    def is_fit_for(self, limits: Limits) -> bool:
        """Whether it can take a task: it has not ended, and is not about to."""
        is_there = time.monotonic() - self._idle_since < IDLE_S / 2 and self._process.poll() is None
        return is_there and limits == self._limits

    def parse(self, task: Task) -> Reading | Refusal:
        """What it answers, or why it does not; then it has ended."""
        try:
            send_task(self._connection, task)
            answered = receive_answer(self._connection)
        except TimeoutError:
            self.end()
            return Refusal(f"takes longer than {WALL_S:g} s to read")
        except (OSError, ValueError):
            answered = None
        if answered is None:
            return Refusal(self._how_it_ended())
        answer, is_last = answered
        if is_last:
            self.end()
        self._idle_since = time.monotonic()
        return answer

    def _how_it_ended(self) -> str:
        self.end()
        if -self._process.returncode == signal.SIGXCPU:
            return f"takes more than {self._limits.seconds} s to read"
        return f"can't be read: the process that parses it broke down ({self._process.returncode})"

    def end(self) -> None:
        """Ends it, whatever it is at."""
        self._connection.close()
        self._process.kill()
        self._process.wait()


def _parse(task: Task, limits: Limits) -> Reading:
    child = _take(limits)
    try:
        answer = child.parse(task)
    finally:
        _idle.append(child)
    if isinstance(answer, Refusal):
        raise ParseError(task.url, answer.reason)
    return answer


def _take(limits: Limits) -> _Child:
    while _idle:
        child = _idle.pop()
        if child.is_fit_for(limits):
            return child
        child.end()
    return _Child(limits)


@atexit.register
def end() -> None:
    """Ends the processes that have nothing to do; others are started when they are needed."""
    while _idle:
        _idle.pop().end()


_threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="parse")
_idle: list[_Child] = []
