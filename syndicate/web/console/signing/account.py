"""``/console/account``: one's own password, codes, and where one is signed in."""

from __future__ import annotations

from typing import Any

import segno
from fastapi.responses import Response

from syndicate.app import App
from syndicate.desk import codes, entry, people, sessions
from syndicate.desk.codes import Codes
from syndicate.desk.rights import Right
from syndicate.errors import PasswordError
from syndicate.store import recovery
from syndicate.web.console.desk import Desk
from syndicate.web.console.door import Door
from syndicate.web.console.visit import Visit

HOME = "/console/account"


class Account:
    """What everybody may change about their own way in. What an attacker would change first asks for a fresh proof."""

    def __init__(self, app: App, desk: Desk, door: Door) -> None:
        self._app, self._desk = app, desk
        self._codes = Codes(app.settings.site.secret.get_secret_value())
        door.get(HOME, Right.VIEW, self.page)
        door.post(f"{HOME}/sessions", Right.VIEW, self.end_sessions, fresh=True)
        door.get(f"{HOME}/password", Right.VIEW, self.password, fresh=True)
        door.post(f"{HOME}/password", Right.VIEW, self.change_password, fresh=True)
        door.get(f"{HOME}/codes", Right.VIEW, self.codes, fresh=True)
        door.post(f"{HOME}/codes", Right.VIEW, self.set_up_codes, fresh=True)
        door.post(f"{HOME}/codes/recovery", Right.VIEW, self.renew_recovery, fresh=True)
        door.post(f"{HOME}/codes/remove", Right.VIEW, self.remove_codes, fresh=True)

    def page(self, visit: Visit) -> Response:
        """All of it at a glance."""
        seats = sessions.of_user(self._app.store, visit.user, now=visit.now)
        has_codes = entry.needs_code(self._app.store, visit.user.name)
        with self._app.store.read() as connection:
            left = recovery.count(connection, visit.user.id)
        given: dict[str, Any] = {"seats": seats, "has_codes": has_codes, "left": left, "shown": sessions.SHOWN}
        return self._desk.show(visit, "signing/account.html", **given)

    def end_sessions(self, visit: Visit) -> Response:
        """Ends another session of theirs, or all others."""
        which = visit.form.one("which") or None
        sessions.end_others(self._app.store, visit.session, which, ip=visit.ip, now=visit.now)
        return self._desk.go(visit, HOME, "Signed out there.")

    def password(self, visit: Visit) -> Response:
        """Asks for another one."""
        return self._desk.show(visit, "signing/password.html", problem="")

    def change_password(self, visit: Visit) -> Response:
        """Keeps it."""
        new, site = visit.form.one("password"), self._app.settings.site.name
        problem = "" if new == visit.form.one("again") else "Both fields must hold the same password."
        if not problem:
            try:
                entry.change_password(self._app.store, visit.session, new, site, ip=visit.ip, now=visit.now)
            except PasswordError as error:
                problem = f"Choose another password: {error}."
        if problem:
            return self._desk.show(visit, "signing/password.html", status=422, problem=problem)
        return self._desk.go(visit, HOME, "Your password is changed, and you are signed out everywhere else.")

    def codes(self, visit: Visit) -> Response:
        """Shows a new secret for their app, as a picture and in letters."""
        return self._ask_for_code(visit, self._codes.sealed(codes.new_secret(), visit.user.id))

    def set_up_codes(self, visit: Visit) -> Response:
        """Once a code shows that their app has the secret, they need one with every sign-in."""
        sealed, code = visit.form.one("secret"), visit.form.one("code")
        made = entry.set_up(self._app.store, self._codes, visit.session, sealed, code, ip=visit.ip, now=visit.now)
        if made is None:
            if self._codes.opened(sealed, visit.user.id) is None:
                sealed = self._codes.sealed(codes.new_secret(), visit.user.id)
            return self._ask_for_code(visit, sealed, 422, "The code is wrong. Is the clock of your phone right?")
        return self._desk.show(visit, "signing/recovery.html", made=made)

    def renew_recovery(self, visit: Visit) -> Response:
        """Other recovery codes."""
        if not entry.needs_code(self._app.store, visit.user.name):
            return self._desk.go(visit, HOME)
        made = entry.renew_recovery(self._app.store, visit.user, ip=visit.ip, now=visit.now)
        return self._desk.show(visit, "signing/recovery.html", made=made)

    def remove_codes(self, visit: Visit) -> Response:
        """The password alone lets them in from now on."""
        people.forget_codes(self._app.store, visit.user.name, by=visit.user.name, ip=visit.ip, now=visit.now)
        return self._desk.go(visit, HOME, "You need no code any more.")

    def _ask_for_code(self, visit: Visit, sealed: str, status: int = 200, problem: str = "") -> Response:
        secret = self._codes.opened(sealed, visit.user.id)
        assert secret is not None
        uri = codes.uri(secret, visit.user.name, self._app.settings.site.name)
        picture = segno.make(uri, error="m").svg_data_uri(scale=4, border=2, dark="#000", light="#fff")
        letters = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
        given = {"sealed": sealed, "picture": picture, "letters": letters, "problem": problem}
        return self._desk.show(visit, "signing/codes.html", status=status, **given)
