"""``/healthz``, ``/readyz`` and ``/metrics``: for programs that watch the service."""

from __future__ import annotations

import ipaddress
from hmac import compare_digest
from urllib.parse import urlsplit

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp

from syndicate.app import App
from syndicate.settings import Metrics
from syndicate.watch.pulse import Pulse
from syndicate.watch.readiness import look
from syndicate.watch.scrape import Scrape
from syndicate.web.pages import Pages

_NOT_KEPT = {"Cache-Control": "no-store"}
_FORWARDED = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")
_HINT = "Only programs on this machine may read this; set metrics.token to let others. docs/operations.md\n"


class Watching:
    """What machines ask. Details are for watchers only: who sends the token, or, without one, this machine."""

    def __init__(self, app: App, _pages: Pages) -> None:
        self._app = app
        self._metrics = MetricsPage(app, app.jobs.pulse)

    def routes(self) -> APIRouter:
        """Each address and what answers it."""
        router = APIRouter()
        router.get("/healthz")(health)
        router.get("/readyz")(self.readiness)
        router.get("/metrics")(self._metrics.page)
        return router

    def readiness(self, request: Request) -> JSONResponse:
        """Whether it can do its work: 200, or 503."""
        app = self._app
        found = look(app.settings, app.store, app.jobs.pulse, app.jobs.clock())
        is_ready = all(one.is_well for one in found)
        told: dict[str, object] = {"status": "ready" if is_ready else "not ready"}
        if is_watcher(request, app.settings.metrics):
            told["checks"] = {one.name: {"ok": one.is_well, "said": one.said} for one in found}
        return JSONResponse(told, status_code=200 if is_ready else 503, headers=_NOT_KEPT)


async def health() -> JSONResponse:
    """The process is alive and answers: nothing else is asked."""
    return JSONResponse({"status": "ok"}, headers=_NOT_KEPT)


class MetricsPage:
    """``/metrics`` of one process; a worker has no ``pulse``."""

    def __init__(self, app: App, pulse: Pulse | None) -> None:
        self._settings = app.settings.metrics
        self._scrape = Scrape(app.settings, app.store, app.jobs.clock, pulse)

    def page(self, request: Request) -> Response:
        """For Prometheus."""
        if not is_watcher(request, self._settings):
            if self._settings.token:
                return PlainTextResponse("The token, please.\n", 401, {**_NOT_KEPT, "WWW-Authenticate": "Bearer"})
            return PlainTextResponse(_HINT, 403, _NOT_KEPT)
        page = self._scrape.page(request.headers.get("accept", ""))
        return Response(page.content, headers={**_NOT_KEPT, "Content-Type": page.media_type})


def create_worker_web(app: App) -> ASGIApp:
    """What a worker answers: ``/healthz`` and ``/metrics``."""
    web = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    web.get("/healthz")(health)
    web.get("/metrics")(MetricsPage(app, None).page)
    return web


def is_watcher(request: Request, settings: Metrics) -> bool:
    """Whether who asks may see how the service is.

    A web server in front of it is on this machine too, and passes on what all the world asks. So without a token a
    request must be made to this machine by its own name, say of nobody that it was made for, and be in HTTP/1.1,
    which those speak that say nothing of themselves seldom do.
    """
    if settings.token:
        given = request.headers.get("authorization", "")
        wanted = f"Bearer {settings.token.get_secret_value()}"
        return compare_digest(given.encode(), wanted.encode())
    if request.scope.get("http_version") == "1.0" or any(name in request.headers for name in _FORWARDED):
        return False
    return is_loopback(request.client.host if request.client else "") and is_loopback(_named(request))


def _named(request: Request) -> str:
    try:
        return urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    except ValueError:
        return ""


def is_loopback(host: str) -> bool:
    """Whether that is this machine's own address or name."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.casefold() == "localhost"
