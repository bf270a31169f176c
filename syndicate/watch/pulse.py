"""When the clock of this process last ticked; the ticks beat, and whoever watches the service asks."""

from __future__ import annotations

from datetime import datetime


class Pulse:
    """Beats now and then. Until it first does, when the service began counts."""

    def __init__(self, began_at: datetime) -> None:
        self.beaten_at = began_at

    def beat(self, now: datetime) -> None:
        """The clock ticks."""
        self.beaten_at = now
