"""``/confirm/``: a page with a button, for link scanners must not confirm; and what the button does."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter, Request
from fastapi.responses import Response

from syndicate.app import App
from syndicate.audience import requests
from syndicate.errors import ExpiredError
from syndicate.model import Purpose, Subscriber
from syndicate.render.languages import translatable
from syndicate.web.guard import ip_of
from syndicate.web.pages import Pages

_TOO_OLD = (
    translatable("This link is too old"),
    translatable("Nothing was changed. Ask once more, and you get a new one."),
)


class Confirming:
    """What the link in the mail that asks back allows, for as long as a request is kept."""

    def __init__(self, app: App, pages: Pages) -> None:
        self._app, self._pages = app, pages

    def routes(self) -> APIRouter:
        """Each address and what answers it."""
        router = APIRouter()
        router.get("/confirm/{token}")(self.ask)
        router.post("/confirm/{token}")(self.act)
        return router

    def ask(self, request: Request, token: str) -> Response:
        """What would be confirmed, and one button; what has been, when it was pressed before."""
        try:
            asked = requests.peek(self._app.store, token, self._app.jobs.clock())
        except ExpiredError:
            return self._pages.message(request, 410, *_TOO_OLD)
        reader = Subscriber(id=0, email=asked.email, language=asked.language)
        urls = dict.fromkeys(asked.newsletters, "")
        return self._show(request, asked.purpose, reader, urls, is_done=asked.is_confirmed)

    def act(self, request: Request, token: str) -> Response:
        """Confirms; once more changes nothing."""
        now = self._app.jobs.clock()
        try:
            done = requests.confirm(self._app.store, self._app.settings, token, ip=ip_of(request), now=now)
        except ExpiredError:
            return self._pages.message(request, 410, *_TOO_OLD)
        urls = {one.newsletter: self._pages.links.preferences(one.id, now) for one in done.subscriptions}
        reader = next((one.subscriber for one in done.subscriptions), Subscriber(id=0, email=done.email))
        return self._show(request, done.purpose, reader, urls, is_done=True)

    def _show(
        self, request: Request, purpose: Purpose, reader: Subscriber, urls: Mapping[str, str], *, is_done: bool
    ) -> Response:
        """``urls`` are those of the preferences by newsletter; newsletters that are no more are left out."""
        known = [one for one in self._app.settings.newsletters if one.slug in urls]
        moves = purpose is Purpose.MOVE
        return self._pages.show(
            request,
            "confirm.html",
            private=True,
            reader=reader,
            newsletter=known[0] if len(known) == 1 else None,
            moves=moves,
            subscribed=() if moves else [(one, urls[one.slug]) for one in known],
            is_done=is_done,
        )
