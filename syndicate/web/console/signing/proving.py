"""``/console/prove``: who is signed in proves it again, before what can't be undone."""

from __future__ import annotations

from typing import Any

import structlog
from fastapi.responses import Response

from syndicate.app import App
from syndicate.desk import entry, sessions
from syndicate.desk.brakes import code_counter, counters
from syndicate.desk.codes import Codes
from syndicate.desk.rights import Right
from syndicate.web.console.desk import Desk
from syndicate.web.console.door import Door
from syndicate.web.console.signing.browser import Browser
from syndicate.web.console.signing.entering import keep, network_of, told, too_soon
from syndicate.web.console.signing.ways import onward
from syndicate.web.console.visit import Visit

log = structlog.get_logger()


class Proving:
    """Asks for the password again."""

    def __init__(self, app: App, desk: Desk, door: Door) -> None:
        self._app, self._desk = app, desk
        self._codes = Codes(app.settings.site.secret.get_secret_value())
        door.get("/console/prove", Right.VIEW, self.page)
        door.post("/console/prove", Right.VIEW, self.prove)

    def page(self, visit: Visit) -> Response:
        """Asks for it."""
        return self._show(visit)

    def prove(self, visit: Visit) -> Response:
        """The session goes on under another key, and for some minutes they are not asked again."""
        name, store = visit.user.name, self._app.store
        browser = Browser(self._desk, visit.request)
        asked = counters(name, network_of(visit.request), browser.known_to(name))
        needs_code = entry.needs_code(store, name)
        if needs_code:
            asked += (code_counter(name),)
        wait = self._app.brakes.admit(asked, visit.now)
        if wait:
            return too_soon(self._show(visit, 429, told(wait)), wait)
        is_proved = entry.check(store, name, visit.form.one("password")) == visit.user
        if is_proved and needs_code:
            code = visit.form.one("code")
            is_proved = bool(entry.check_code(store, self._codes, name, code, ip=visit.ip, now=visit.now))
        if not is_proved:
            log.warning("proof failed", user=name, ip=visit.ip)
            wrong = "The password or the code is wrong." if needs_code else "The password is wrong."
            return self._show(visit, 403, wrong)
        self._app.brakes.forgive(asked)
        key = sessions.prove(store, visit.session, ip=visit.ip, now=visit.now)
        return keep(self._desk.go(visit, onward(visit.query.get("next", "")), "Thank you, it is you. Go on."), key)

    def _show(self, visit: Visit, status: int = 200, problem: str = "") -> Response:
        back = onward(visit.query.get("next", ""))
        needs_code = entry.needs_code(self._app.store, visit.user.name)
        given: dict[str, Any] = {"problem": problem, "back": back, "needs_code": needs_code}
        return self._desk.show(visit, "signing/prove.html", status=status, **given)
