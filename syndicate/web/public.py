"""The pages for everyone: what there is, articles that have no other home, and the health check."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException, Request
from fastapi import Path as InPath
from fastapi.responses import JSONResponse, RedirectResponse, Response
from markupsafe import Markup

from syndicate.app import App
from syndicate.errors import StoreError
from syndicate.model import Article, ArticleState
from syndicate.render.languages import translatable
from syndicate.store import articles
from syndicate.web.pages import Pages

LATEST = 12
"""Articles on the front page."""

_OPENING = 60
_WITHDRAWN = (translatable("This article was withdrawn"), translatable("It is no longer published here."))
_Slug = Annotated[str, InPath(pattern=r"^[^\x00]+$")]


class PublicPages:
    """What needs no token and changes nothing."""

    def __init__(self, app: App, pages: Pages) -> None:
        self._app, self._pages = app, pages

    def routes(self) -> APIRouter:
        """Each address and what answers it."""
        router = APIRouter()
        router.get("/")(self.front)
        router.get("/articles/{slug}")(self.article)
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
            request, "index.html", newsletters=newsletters, latest=latest, feeds=self._pages.feeds_of(None)
        )

    def article(self, request: Request, slug: _Slug) -> Response:
        """The page of an article that has none of its own; the others are where they came from."""
        found = self._find(slug)
        if found and found.state is ArticleState.WITHDRAWN:
            return self._pages.message(request, 410, *_WITHDRAWN)
        if not found or found.state is not ArticleState.CURRENT:
            raise HTTPException(404)
        if found.url or found.slug != slug:
            return RedirectResponse(self._pages.links.article(found), status_code=302)
        return self._pages.show(
            request,
            "article.html",
            article=found,
            body=Markup(found.html),  # noqa: S704 - cleaned at pick-up
            canonical=self._app.links.article(found),
            standfirst=_standfirst(found),
            image=found.image if found.image and found.image not in found.html else None,
        )

    def health(self) -> JSONResponse:
        """For whoever watches the service."""
        try:
            is_well = self._app.store.version() is not None
        except StoreError:
            is_well = False
        status = (200, "ok") if is_well else (503, "the database can't be used")
        return JSONResponse({"status": status[1]}, status_code=status[0], headers={"Cache-Control": "no-store"})

    def _find(self, slug: str) -> Article | None:
        """The article of that name, or the one that it is a duplicate of."""
        with self._app.store.read() as connection:
            found = articles.by_slug(connection, slug)
            if found and found.duplicate_of:
                found = next(iter(articles.by_ids(connection, [found.duplicate_of])), None)
        return found


def _standfirst(article: Article) -> str:
    """The summary, unless it is only how the body begins."""
    opening = _folded(article.summary).rstrip("…")[:_OPENING]
    return "" if opening in _folded(article.text) else article.summary


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
