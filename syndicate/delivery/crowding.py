"""Whether commits stand in line on their way to the database, and how long it pays to wait for company then.

Called by ``noting``. It is judged as TCP Vegas judges a network (Brakmo and Peterson, 1995), by delays: what a commit
takes now beside the quickest one. A database that is only far away, or on a slow disk, is as slow for the quickest.
"""

from __future__ import annotations

_CROWDED = 3
"""So many times the quickest: one process beside a relay on two cores sees twice, four processes five times."""

_PAUSES = 2
"""So many commits may have to be waited for. On a crowded machine nobody is idle meanwhile."""

_INERTIA = 8
_FORGETS = 1.001
"""Some hundred commits later, one that was quicker than any can be now does not count any more."""


class Crowding:
    """One run's view of its commits; ``pause`` is in seconds, 0 where nothing stands in line."""

    def __init__(self) -> None:
        self._usual = 0.0
        self._quickest = float("inf")

    def took(self, seconds: float) -> None:
        """What one commit took."""
        self._usual += (seconds - self._usual) / _INERTIA if self._usual else seconds
        self._quickest = min(self._quickest * _FORGETS, seconds)

    @property
    def pause(self) -> float:
        """So long a small commit had better wait for more to come, which then needs no commit of its own."""
        return _PAUSES * self._usual if self._usual > _CROWDED * self._quickest else 0.0
