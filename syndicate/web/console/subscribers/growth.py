"""``/console/subscribers/growth``: who joined and who left, week by week, of one newsletter or of all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta

from fastapi.responses import Response

from syndicate.app import App
from syndicate.desk.rights import Right
from syndicate.render.charts import Chart, Series, grouped, line
from syndicate.store import growth
from syndicate.store.growth import Day
from syndicate.web.console.desk import Desk
from syndicate.web.console.door import Door
from syndicate.web.console.subscribers.pages import HOME
from syndicate.web.console.today.charts import Drawing
from syndicate.web.console.visit import Visit

WEEKS = 26

_WEEK = timedelta(weeks=1)


@dataclass(frozen=True, slots=True)
class Week:
    """From Monday (UTC) on: who joined for the first time and who left, and how many ``readers`` there were at last."""

    monday: date
    joined: int
    left: int
    readers: int

    @property
    def name(self) -> str:
        """How people call it."""
        return f"{self.monday:%-d %b}"


class Growth:
    """Numbers, and charts of them."""

    def __init__(self, app: App, desk: Desk, door: Door) -> None:
        self._app, self._desk = app, desk
        door.get(f"{HOME}/growth", Right.READERS, self.page)

    def page(self, visit: Visit) -> Response:
        """The last half year."""
        titles = {one.slug: one.title for one in self._app.settings.newsletters}
        chosen = visit.query.get("newsletter", "")
        slugs = [chosen] if chosen in titles else list(titles)
        today = visit.now.astimezone(UTC).date()
        with self._app.store.read() as connection:
            kept = growth.since(connection, slugs, _monday(today) - (WEEKS - 1) * _WEEK)
        found = weeks(kept, today)
        return self._desk.show(
            visit,
            "subscribers/growth.html",
            section="subscribers",
            titles=titles,
            chosen=chosen,
            weeks=found[::-1],
            drawings=drawn(found) if found else [],
        )


def weeks(days: Sequence[Day], today: date) -> list[Week]:
    """What was kept, by weeks, the oldest first, and none left out until now. ``days`` are in order of time."""
    if not days:
        return []
    found, last, at = [], dict[str, int](), 0
    monday = _monday(days[0].day)
    while monday <= today:
        joined = left = 0
        while at < len(days) and days[at].day < monday + _WEEK:
            joined, left = joined + days[at].joined, left + days[at].left
            last[days[at].newsletter] = days[at].readers
            at += 1
        found.append(Week(monday, joined, left, sum(last.values())))
        monday += _WEEK
    return found


def drawn(found: Sequence[Week]) -> list[Drawing]:
    """Who joined and left, and how many there were."""
    labels = tuple(one.name for one in found)
    names = tuple(f"week of {one.name}" for one in found)
    moved = (
        Series("joined", "accepted", tuple(one.joined for one in found)),
        Series("left", "rejected", tuple(one.left for one in found)),
    )
    readers = (Series("readers", "1", tuple(one.readers for one in found)),)
    charts = (
        (Chart("moved", "Joined and left each week", labels, names, moved), grouped),
        (Chart("growth", "Readers at the end of each week", labels, names, readers), line),
    )
    return [Drawing(chart, draw(chart)) for chart, draw in charts]


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
