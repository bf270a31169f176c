"""Rung when mail was made due by hand, or an article was brought; the clock hears it, and need not come round first."""

from __future__ import annotations

from collections.abc import Callable


class Bell:
    """May be rung in any thread. Without anybody who listens nothing happens: what is due is found by the next tick."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[], object]] = []

    def ring(self) -> None:
        """There is something to do."""
        for listener in tuple(self._listeners):
            listener()

    def listen(self, listener: Callable[[], object]) -> Callable[[], None]:
        """Calls it whenever the bell is rung, in the thread that rings; returns what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)
