"""``/feeds/private/``: the feed of one reader, for whoever knows its address; no cache on the way keeps any of it."""

from __future__ import annotations

import hmac
from datetime import datetime

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response

from syndicate.app import App
from syndicate.audience.channel import open_feed
from syndicate.feeds.formats import FORMATS
from syndicate.feeds.private import FOLDER, folder_of, private_feed
from syndicate.feeds.publish import ids_of
from syndicate.model import Subscription
from syndicate.render.languages import translatable
from syndicate.render.tokens import FeedTokens
from syndicate.store import Connection, private, subscribers
from syndicate.web.cached import answer
from syndicate.web.feeds import DESTINATION, shown_type
from syndicate.web.pages import PRIVATE, Pages

_ENDED = (
    translatable("This feed has ended"),
    translatable(
        "It has another address now, or its reader gets mail again, or has left. Each piece of it had a link to the "
        "preferences, which tell."
    ),
)
_KINDS = {one.file: one for one in FORMATS}


class PrivateFeeds:
    """Answers with what was given to a reader, as it stands now."""

    def __init__(self, app: App, pages: Pages) -> None:
        self._app, self._pages = app, pages
        self._tokens = FeedTokens(app.settings.site.secret.get_secret_value())

    def routes(self) -> APIRouter:
        """Each address and what answers it."""
        router = APIRouter()
        router.get(f"/feeds/{FOLDER}/{{token}}/{{file}}")(self.feed)
        return router

    def feed(self, request: Request, token: str, file: str) -> Response:
        """The feed; the same answer for an address that is of no use any more and for one that never was."""
        kind, subscription_id = _KINDS.get(file), self._tokens.subscription_of(token)
        if kind is None or subscription_id is None:
            raise HTTPException(404)
        settings, now = self._app.settings, self._app.jobs.clock()
        with self._app.store.read() as connection:
            held = subscribers.subscription(connection, subscription_id)
            feed = open_feed(connection, held, now=now) if held else None
            if held is None or feed is None or not self._is(token, held, feed.nonce):
                return self._pages.message(request, 410, *_ENDED)
            given = private.given(connection, held.id, limit=settings.feeds.entries)
        context = private_feed(settings, self._app.links, ids_of(self._app.store, settings), held, token, given)
        media_type = shown_type(kind.media_type, is_page=request.headers.get(DESTINATION) == "document")
        response = answer(request, kind.build(context), media_type, "private, max-age=300")
        response.headers["Vary"] = DESTINATION
        for name in ("Referrer-Policy", "X-Robots-Tag"):
            response.headers[name] = PRIVATE[name]
        return response

    def _is(self, token: str, held: Subscription, nonce: str) -> bool:
        return hmac.compare_digest(token, self._tokens.token(held.id, nonce))


def address_of(app: App, connection: Connection, held: Subscription, now: datetime) -> str | None:
    """The folder of a reader's feed, with the site's host and a slash at its end; None when there is none to read."""
    feed = open_feed(connection, held, now=now)
    if feed is None:
        return None
    tokens = FeedTokens(app.settings.site.secret.get_secret_value())
    return app.links.feeds(folder_of(tokens.token(held.id, feed.nonce)))
