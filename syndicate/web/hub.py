"""``/hub``: the built-in hub, where programs ask to follow a feed (WebSub §5.1). What they mean is asked back later."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from urllib.parse import urlsplit

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import PlainTextResponse, Response

from syndicate.app import App
from syndicate.audience.limits import Turnstile
from syndicate.errors import HubError
from syndicate.render.languages import translatable
from syndicate.web.fields import Fields, from_urlencoded
from syndicate.web.guard import ip_of, small_body
from syndicate.web.pages import Pages

LATER = 3600
"""Seconds, in Retry-After, where a limit was reached."""

_ABOUT = (
    translatable("A hub for feeds"),
    translatable(
        "Programs that read this site's feeds can ask here to be told at once when one of them changes (WebSub). There "
        "is nothing to do here for people: a program that can use it finds this address by itself, in each feed."
    ),
)
_LONGEST_NAME = 255
_FORM = "application/x-www-form-urlencoded"


class Hub:
    """Not there unless the settings say that the hub is the built-in one."""

    def __init__(self, app: App, pages: Pages) -> None:
        self._app, self._pages = app, pages
        self._turnstile = Turnstile(app.settings.websub.requests)

    def routes(self) -> APIRouter:
        """The address and what answers it."""
        router = APIRouter()
        if self._app.settings.websub.is_internal:
            router.get("/hub")(self.tell)
            router.post("/hub")(self.take)
        return router

    def tell(self, request: Request) -> Response:
        """What a person sees who comes here."""
        return self._pages.message(request, 200, *_ABOUT)

    async def take(self, request: Request) -> Response:
        """Takes a request; its answer says nothing of what the callback will say (WebSub §5.1.2)."""
        try:
            fields = await _fields(request)
            if not self._turnstile.admit(ip_of(request), _host_of(fields.one("hub.callback"))):
                return _answer(429, "too many requests; try again in an hour", retry_after=LATER)
            is_taken = await asyncio.to_thread(self._follow, fields)
        except HubError as error:
            return _answer(400, str(error))
        except HTTPException as error:
            return _answer(error.status_code, _WRONG.get(error.status_code, HTTPStatus(error.status_code).phrase))
        if not is_taken:
            return _answer(503, "this hub has as many followers as it may; try again later", retry_after=LATER)
        return _answer(202, "your callback will be asked whether it means it")

    def _follow(self, fields: Fields) -> bool:
        return self._app.jobs.websub.follow(fields.one, self._app.jobs.clock())


_WRONG = {
    400: "the body can't be read; it must be a form",
    413: "the body is too large",
    415: f"the body must be a form, {_FORM}",
}


async def _fields(request: Request) -> Fields:
    """The form. :raises HTTPException: 413, 415 or 400, as for other forms."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise HTTPException(415)
    return from_urlencoded(await small_body(request))


def _host_of(callback: str) -> str:
    """Whom a request would make the hub call."""
    try:
        return (urlsplit(callback).hostname or "")[:_LONGEST_NAME]
    except ValueError:
        return ""


def _answer(status: int, text: str, *, retry_after: int = 0) -> Response:
    """Plain text, for who writes the program (WebSub §5.1.2)."""
    headers = {"Cache-Control": "no-store"} | ({"Retry-After": str(retry_after)} if retry_after else {})
    return PlainTextResponse(f"{text}\n", status_code=status, headers=headers)
