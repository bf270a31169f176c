"""Child processes: what is measured runs in one of its own, and so does all that it talks to.

So the CPU time and the memory of a run are its own, and neither side profits from what the other has warmed up.
"""

from __future__ import annotations

import logging
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import structlog

_SPAWN = get_context("spawn")
_GRACE = 30.0
"""Seconds that a child has to end once its line was closed."""

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Run:
    """One side of one round: how many, in how many seconds by the clock and of CPU, and from when (monotonic).

    ``peak`` is the most memory that the process held at any time since it started, in MB; 0 when it is not known.
    """

    count: int
    seconds: float
    cpu: float
    began: float = 0.0
    peak: float = 0.0

    @property
    def rate(self) -> float:
        """How many a second."""
        return self.count / self.seconds


class Meter:
    """Runs from the moment it is made; counts this process's CPU time, of all its threads."""

    def __init__(self) -> None:
        self._cpu = _cpu()
        self._began = time.monotonic()

    def read(self, count: int) -> Run:
        """What was used until now, for so many."""
        seconds = time.monotonic() - self._began
        return Run(count, seconds, _cpu() - self._cpu, self._began, _peak())


def measured(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What ``work`` returns when it is called in a new process; what it raises is raised here."""
    with served(_answer, work, args, kwargs) as line:
        try:
            result, error = line.recv()
        except EOFError:
            raise RuntimeError(f"{work.__name__} died without a word") from None
        if error is not None:
            raise error
        found: T = result
        return found


@contextmanager
def served(serve: Callable[..., None], *arguments: Any) -> Iterator[Connection]:
    """Calls ``serve(line, *arguments)`` in a new process and gives out the other end of the line.

    The line is closed with the block; ``serve`` must return then.
    """
    ours, theirs = _SPAWN.Pipe()
    process = _SPAWN.Process(target=_serve, args=(theirs, serve, arguments), daemon=True)
    process.start()
    theirs.close()
    try:
        yield ours
    finally:
        ours.close()
        process.join(_GRACE)
        if process.exitcode is None:
            process.kill()
            process.join()
        process.close()


def _serve(line: Connection, serve: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    serve(line, *arguments)


def _answer(line: Connection, work: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    try:
        line.send((work(*args, **kwargs), None))
    except Exception as error:  # noqa: BLE001 - it is raised again where it is waited for
        line.send((None, RuntimeError(f"{work.__name__}: {error.__class__.__name__}: {error}")))


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _peak() -> float:
    """What the kernel says of this program alone; ``ru_maxrss`` would begin with what our parent held."""
    status = Path("/proc/self/status")
    if not status.exists():
        return 0.0
    lines = status.read_text(encoding="ascii", errors="replace").splitlines()
    return next((int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("VmHWM:")), 0.0)
