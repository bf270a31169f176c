"""``/console/health/acts``: who did what, the newest first."""

from __future__ import annotations

from fastapi.responses import Response

from syndicate.app import App
from syndicate.desk.rights import Right
from syndicate.store import audit
from syndicate.web.console.desk import Desk
from syndicate.web.console.door import Door
from syndicate.web.console.visit import Visit

ON_A_PAGE = 50
_LARGEST_ID = 2**63 - 1
_LONGEST = 200


class Acts:
    """The audit log, for those who say who may sign in."""

    def __init__(self, app: App, desk: Desk, door: Door) -> None:
        self._app, self._desk = app, desk
        door.get("/console/health/acts", Right.USERS, self.acts)

    def acts(self, visit: Visit) -> Response:
        """``?who=`` and ``?about=`` say which, ``?before=`` from which one on."""
        who, about, before = (visit.query.get(name, "").strip()[:_LONGEST] for name in ("who", "about", "before"))
        before_id = int(before) if before.isascii() and before.isdigit() else None
        with self._app.store.read() as connection:
            found = audit.newest(
                connection,
                limit=ON_A_PAGE + 1,
                who=who.replace("\0", "") or None,
                about=about.replace("\0", "") or None,
                before_id=min(before_id, _LARGEST_ID) if before_id is not None else None,
            )
        return self._desk.show(
            visit,
            "health/acts.html",
            section="health",
            acts=found[:ON_A_PAGE],
            who=who,
            about=about,
            before=found[ON_A_PAGE - 1].id if len(found) > ON_A_PAGE else None,
        )
