"""Somebody of each role, signed in to a served newsroom's console: by HTTP, and in a browser."""

from __future__ import annotations

import re

import httpx2
from playwright.sync_api import BrowserContext, Page

from syndicate.desk import sessions
from syndicate.model import Role
from syndicate.store import users
from syndicate.web.console.desk import COOKIE
from tests.web.axe import violations
from tests.web.pressroom import Pressroom


class Console:
    """The console as somebody of that role sees it."""

    def __init__(self, room: Pressroom, role: Role = Role.OPERATOR) -> None:
        self.room, self.role = room, role
        self.key = sign_in(room, role)
        self._csrf = ""

    def get(self, path: str) -> httpx2.Response:
        """Asks for a page."""
        response = self.room.client.get(path, headers={"Cookie": f"{COOKIE}={self.key}"})
        self._csrf = next(iter(re.findall(r'name="csrf" value="(\w+)"', response.text)), self._csrf)
        return response

    def post(self, path: str, fields: dict[str, str | list[str]] | None = None, **sent: object) -> httpx2.Response:
        """Sends a form, with what the page before gave it; does not follow where the answer leads."""
        if not self._csrf:
            self.get("/console")
        headers = {"Cookie": f"{COOKIE}={self.key}"}
        return self.room.client.post(path, data={"csrf": self._csrf, **(fields or {})}, headers=headers, **sent)  # type: ignore[arg-type]

    def enter(self, context: BrowserContext) -> None:
        """Signs a browser in."""
        url = str(self.room.client.base_url).replace("http:", "https:")
        context.add_cookies([{"name": COOKIE, "value": self.key, "url": url, "secure": True, "httpOnly": True}])


def sign_in(room: Pressroom, role: Role) -> str:
    """The key of a new session of somebody of that role."""
    app = room.app
    with app.store.write() as connection:
        user = users.named(connection, role) or users.add(connection, role, role, now=app.jobs.clock())
    return sessions.begin(app.store, user, ip="192.0.2.1", agent="test", now=app.jobs.clock())


def look(page: Page, name: str) -> None:
    """Nothing is wider than the screen of a phone or a desk, and axe finds nothing serious."""
    found = violations(page)
    assert not [one for one in found if one["impact"] in ("serious", "critical")], found
    before = page.viewport_size
    assert before
    for width in sorted((390, 1280), key=lambda width: width != before["width"]):
        if width != before["width"]:
            page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
    page.set_viewport_size(before)
