"""Templates → pages of the console, with what every one of them shows and says. Called by each of its sections."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from fastapi.responses import HTMLResponse, RedirectResponse, Response

from syndicate.app import App
from syndicate.desk.rights import Right
from syndicate.errors import StoreError
from syndicate.model import Session
from syndicate.render.environment import render
from syndicate.store import sessions
from syndicate.store.copies import Copy
from syndicate.web.console.meter import Meter
from syndicate.web.console.static import Static
from syndicate.web.console.visit import Visit

COOKIE = "__Host-syndicate"
"""Sent over TLS alone, and only by the host that set it (RFC 6265bis §4.1.3.2)."""

PRIVATE = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Robots-Tag": "noindex",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
}


def policy(nonce: str) -> str:
    """What a page of the console may load and do (CSP 3): only scripts that carry its nonce run."""
    return (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; img-src 'self' https: http: data:; "
        "connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the console, in its navigation for those who have the right."""

    name: str
    title: str
    path: str
    right: Right


SECTIONS = (
    Section("today", "Today", "/console", Right.VIEW),
    Section("articles", "Articles", "/console/articles", Right.VIEW),
    Section("digests", "Digests", "/console/digests", Right.VIEW),
    Section("subscribers", "Subscribers", "/console/subscribers", Right.READERS),
    Section("settings", "Newsletters", "/console/settings", Right.VIEW),
    Section("templates", "Templates", "/console/templates", Right.VIEW),
    Section("health", "Health", "/console/health", Right.VIEW),
    Section("users", "Users", "/console/users", Right.USERS),
)


class Desk:
    """Makes the console's pages. ``base`` is the path that the site lies under, without a slash at its end.

    :raises TemplateError: when the stylesheet can't be rendered.
    """

    def __init__(self, app: App, base: str) -> None:
        self._app, self.base = app, base
        self._key = hmac.digest(app.settings.site.secret.get_secret_value().encode(), b"console forms", "sha256")
        self.static = Static(app.templates, base)
        self.meter = Meter(app.store)
        newsletters = app.settings.newsletters
        self._shared: dict[str, Any] = {
            "site": app.settings.site,
            "base": base,
            "style_url": self.static.url("console.css"),
            "scripts": [self.static.url(name) for name in ("htmx.js", "sse.js", "console.js")],
            "zone": newsletters[0].zone if newsletters else UTC,
        }

    def csrf(self, session: Session) -> str:
        """What the forms of that session carry; the same when its key changes, so that other open pages still work."""
        return self.mark(f"session {session.user.id} {session.began_at.timestamp()}")

    def mark(self, text: str) -> str:
        """What only this site can make of a text."""
        return hmac.digest(self._key, text.encode(), "sha256").hex()

    def show(self, visit: Visit, name: str, *, section: str = "", status: int = 200, **values: Any) -> HTMLResponse:
        """The page of ``templates/console/<name>``; ``section`` is where in the navigation it belongs."""
        nonce = secrets.token_urlsafe(16)
        sections = [one for one in SECTIONS if visit.may(one.right)]
        given = {"visit": visit, "nonce": nonce, "sections": sections, "section": section, "said": self._said(visit)}
        given["this_copy"] = self._copy()
        html = render(self._app.templates, f"console/{name}", **self._shared, **given, **values)
        return HTMLResponse(html, status, {**PRIVATE, "Content-Security-Policy": policy(nonce)})

    def part(self, visit: Visit, name: str, **values: Any) -> HTMLResponse:
        """A piece of a page, for a script that asked for it; its template is a piece too."""
        html = self.text(visit, name, **values)
        return HTMLResponse(html, 200, {**PRIVATE, "Content-Security-Policy": "default-src 'none'"})

    def text(self, visit: Visit, name: str, **values: Any) -> str:
        """The same, as text."""
        return render(self._app.templates, f"console/{name}", **self._shared, visit=visit, **values)

    def alone(self, name: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        """A page for who is not signed in."""
        nonce = secrets.token_urlsafe(16)
        html = render(self._app.templates, f"console/{name}", **self._shared, nonce=nonce, **values)
        return HTMLResponse(html, status, {**PRIVATE, "Content-Security-Policy": policy(nonce)})

    def message(self, visit: Visit, status: int, title: str, text: str = "") -> Response:
        """A page that only says something."""
        return self.show(visit, "message.html", status=status, title=title, text=text)

    def go(self, visit: Visit, path: str, said: str = "") -> Response:
        """To another page of the console after an act (RFC 9110 §15.4.4); that page tells what was done."""
        if said:
            with self._app.store.write() as connection:
                sessions.say(connection, visit.session.key_hash, said)
        return RedirectResponse(f"{self.base}{path}", status_code=303, headers={"Cache-Control": "no-store"})

    def _said(self, visit: Visit) -> str:
        if visit.session.said:
            with self._app.store.write() as connection:
                sessions.say(connection, visit.session.key_hash, "")
        return visit.session.said

    def _copy(self) -> Copy:
        """Whether this copy of the database sends; pages that say that it can't be read need not know."""
        try:
            return self._app.jobs.copy()
        except StoreError:
            return Copy()
