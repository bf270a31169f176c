"""``/console``: what was picked up, what is due, what is being sent, and what needs a person."""

from __future__ import annotations

from datetime import datetime, timedelta

from fastapi.responses import Response

from syndicate.app import App
from syndicate.desk.rights import Right
from syndicate.digest.upcoming import upcoming
from syndicate.model import DigestState
from syndicate.store import Connection, pickups
from syndicate.web.console import words
from syndicate.web.console.desk import Desk
from syndicate.web.console.door import Door
from syndicate.web.console.settings.saving import Saving
from syndicate.web.console.today.charts import Drawing, drawings
from syndicate.web.console.today.matters import matters
from syndicate.web.console.visit import Visit

LATELY = timedelta(days=1)
_CHARTS_LAST = timedelta(minutes=1)
_NEWEST = 8


class Today:
    """Everything at a glance; each of its parts leads to the page that has the rest."""

    def __init__(self, app: App, desk: Desk, door: Door) -> None:
        self._app, self._desk, self._saving = app, desk, Saving(app)
        self._drawn: tuple[datetime, list[Drawing]] | None = None
        door.get("/console", Right.VIEW, self.today)

    def today(self, visit: Visit) -> Response:
        """One page, from one view of the database."""
        settings, now = self._app.settings, visit.now
        wrong = self._saving.wanted()[1]
        with self._app.store.read() as connection:
            due = upcoming(settings, connection, now)
            counts = pickups.counts(connection, since=now - LATELY)
            newest = pickups.newest(connection, since=now - LATELY, limit=_NEWEST)
            drawn = self._drawings(connection, now)
            waiting = matters(settings, connection, now, wrong, self._app.jobs.senders.sections)
        return self._desk.show(
            visit,
            "today/today.html",
            section="today",
            matters=waiting,
            moving=self._desk.meter.of(self._desk.meter.in_state(DigestState.SENDING)),
            told_at=now,
            progress_url=f"{self._desk.base}/console/progress",
            due=due,
            counts=counts,
            newest=newest,
            drawings=drawn,
            distance=lambda at: words.distance(at, now),
            settings=settings,
        )

    def _drawings(self, connection: Connection, now: datetime) -> list[Drawing]:
        """The charts, as they were within the last minute: counting for them is most of what the page costs."""
        if self._drawn is None or not timedelta(0) <= now - self._drawn[0] < _CHARTS_LAST:
            self._drawn = now, drawings(self._app.settings, connection, now)
        return self._drawn[1]
