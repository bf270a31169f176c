"""The front page, and the pages' style."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from syndicate.app import App
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
