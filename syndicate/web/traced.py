"""Gives each request an id: every line that is logged meanwhile has it, and so has the answer."""

from __future__ import annotations

import re
import secrets

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER = "X-Request-ID"
_GIVEN = re.compile(r"[A-Za-z0-9_.-]{8,64}")


class Traced:
    """ASGI middleware. An id that a web server in front has given is kept."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hands on. What broke is logged by the server, in the same task, so the id stays."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(HEADER, "")
        request = given if _GIVEN.fullmatch(given) else secrets.token_hex(8)
        structlog.contextvars.bind_contextvars(request=request)

        async def traced(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[HEADER] = request
            await send(message)

        await self._app(scope, receive, traced)
