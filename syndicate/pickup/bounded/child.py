"""The process that parses: one task after the other from the socket at its standard input. ``children`` starts it."""

from __future__ import annotations

import resource
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from syndicate.errors import ParseError
from syndicate.pickup.bounded.limits import IDLE_S, WORN, Limits
from syndicate.pickup.bounded.wire import Parser, Refusal, Task, receive_task, send_answer
from syndicate.pickup.feed import parse_feed
from syndicate.pickup.ghost import parse_ghost
from syndicate.pickup.page import parse_page
from syndicate.pickup.posted import parse_posted
from syndicate.pickup.reading import Reading
from syndicate.pickup.wordpress import parse_wordpress

_PARSERS: dict[Parser, Callable[[bytes, str, str | None], Reading]] = {
    "feed": parse_feed,
    "wordpress": parse_wordpress,
    "posted": lambda body, name, kind: parse_posted(body, name, kind, datetime.now(UTC)),
    "ghost": parse_ghost,
    "page": parse_page,
}


def main(limits: Limits) -> None:
    """Parses until nobody asks any more, or memory is worn out."""
    _confine(limits.megabytes * 2**20)
    with socket.socket(fileno=0) as connection:
        connection.settimeout(IDLE_S)
        is_last = False
        with suppress(TimeoutError):
            while not is_last and (task := receive_task(connection)):
                answer = _answer(task, limits)
                is_last = _most_held() > WORN
                send_answer(connection, answer, is_last=is_last)


def _answer(task: Task, limits: Limits) -> Reading | Refusal:
    _allow_seconds(limits.seconds)
    try:
        return _PARSERS[task.parser](task.body, task.url, task.content_type)
    except ParseError as error:
        return Refusal(error.reason)
    except MemoryError:
        return Refusal(f"takes more than {limits.megabytes} MB of memory to read")
    except RecursionError:
        return Refusal("is nested too deeply to be read")


def _most_held() -> int:
    """Bytes of memory that this process once held. What the system counts begins with what its parent holds, on Linux,
    where it is therefore read from elsewhere."""
    with suppress(OSError, StopIteration):
        lines = Path("/proc/self/status").read_text("ascii", "replace").splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _confine(memory: int) -> None:
    """No more memory than that, no files written, no core dumps."""
    for what, most in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0)):
        hard = resource.getrlimit(what)[1]
        if hard == resource.RLIM_INFINITY or most <= hard:
            resource.setrlimit(what, (most, most))


def _allow_seconds(seconds: int) -> None:
    """From now on so much CPU time; then SIGXCPU ends the process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + 1 + seconds, hard))


if __name__ == "__main__":
    main(Limits(*map(int, sys.argv[1:])))
