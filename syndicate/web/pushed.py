"""``/websub/<source>/<token>``: where hubs ask whether we mean it, and bring what is new (WebSub §5.3, §7)."""

from __future__ import annotations

import asyncio
import hmac

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import PlainTextResponse, Response

from syndicate.app import App
from syndicate.errors import ParseError
from syndicate.pickup.follow import answer_to, callback_of, is_signed
from syndicate.store import follows
from syndicate.store.follows import Follow
from syndicate.web.guard import small_body
from syndicate.web.pages import Pages


class Pushed:
    """Answers give nothing away to who does not know the token."""

    def __init__(self, app: App, _pages: Pages) -> None:
        self._app = app

    def routes(self) -> APIRouter:
        """The address and what answers it."""
        router = APIRouter()
        router.get("/websub/{source}/{token}")(self.verify)
        router.post("/websub/{source}/{token}")(self.take)
        return router

    def verify(self, request: Request, source: str, token: str) -> Response:
        """The challenge, when this was asked for."""
        follow = self._follow(source, token)
        now = self._app.jobs.clock()
        with self._app.store.write() as connection:
            challenge = answer_to(connection, follow, dict(request.query_params), now=now)
        if challenge is None:
            raise HTTPException(404)
        return PlainTextResponse(challenge, headers={"Cache-Control": "no-store"})

    async def take(self, request: Request, source: str, token: str) -> Response:
        """Takes a feed. One that is not signed is ignored, and that is not told (WebSub §7.1)."""
        follow = await asyncio.to_thread(self._follow, source, token)
        body = await small_body(request, self._app.settings.fetch.max_bytes)
        secret = callback_of(self._app.settings, follow).secret
        if is_signed(body, request.headers.get("x-hub-signature", ""), secret):
            try:
                await self._app.jobs.take_pushed(source, follow.topic, body, request.headers.get("content-type"))
            except ParseError as error:
                return PlainTextResponse(f"{error.reason}\n", 202)
        return PlainTextResponse("taken\n", 202)

    def _follow(self, source: str, token: str) -> Follow:
        with self._app.store.read() as connection:
            follow = follows.of_source(connection, source)
        if follow is None or source not in {one.name for one in self._app.settings.polled}:
            raise HTTPException(410)
        if not hmac.compare_digest(callback_of(self._app.settings, follow).token.encode(), token.encode()):
            raise HTTPException(404)
        return follow
