"""``/console``: what was done, what is due, what needs a person."""

from __future__ import annotations

from fastapi.responses import Response

from syndicate.app import App
from syndicate.desk.rights import Right
from syndicate.web.console.desk import Desk
from syndicate.web.console.door import Door
from syndicate.web.console.visit import Visit


class Today:
    """The first page of the console."""

    def __init__(self, app: App, desk: Desk, door: Door) -> None:
        self._app, self._desk = app, desk
        door.get("/console", Right.VIEW, self.today)

    def today(self, visit: Visit) -> Response:
        """Everything at a glance."""
        moving = self._desk.meter.of(self._desk.meter.sending())
        return self._desk.show(
            visit,
            "today/today.html",
            section="today",
            moving=moving,
            told_at=visit.now,
            progress_url=f"{self._desk.base}/console/progress",
        )
