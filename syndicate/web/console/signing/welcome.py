"""``/console/welcome/{token}``: the link with which somebody chooses a password, once."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from syndicate.app import App
from syndicate.desk import entry, people
from syndicate.errors import PasswordError, TokenError
from syndicate.web.console.desk import Desk
from syndicate.web.console.door import Door
from syndicate.web.console.forms import Form, read_form
from syndicate.web.console.signing.browser import Browser
from syndicate.web.console.signing.entering import TOO_OLD, begin
from syndicate.web.guard import ip_of


class Welcome:
    """Looking at the link does not use it up; choosing a password does."""

    def __init__(self, app: App, desk: Desk, door: Door) -> None:
        self._app, self._desk = app, desk
        door.router.add_route("/console/welcome/{token}", self.page, methods=["GET"])
        door.router.add_route("/console/welcome/{token}", self.choose, methods=["POST"])

    def page(self, request: Request) -> Response:
        """Asks for a password."""
        return self._show(request)

    async def choose(self, request: Request) -> Response:
        """Keeps it, and signs them in; who needs a code has to sign in with one."""
        form = await read_form(request, 0)
        return await run_in_threadpool(self._choose, request, form)

    def _choose(self, request: Request, form: Form) -> Response:
        browser, now = Browser(self._desk, request), self._app.jobs.clock()
        password = form.one("password")
        if not browser.sent(form):
            return self._show(request, 403, TOO_OLD)
        if password != form.one("again"):
            return self._show(request, 422, "Both fields must hold the same password.")
        site, token, ip = self._app.settings.site.name, request.path_params["token"], ip_of(request) or ""
        try:
            user = people.accept(self._app.store, token, password, site, ip=ip, now=now)
        except PasswordError as error:
            return self._show(request, 422, f"Choose another password: {error}.")
        except TokenError:
            return self._show(request)
        if entry.needs_code(self._app.store, user.name):
            sign_in = f"{self._desk.base}/console/sign-in"
            return browser.remember(RedirectResponse(sign_in, 303, {"Cache-Control": "no-store"}))
        home = RedirectResponse(f"{self._desk.base}/console", 303, {"Cache-Control": "no-store"})
        return begin(self._app, request, user, browser.remember(home, user.name))

    def _show(self, request: Request, status: int = 200, problem: str = "") -> Response:
        browser = Browser(self._desk, request)
        try:
            user = people.invited(self._app.store, request.path_params["token"], now=self._app.jobs.clock())
        except TokenError:
            return self._desk.alone("signing/used.html", status=410)
        page = self._desk.alone("signing/welcome.html", status=status, csrf=browser.csrf, problem=problem, user=user)
        return browser.remember(page)
