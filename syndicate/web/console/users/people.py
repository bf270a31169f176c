"""``/console/users``: who may sign in, and as what."""

from __future__ import annotations

from typing import Any

from fastapi.responses import Response

from syndicate.app import App
from syndicate.desk import people
from syndicate.desk.rights import Right
from syndicate.errors import ConflictError, NotFoundError
from syndicate.model import Role
from syndicate.store import audit, users
from syndicate.store.users import Standing
from syndicate.web.console.desk import Desk
from syndicate.web.console.door import Door
from syndicate.web.console.visit import Visit

HOME = "/console/users"
_ACTS_SHOWN = 15


class UserPages:
    """Adds, changes and removes users. Links to choose a password are shown once."""

    def __init__(self, app: App, desk: Desk, door: Door) -> None:
        self._app, self._desk = app, desk
        one = HOME + "/{number:int}"
        door.get(HOME, Right.USERS, self.all)
        door.get(f"{HOME}/new", Right.USERS, self.new, fresh=True)
        door.post(f"{HOME}/new", Right.USERS, self.add, fresh=True)
        door.get(one, Right.USERS, self.one)
        door.post(f"{one}/role", Right.USERS, self.give_role, fresh=True)
        door.post(f"{one}/reset", Right.USERS, self.reset, fresh=True)
        door.post(f"{one}/codes", Right.USERS, self.forget_codes, fresh=True)
        door.post(f"{one}/sign-out", Right.USERS, self.sign_out)
        door.post(f"{one}/remove", Right.USERS, self.remove, fresh=True)

    def all(self, visit: Visit) -> Response:
        """Everybody."""
        with self._app.store.read() as connection:
            found = users.everyone(connection)
        return self._desk.show(visit, "users/all.html", section="users", users=found)

    def new(self, visit: Visit) -> Response:
        """Asks for a name and a role."""
        return self._ask(visit)

    def add(self, visit: Visit) -> Response:
        """Adds somebody, and shows their link."""
        name = visit.form.one("name")
        try:
            role = Role(visit.form.one("role"))
            token = people.add(self._app.store, name, role, by=visit.user.name, ip=visit.ip, now=visit.now)
        except ValueError:
            return self._ask(visit, 422, "Choose a role.", name)
        except ConflictError as error:
            return self._ask(visit, 422, f"{error}.", name)
        return self._show_link(visit, people.folded(name), token)

    def one(self, visit: Visit, number: int) -> Response:
        """One user, and what was done by and to them lately."""
        found = self._found(number)
        with self._app.store.read() as connection:
            acts = audit.newest(connection, limit=_ACTS_SHOWN, about=f"user {found.user.name}")
        given: dict[str, Any] = {
            "one": found,
            "acts": acts,
            "roles": list(Role),
            "is_self": found.user.id == visit.user.id,
        }
        return self._desk.show(visit, "users/one.html", section="users", **given)

    def give_role(self, visit: Visit, number: int) -> Response:
        """Another role."""
        name = self._found(number).user.name
        try:
            role = Role(visit.form.one("role"))
        except ValueError:
            raise NotFoundError("role", visit.form.one("role"), list(Role)) from None
        people.give_role(self._app.store, name, role, by=visit.user.name, ip=visit.ip, now=visit.now)
        return self._desk.go(visit, HOME, f"{name} is {role} now, and has to sign in again.")

    def reset(self, visit: Visit, number: int) -> Response:
        """Shows a link with which they choose another password."""
        user = self._found(number).user
        if user.id == visit.user.id:
            raise ConflictError("your own password is changed on the page of your account")
        token = people.reset(self._app.store, user.name, by=visit.user.name, ip=visit.ip, now=visit.now)
        return self._show_link(visit, user.name, token)

    def forget_codes(self, visit: Visit, number: int) -> Response:
        """They lost their phone."""
        name = self._found(number).user.name
        people.forget_codes(self._app.store, name, by=visit.user.name, ip=visit.ip, now=visit.now)
        return self._desk.go(visit, f"{HOME}/{number}", f"{name} needs no code any more.")

    def sign_out(self, visit: Visit, number: int) -> Response:
        """Ends all their sessions."""
        name = self._found(number).user.name
        people.sign_out(self._app.store, name, by=visit.user.name, ip=visit.ip, now=visit.now)
        return self._desk.go(visit, f"{HOME}/{number}", f"{name} is signed out everywhere.")

    def remove(self, visit: Visit, number: int) -> Response:
        """They can't sign in any more."""
        name = self._found(number).user.name
        people.remove(self._app.store, name, by=visit.user.name, ip=visit.ip, now=visit.now)
        return self._desk.go(visit, HOME, f"{name} is removed.")

    def _found(self, user_id: int) -> Standing:
        with self._app.store.read() as connection:
            found = next((one for one in users.everyone(connection) if one.user.id == user_id), None)
        if found is None:
            raise NotFoundError("user", user_id)
        return found

    def _ask(self, visit: Visit, status: int = 200, problem: str = "", name: str = "") -> Response:
        given = {"problem": problem, "given": name, "roles": list(Role), "chosen": visit.form.one("role")}
        return self._desk.show(visit, "users/new.html", section="users", status=status, **given)

    def _show_link(self, visit: Visit, name: str, token: str) -> Response:
        link = f"{self._app.settings.site.url}/console/welcome/{token}"
        return self._desk.show(visit, "users/link.html", section="users", called=name, link=link)
