"""``/console/digests``: the list of digests, newest first."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from fastapi.responses import Response

from syndicate.app import App
from syndicate.desk.rights import Right
from syndicate.model import DigestState
from syndicate.store import digests, standing
from syndicate.web.console.desk import Desk
from syndicate.web.console.digests.given import number, state_of, words
from syndicate.web.console.digests.upcoming import before_sending
from syndicate.web.console.door import Door
from syndicate.web.console.visit import Visit

PAGE = 50
"""Digests on one page."""

_SENT = tuple(state for state in DigestState if state is not DigestState.EMPTY)


class SentDigests:
    """What was composed, and what became of it."""

    def __init__(self, app: App, desk: Desk, door: Door) -> None:
        self._app, self._desk = app, desk
        door.get("/console/digests", Right.VIEW, self.first)

    def first(self, visit: Visit) -> Response:
        """What waits and what comes next, then the digests; those whose slot had nothing new when asked for."""
        top = {} if visit.query else before_sending(self._app, visit)
        return self._desk.show(visit, "digests/first.html", section="digests", **listed(self._app, visit), **top)


def listed(app: App, visit: Visit) -> dict[str, Any]:
    """What ``digests/sent_list.html`` shows: of that newsletter, in that state, before that id, as the address says."""
    newsletter = words(visit.query.get("newsletter"))
    state = state_of(DigestState, visit.query.get("state"))
    before = number(visit.query.get("before"))
    with app.store.read() as connection:
        found = digests.latest(
            connection,
            newsletter=newsletter or None,
            states=[state] if state else _SENT,
            before_id=before,
            limit=PAGE + 1,
        )
        shown = found[:PAGE]
        counts = standing.by_digest(connection, [one.id for one in shown])
    asked = {"newsletter": newsletter, "state": state or ""}
    older = {**asked, "before": shown[-1].id} if len(found) > PAGE else {}
    return {
        "digests": shown,
        "counts": counts,
        "newsletters": {one.slug: one for one in app.settings.newsletters},
        "states": list(DigestState),
        "asked": asked,
        "older": urlencode({name: value for name, value in older.items() if value}),
        "is_first": before is None,
    }
