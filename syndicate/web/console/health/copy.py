"""``/console/health/copy``: a copy that was restored is said to be the live one. Operators alone."""

from __future__ import annotations

from fastapi.responses import Response

from syndicate.app import App
from syndicate.desk.rights import Right
from syndicate.digest.digests import Resolution
from syndicate.errors import ConflictError
from syndicate.jobs.golive import go_live
from syndicate.store.copies import Standing
from syndicate.web.console.desk import Desk
from syndicate.web.console.door import Door
from syndicate.web.console.visit import Visit

_DONE = {
    Resolution.HOLD: "This copy is the live one. What may have been sent already waits for you under Digests.",
    Resolution.RESEND: "This copy is the live one. What was still owed goes out now.",
    Resolution.MARK_SENT: "This copy is the live one. What was owed until now counts as sent.",
}


class CopyPage:
    """What a copy may do, and the button that lets it send."""

    def __init__(self, app: App, desk: Desk, door: Door) -> None:
        self._app, self._desk = app, desk
        door.get("/console/health/copy", Right.SETTINGS, self.show)
        door.post("/console/health/copy", Right.SETTINGS, self.go_live, fresh=True)

    def show(self, visit: Visit) -> Response:
        """The choices that there are now."""
        copy = self._app.jobs.copy()
        decided = [Resolution.RESEND.value, Resolution.MARK_SENT.value]
        choices = [Resolution.HOLD.value, *decided] if copy.standing is Standing.HELD else decided
        return self._desk.show(visit, "health/copy.html", section="health", choices=choices)

    def go_live(self, visit: Visit) -> Response:
        """``choice`` is one of them."""
        try:
            choice = Resolution(visit.form.one("choice"))
        except ValueError:
            raise ConflictError("Choose what becomes of what may have been sent already.") from None
        go_live(self._app.digests, choice, visit.now, visit.by)
        self._app.jobs.bell.ring()
        return self._desk.go(visit, "/console/digests" if choice is Resolution.HOLD else "/console", _DONE[choice])
