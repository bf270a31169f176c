"""``/console/sign-in`` and ``/console/sign-out``."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

import structlog
from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from syndicate.app import App
from syndicate.audience.networks import counted
from syndicate.desk import entry, people, sessions
from syndicate.desk.brakes import code_counter, counters
from syndicate.desk.codes import Codes
from syndicate.desk.rights import Right
from syndicate.model import User
from syndicate.web.console.desk import COOKIE, Desk
from syndicate.web.console.door import Door
from syndicate.web.console.forms import Form, read_form
from syndicate.web.console.signing.browser import Browser
from syndicate.web.console.signing.tickets import name_of, ticket_for
from syndicate.web.console.signing.ways import onward
from syndicate.web.console.visit import Visit
from syndicate.web.guard import ip_of

log = structlog.get_logger()

TOO_OLD = "This form is too old, or your browser keeps no cookies, which signing in needs. Try once more."


class Entering:
    """Signs people in and out."""

    def __init__(self, app: App, desk: Desk, door: Door) -> None:
        self._app, self._desk = app, desk
        self._codes = Codes(app.settings.site.secret.get_secret_value())
        door.router.add_route("/console/sign-in", self.page, methods=["GET"])
        door.router.add_route("/console/sign-in", self.sign_in, methods=["POST"])
        door.post("/console/sign-out", Right.VIEW, self.sign_out)

    def page(self, request: Request) -> Response:
        """Asks who they are."""
        return self._show(request)

    async def sign_in(self, request: Request) -> Response:
        """Begins a session for who brings the right password, always under a new key."""
        form = await read_form(request, 0)
        return await run_in_threadpool(self._sign_in, request, form)

    def sign_out(self, visit: Visit) -> Response:
        """Ends the session."""
        sessions.end(self._app.store, visit.session, ip=visit.ip, now=visit.now)
        response = RedirectResponse(f"{self._desk.base}/console/sign-in", 303, {"Cache-Control": "no-store"})
        response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="lax")
        return response

    def _sign_in(self, request: Request, form: Form) -> Response:
        browser, now = Browser(self._desk, request), self._app.jobs.clock()
        name, ticket = people.folded(form.one("name")), form.one("ticket")
        if not browser.sent(form):
            return self._show(request, 403, TOO_OLD, name)
        if ticket:
            return self._with_code(request, browser, ticket, form.one("code"), now)
        asked = counters(name, network_of(request), browser.known_to(name))
        wait = self._app.brakes.admit(asked, now)
        if wait:
            return too_soon(self._show(request, 429, told(wait), name), wait)
        user = entry.check(self._app.store, name, form.one("password"))
        if user is None:
            log.warning("sign-in failed", ip=ip_of(request))
            return self._show(request, 403, "The name or the password is wrong.", name)
        self._app.brakes.forgive(asked)
        if entry.needs_code(self._app.store, name):
            return self._ask_for_code(browser, ticket_for(self._desk, browser, name, now))
        return self._let_in(request, browser, user)

    def _with_code(self, request: Request, browser: Browser, ticket: str, code: str, now: datetime) -> Response:
        name = name_of(self._desk, browser, ticket, now)
        if name is None:
            return self._show(request, 403, TOO_OLD)
        asked = (code_counter(name),)
        wait = self._app.brakes.admit(asked, now)
        if wait:
            return too_soon(self._ask_for_code(browser, ticket, 429, told(wait)), wait)
        user = entry.check_code(self._app.store, self._codes, name, code, ip=ip_of(request) or "", now=now)
        if user is None:
            log.warning("sign-in failed", ip=ip_of(request))
            return self._ask_for_code(browser, ticket, 403, "The code is wrong, or was used already.")
        self._app.brakes.forgive(asked)
        return self._let_in(request, browser, user)

    def _let_in(self, request: Request, browser: Browser, user: User) -> Response:
        url = f"{self._desk.base}{onward(request.query_params.get('next', ''))}"
        response = RedirectResponse(url, 303, {"Cache-Control": "no-store"})
        return begin(self._app, request, user, browser.remember(response, user.name))

    def _show(self, request: Request, status: int = 200, problem: str = "", name: str = "") -> Response:
        browser = Browser(self._desk, request)
        page = self._desk.alone("signing/sign-in.html", status=status, csrf=browser.csrf, problem=problem, given=name)
        return browser.remember(page)

    def _ask_for_code(self, browser: Browser, ticket: str, status: int = 200, problem: str = "") -> Response:
        return self._desk.alone("signing/code.html", status=status, csrf=browser.csrf, problem=problem, ticket=ticket)


def begin(app: App, request: Request, user: User, response: Response) -> Response:
    """Begins a session in that browser; one that it was in before is over."""
    key = sessions.begin(
        app.store,
        user,
        ip=ip_of(request) or "",
        agent=request.headers.get("user-agent", ""),
        now=app.jobs.clock(),
        instead_of=request.cookies.get(COOKIE),
    )
    return keep(response, key)


def keep(response: Response, key: str) -> Response:
    """Has the browser keep a session's key, until it is closed."""
    response.set_cookie(COOKIE, key, path="/", secure=True, httponly=True, samesite="lax")
    return response


def network_of(request: Request) -> str:
    """The network that tries count for."""
    network = counted(ip_of(request))
    return network.name if network else ""


def told(wait: timedelta) -> str:
    """How long to wait, in words."""
    seconds = math.ceil(wait.total_seconds())
    span = f"{seconds} seconds" if seconds < 100 else f"{math.ceil(seconds / 60)} minutes"
    return f"There were too many tries. Wait {span}, then try again."


def too_soon(response: Response, wait: timedelta) -> Response:
    """Says the same to programs (RFC 6585 §4)."""
    response.headers["Retry-After"] = str(math.ceil(wait.total_seconds()))
    return response
