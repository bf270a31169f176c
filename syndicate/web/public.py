"""The front page, the pages' style, and the health check."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from syndicate.app import App
from syndicate.errors import StoreError
from syndicate.store import articles
from syndicate.web.pages import Pages
from syndicate.web.pictures import Pictures

LATEST = 12
"""Articles on the front page."""


class PublicPages:
    """What needs no token and changes nothing."""

    def __init__(self, app: App, pages: Pages) -> None:
        self._app, self._pages, self._pictures = app, pages, Pictures(app, pages)

    def routes(self) -> APIRouter:
        """Each address and what answers it."""
        router = APIRouter()
        router.get("/")(self.front)
        router.get("/healthz")(self.health)
        router.get("/style.css")(self._pages.style)
        return router

    def front(self, request: Request) -> Response:
        """Newsletters with their feeds, and the newest articles with the feeds of all."""
        settings = self._app.settings
        sources = [source.name for source in settings.sources]
        with self._app.store.read() as connection:
            latest = articles.latest(connection, sources, (), LATEST)
        newsletters = [(newsletter, self._pages.feeds_of(newsletter)) for newsletter in settings.newsletters]
        return self._pages.show(
            request,
            "index.html",
            newsletters=newsletters,
            latest=latest,
            feeds=self._pages.feeds_of(None),
            picture=self._pictures.of_site(),
        )

    def health(self) -> JSONResponse:
        """For whoever watches the service."""
        try:
            is_well = self._app.store.version() is not None
        except StoreError:
            is_well = False
        status = (200, "ok") if is_well else (503, "the database can't be used")
        return JSONResponse({"status": status[1]}, status_code=status[0], headers={"Cache-Control": "no-store"})
