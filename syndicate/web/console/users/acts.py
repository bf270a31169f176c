"""``/console/users/acts``: who did what, the newest first."""

from __future__ import annotations

from fastapi.responses import Response

from syndicate.app import App
from syndicate.desk.rights import Right
from syndicate.store import audit
from syndicate.web.console.desk import Desk
from syndicate.web.console.door import Door
from syndicate.web.console.visit import Visit

HOME = "/console/users/acts"
_AT_ONCE = 50


class ActsPage:
    """Shows the audit log."""

    def __init__(self, app: App, desk: Desk, door: Door) -> None:
        self._app, self._desk = app, desk
        door.get(HOME, Right.USERS, self.page)

    def page(self, visit: Visit) -> Response:
        """So many at once; ``before`` is the last of the page before."""
        before = visit.query.get("before", "")
        before_id = int(before) if before.isascii() and before.isdecimal() and len(before) < 19 else None
        with self._app.store.read() as connection:
            found = audit.newest(connection, limit=_AT_ONCE + 1, before_id=before_id)
        older = found[_AT_ONCE - 1].id if len(found) > _AT_ONCE else None
        return self._desk.show(visit, "users/acts.html", section="users", acts=found[:_AT_ONCE], older=older)
