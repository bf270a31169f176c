"""Reads the server's log while it grows."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

PATIENCE = 60.0
"""Seconds that something that must come is waited for."""


class Kept(NamedTuple):
    """A message that the server had, in whole."""

    recipient: str
    identity: str
    body: str
    at: float


class ServerLog:
    """What is in the log so far. ``kept`` holds every message in the order of arrival, ``open`` the connections."""

    def __init__(self, path: Path) -> None:
        path.touch()
        self._file = path.open("rb")
        self._rest = b""
        self.kept: list[Kept] = []
        self.open: set[int] = set()

    def read(self) -> int:
        """Reads what has come; returns how many messages there are."""
        *lines, self._rest = (self._rest + self._file.read()).split(b"\n")
        for line in lines:
            what, *facts = json.loads(line)
            match what:
                case "message":
                    self.kept.append(Kept(*facts))
                case "open":
                    self.open.add(facts[0])
                case "closed":
                    self.open.remove(facts[0])
        return len(self.kept)

    def wait(self, condition: Callable[[], bool]) -> None:
        """Reads until something holds."""
        deadline = time.monotonic() + PATIENCE
        while self.read() or True:
            if condition():
                return
            if time.monotonic() > deadline:
                raise TimeoutError("it is not in the server's log")
            time.sleep(0.0005)

    def close(self) -> None:
        """Ends reading."""
        self._file.close()
