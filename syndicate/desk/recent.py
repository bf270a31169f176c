"""The newest warnings and errors of this process's log, for the console. In memory: the log itself has all of them."""

from __future__ import annotations

import re
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

_MOST = 200
_LONGEST = 400
_LEVELS = ("warning", "error", "critical", "exception")
_LEFT_OUT = ("event", "level", "timestamp", "exc_info")
_ADDRESS = re.compile(r"[^\s@<>\"'(),;:=]+@[^\s@<>\"'(),;:=]+")


@dataclass(frozen=True, slots=True)
class Entry:
    """What was said, with what it was about; ``count`` times, the last time ``at``."""

    level: str
    event: str
    about: str
    at: datetime
    count: int = 1


class Recent:
    """Keeps so many different ones. What is said again counts, and takes no more room."""

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._clock = clock
        self._kept: OrderedDict[tuple[str, str, str], Entry] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, _logger: object, _method: str, said: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """A processor of structlog that changes nothing. Readers' addresses in servers' words are not kept."""
        level = str(said.get("level", ""))
        if level in _LEVELS:
            key = level, _told(said.get("event", "")), _about(said)
            with self._lock:
                before = self._kept.pop(key, None)
                entry = replace(before, at=self._clock(), count=before.count + 1) if before else None
                self._kept[key] = entry or Entry(*key, self._clock())
                if len(self._kept) > _MOST:
                    self._kept.popitem(last=False)
        return said

    def newest(self) -> list[Entry]:
        """The last one first."""
        with self._lock:
            return list(reversed(self._kept.values()))


def _about(said: MutableMapping[str, Any]) -> str:
    facts = [f"{name}: {_told(value)}" for name, value in said.items() if name not in _LEFT_OUT]
    if said.get("exc_info") and (error := sys.exc_info()[1]):
        facts.append(f"{type(error).__name__}: {_told(error)}")
    return "; ".join(facts)[:_LONGEST]


def _told(value: object) -> str:
    return _ADDRESS.sub("(an address)", " ".join(str(value).split()))[:_LONGEST]


RECENT = Recent()
"""This process's own."""
