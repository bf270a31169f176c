"""Counts the answers of the pages, by the template of their address. The server wraps itself in it."""

from __future__ import annotations

import time

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from syndicate import metrics

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_NOWHERE = "none"
"""The route of what leads nowhere: whatever people try must not become a label."""


class Counted:
    """ASGI middleware that changes nothing."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hands on, and counts the answer when it begins, or what broke before it did."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        has_begun = False

        async def counting(message: Message) -> None:
            nonlocal has_begun
            if message["type"] == "http.response.start":
                has_begun = True
                _count(scope, message["status"], time.perf_counter() - began)
            await send(message)

        try:
            await self._app(scope, receive, counting)
        except Exception:
            if not has_begun:
                _count(scope, 500, time.perf_counter() - began)
            structlog.contextvars.bind_contextvars(method=scope["method"], route=_route(scope))
            raise


def _route(scope: Scope) -> str:
    return getattr(scope.get("route"), "path", _NOWHERE)


def _count(scope: Scope, status: int, seconds: float) -> None:
    route = _route(scope)
    method = scope["method"] if scope["method"] in _METHODS else "other"
    metrics.REQUESTS.labels(method, route, status).inc()
    metrics.REQUEST_SECONDS.labels(route).observe(seconds)
