"""The console's only door: nothing behind it is reached but by who is signed in, may do it, and sent it from here.

Each section registers its addresses here, with the right that each takes. Roles are checked nowhere else.
"""

from __future__ import annotations

import hmac
import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import structlog
from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from syndicate.app import App
from syndicate.desk import sessions
from syndicate.desk.rights import Right, may
from syndicate.errors import BusyError, ConflictError, NotFoundError, StoreError, SyndicateError
from syndicate.model import Session
from syndicate.web.console.desk import COOKIE, Desk
from syndicate.web.console.forms import Form, read_form
from syndicate.web.console.signing.ways import page_of
from syndicate.web.console.visit import Visit

log = structlog.get_logger()

Endpoint = Callable[..., Response | Awaitable[Response]]
"""Takes the visit, and the values in its path by name."""

_LARGEST_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Entrance:
    """An address of the console: what it takes to come in. ``fresh``: and a proof of who they are, lately given.

    ``keeps``: without one, a form is shown again with what was typed, in place of the way to the proof.
    """

    method: str
    path: str
    right: Right
    fresh: bool = False
    keeps: bool = False


class Door:
    """Registers pages (GET) and acts (POST), and lets in who may come in. ``entrances`` lists them all."""

    def __init__(self, app: App, desk: Desk) -> None:
        self._app, self._desk = app, desk
        self.router = APIRouter()
        self.entrances: list[Entrance] = []

    def get(self, path: str, right: Right, page: Endpoint, *, fresh: bool = False) -> None:
        """A page; it changes nothing. ``path`` begins with ``/console``; numbers in it are ``{name:int}``."""
        self._register(Entrance("GET", path, right, fresh), page, 0)

    def post(
        self,
        path: str,
        right: Right,
        act: Endpoint,
        *,
        fresh: bool = False,
        stale: Endpoint | None = None,
        upload: int = 0,
    ) -> None:
        """An act. ``upload`` is how large a file it takes, in octets. ``stale`` answers, in place of the way to the
        proof, where a ``fresh`` one is needed and what was typed would be lost; it changes nothing."""
        self._register(Entrance("POST", path, right, fresh, keeps=stale is not None), act, upload, stale)

    def _register(self, entrance: Entrance, endpoint: Endpoint, upload: int, stale: Endpoint | None = None) -> None:
        self.entrances.append(entrance)

        async def answer(request: Request) -> Response:
            session = await run_in_threadpool(self._session, request)
            if session is None:
                return self._elsewhere(request, "/console/sign-in")
            visit = Visit(request, session, self._app.jobs.clock(), self._desk.csrf(session), Form({}))
            if not may(session.user.role, entrance.right):
                log.warning("refused", user=session.user.name, path=entrance.path, reason="role", ip=visit.ip)
                return self._desk.message(visit, 403, "This is not for you to do", _NOT_YOURS.format(session.user.role))
            if entrance.fresh and not sessions.is_fresh(session, visit.now):
                if stale:
                    return await self._acted(visit, stale, upload)
                return self._elsewhere(request, "/console/prove")
            if any(isinstance(value, int) and value > _LARGEST_ID for value in request.path_params.values()):
                return self._desk.message(visit, 404, "There is no such page")
            if entrance.method == "GET":
                return await self._answered(visit, endpoint)
            return await self._acted(visit, endpoint, upload)

        self.router.add_route(entrance.path, answer, methods=[entrance.method])

    async def _acted(self, visit: Visit, act: Endpoint, upload: int) -> Response:
        if not is_from_here(visit.request):
            log.warning("refused", user=visit.user.name, reason="another site sent it", ip=visit.ip)
            return self._desk.message(visit, 403, "That did not come from here", _FOREIGN)
        try:
            form = await read_form(visit.request, upload)
        except HTTPException as error:
            return self._desk.message(
                visit, error.status_code, "That could not be read", _UNREADABLE[error.status_code]
            )
        sent = visit.request.headers.get("x-csrf") or form.one("csrf")
        if not hmac.compare_digest(sent.encode(), visit.csrf.encode()):
            log.warning("refused", user=visit.user.name, reason="form without its mark", ip=visit.ip)
            return self._desk.message(visit, 403, "That form is too old", _OLD_FORM)
        try:
            return await self._answered(Visit(visit.request, visit.session, visit.now, visit.csrf, form), act)
        finally:
            form.close()

    async def _answered(self, visit: Visit, endpoint: Endpoint) -> Response:
        values: dict[str, Any] = visit.request.path_params
        try:
            if inspect.iscoroutinefunction(endpoint):
                response: Response = await endpoint(visit, **values)
                return response
            return await run_in_threadpool(endpoint, visit, **values)  # type: ignore[arg-type]
        except NotFoundError as error:
            return self._desk.message(visit, 404, "There is no such thing", str(error))
        except ConflictError as error:
            return self._desk.message(visit, 409, "That does not fit any more", str(error))
        except StoreError as error:
            busy = "Another program is writing to the database. Nothing was changed; try again in a moment."
            return self._desk.message(
                visit, 503, "The database can't be used", busy if isinstance(error, BusyError) else str(error)
            )
        except SyndicateError as error:
            return self._desk.message(visit, 422, "That can't be done", str(error))

    def _session(self, request: Request) -> Session | None:
        key = request.cookies.get(COOKIE)
        return sessions.resume(self._app.store, key, now=self._app.jobs.clock()) if key else None

    def _elsewhere(self, request: Request, path: str) -> Response:
        """To a page that leads back here; after a form that was sent, to where it was."""
        asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        is_part = request.headers.get("hx-request") == "true"
        if request.method != "GET" or is_part:
            asked = page_of(request.headers.get("referer", ""), self._desk.base)
        url = f"{self._desk.base}{path}?next={quote(asked, safe='/')}"
        if is_part:
            return Response(status_code=204, headers={"HX-Redirect": url, "Cache-Control": "no-store"})
        return RedirectResponse(url, status_code=303, headers={"Cache-Control": "no-store"})


def is_from_here(request: Request) -> bool:
    """Whether a browser says that the request was made by a page of this site (Fetch Metadata), or says nothing."""
    return request.headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")


_NOT_YOURS = "You are signed in as {}; ask an operator to do it, or to give you another role."
_FOREIGN = "Another site sent it in your name, so nothing was done."
_OLD_FORM = "Nothing was done. Go back, load the page again, and repeat what you did there."
_UNREADABLE = {
    400: "What was sent is not what a form of the console sends. Nothing was done.",
    413: "It is larger than this form takes. Nothing was done.",
    415: "What was sent is not what a form of the console sends. Nothing was done.",
}
