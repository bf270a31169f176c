"""``/console/users/tokens``: tokens with which programs use the API."""

from __future__ import annotations

from fastapi.responses import Response

from syndicate.app import App
from syndicate.desk import tokens
from syndicate.desk.rights import Right
from syndicate.desk.tokens import Scope
from syndicate.errors import ConflictError
from syndicate.store import tokens as rows
from syndicate.web.console.desk import Desk
from syndicate.web.console.door import Door
from syndicate.web.console.visit import Visit

HOME = "/console/users/tokens"
_USUAL_DAYS = 365


class TokenPages:
    """Makes and revokes them. A token is shown once."""

    def __init__(self, app: App, desk: Desk, door: Door) -> None:
        self._app, self._desk = app, desk
        door.get(HOME, Right.USERS, self.all)
        door.get(f"{HOME}/new", Right.USERS, self.new, fresh=True)
        door.post(f"{HOME}/new", Right.USERS, self.add, fresh=True)
        door.post(HOME + "/{name}/revoke", Right.USERS, self.revoke)

    def all(self, visit: Visit) -> Response:
        """All of them."""
        with self._app.store.read() as connection:
            found = rows.everyone(connection)
        return self._desk.show(visit, "users/tokens.html", section="users", tokens=found)

    def new(self, visit: Visit) -> Response:
        """Asks what it is for."""
        return self._ask(visit)

    def add(self, visit: Visit) -> Response:
        """Makes one and shows it."""
        form = visit.form
        days, known = form.one("days").strip(), [*Scope]
        scopes = [one for one in known if one in form.all("scope")]
        number = int(days) if days.isascii() and days.isdecimal() and len(days) < 6 else 0
        try:
            token, text = tokens.add(
                self._app.store, form.one("name"), scopes, number, by=visit.user.name, ip=visit.ip, now=visit.now
            )
        except ConflictError as error:
            return self._ask(visit, 422, f"{error}.")
        return self._desk.show(visit, "users/token.html", section="users", token=token, text=text)

    def revoke(self, visit: Visit, name: str) -> Response:
        """It opens nothing from now on."""
        tokens.revoke(self._app.store, name, by=visit.user.name, ip=visit.ip, now=visit.now)
        return self._desk.go(visit, HOME, f"Token {name} is revoked.")

    def _ask(self, visit: Visit, status: int = 200, problem: str = "") -> Response:
        form = visit.form
        chosen = {"given": form.one("name"), "days": form.one("days") or _USUAL_DAYS, "chosen": form.all("scope")}
        given = {"problem": problem, "scopes": list(Scope), "longest": tokens.LONGEST_DAYS}
        return self._desk.show(visit, "users/new-token.html", section="users", status=status, **given, **chosen)
