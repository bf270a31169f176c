"""Every address of the console, asked by everyone: who may come in does, and nobody else, whatever they send.

The door itself lists what there is, so a section that is added later is walked through as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from starlette.routing import BaseRoute

from syndicate.desk import sessions
from syndicate.desk.rights import may
from syndicate.model import Role
from syndicate.store import users
from syndicate.web.console.console import open_door
from syndicate.web.console.desk import COOKIE
from syndicate.web.console.door import Entrance
from syndicate.web.server import create_pages
from tests.web.pressroom import Pressroom, serve

PUBLIC = {
    ("GET", "/console/sign-in"),
    ("POST", "/console/sign-in"),
    ("GET", "/console/welcome/{token}"),
    ("POST", "/console/welcome/{token}"),
    ("GET", "/console/static/{name}"),
}
"""What is open to who is not signed in."""

REFUSALS = {
    "This is not for you to do": "role",
    "That form is too old": "csrf",
    "That did not come from here": "foreign",
}


def routes_of(found: Any) -> Iterator[BaseRoute]:
    """Every route, however deep it lies."""
    for route in found.routes:
        inner = getattr(route, "original_router", route if hasattr(route, "routes") else None)
        if inner is None:
            yield route
        else:
            yield from routes_of(inner)


def path_of(entrance: Entrance) -> str:
    """Its address, with something in the place of each name."""
    return re.sub(r"\{\w+(:int)?[^}]*\}", lambda name: "1" if name[1] else "none", entrance.path)


class Visitor:
    """Asks as somebody of a role, or as nobody."""

    def __init__(self, room: Pressroom, role: Role | None) -> None:
        self._room, self._role = room, role
        self.key = self.csrf = ""

    def sign_in(self, *, ago: timedelta = timedelta(0)) -> None:
        """Begins a session, as if so long ago."""
        if self._role is None:
            return
        app = self._room.app
        began = app.jobs.clock() - ago
        with app.store.write() as connection:
            user = users.named(connection, self._role) or users.add(connection, self._role, self._role, now=began)
        self.key = sessions.begin(app.store, user, ip="", agent="", now=began)
        if ago < sessions.IDLE:
            page = self._room.client.get("/console/prove", headers={"Cookie": f"{COOKIE}={self.key}"})
            self.csrf = re.findall(r'name="csrf" value="(\w+)"', page.text)[0]

    def is_signed_in(self) -> bool:
        """Whether the session is still there: some acts end it."""
        return sessions.resume(self._room.app.store, self.key, now=self._room.app.jobs.clock()) is not None

    def ask(self, entrance: Entrance, *, csrf: bool = True, site: str = "same-origin") -> str:
        """What became of it: ``in``, or why not."""
        data = {"csrf": self.csrf if csrf else "0" * 64} if entrance.method == "POST" else None
        sent = {"Cookie": f"{COOKIE}={self.key}", "Sec-Fetch-Site": site}
        with self._room.client.stream(entrance.method, path_of(entrance), data=data, headers=sent) as response:
            said = ""
            if not response.headers.get("content-type", "").startswith("text/event-stream"):
                said = response.read().decode("utf-8", "replace")
        assert response.status_code < 500, (entrance, said)
        assert response.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in response.headers["content-security-policy"]
        assert response.headers["strict-transport-security"] == "max-age=31536000"
        assert "no-store" in response.headers.get("cache-control", ""), entrance
        location = response.headers.get("location", "")
        for page in ("sign-in", "prove"):
            if location.startswith(f"/console/{page}?next="):
                return page
        if response.status_code == 403:
            return next((why for title, why in REFUSALS.items() if title in said), "in")
        return "in"


def test_every_address_of_the_console_is_behind_the_door(pressroom: Pressroom) -> None:
    known = {(one.method, one.path) for one in open_door(pressroom.app, "").entrances}
    served = {
        (method, getattr(route, "path", ""))
        for route in routes_of(create_pages(pressroom.app))
        if getattr(route, "path", "").startswith("/console")
        for method in getattr(route, "methods", None) or {"ANY"}
    } - {("HEAD", path) for method, path in known | PUBLIC if method == "GET"}
    assert len(known) > 10
    assert served == known | PUBLIC


def test_who_may_comes_in_and_nobody_else(tmp_path: Path) -> None:
    with serve(tmp_path) as room:
        entrances = open_door(room.app, "").entrances
        nobody = Visitor(room, None)
        assert {nobody.ask(one) for one in entrances} == {"sign-in"}
        for role in Role:
            visitor = Visitor(room, role)
            visitor.sign_in()
            for one in entrances:
                assert visitor.ask(one) == ("in" if may(role, one.right) else "role"), (role, one)
                if one.method == "POST" and not visitor.is_signed_in():
                    visitor.sign_in()

        operator = Visitor(room, Role.OPERATOR)
        operator.sign_in()
        for one in entrances:
            if one.method == "POST":
                assert operator.ask(one, csrf=False) == "csrf", one
                assert operator.ask(one, site="same-site") == "foreign", one

        stale = Visitor(room, Role.OPERATOR)
        for one in (one for one in entrances if one.fresh):
            stale.sign_in(ago=sessions.FRESH + timedelta(minutes=1))
            assert stale.ask(one) == ("in" if one.keeps else "prove"), one
        stale.sign_in(ago=sessions.IDLE + timedelta(minutes=1))
        assert {stale.ask(one) for one in entrances} == {"sign-in"}
