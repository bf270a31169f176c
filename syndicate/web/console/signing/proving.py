"""``/console/prove``: who is signed in proves it again, before what can't be undone."""

from __future__ import annotations

import structlog
from fastapi.responses import Response

from syndicate.app import App
from syndicate.audience.networks import counted
from syndicate.desk import people, sessions
from syndicate.desk.brakes import counters
from syndicate.desk.rights import Right
from syndicate.web.console.desk import Desk
from syndicate.web.console.door import Door
from syndicate.web.console.signing.browser import Browser
from syndicate.web.console.signing.entering import keep, told, too_soon
from syndicate.web.console.signing.ways import onward
from syndicate.web.console.visit import Visit

log = structlog.get_logger()


class Proving:
    """Asks for the password again."""

    def __init__(self, app: App, desk: Desk, door: Door) -> None:
        self._app, self._desk = app, desk
        door.get("/console/prove", Right.VIEW, self.page)
        door.post("/console/prove", Right.VIEW, self.prove)

    def page(self, visit: Visit) -> Response:
        """Asks for it."""
        return self._show(visit)

    def prove(self, visit: Visit) -> Response:
        """The session goes on under another key, and for some minutes they are not asked again."""
        network = counted(visit.ip)
        browser = Browser(self._desk, visit.request)
        asked = counters(visit.user.name, network.name if network else "", browser.known_to(visit.user.name))
        wait = self._app.brakes.admit(asked, visit.now)
        if wait:
            return too_soon(self._show(visit, 429, told(wait)), wait)
        if people.check(self._app.store, visit.user.name, visit.form.one("password")) != visit.user:
            log.warning("proof failed", user=visit.user.name, ip=visit.ip)
            return self._show(visit, 403, "The password is wrong.")
        self._app.brakes.forgive(asked)
        key = sessions.prove(self._app.store, visit.session, ip=visit.ip, now=visit.now)
        return keep(self._desk.go(visit, onward(visit.query.get("next", ""))), key)

    def _show(self, visit: Visit, status: int = 200, problem: str = "") -> Response:
        back = onward(visit.query.get("next", ""))
        return self._desk.show(visit, "signing/prove.html", status=status, problem=problem, back=back)
