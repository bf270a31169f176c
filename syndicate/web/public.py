"""The pages for everyone: what there is, articles that have no other home, digests as pages, and the health check."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException
from fastapi import Path as InPath
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from markupsafe import Markup

from syndicate.app import App
from syndicate.errors import StoreError
from syndicate.model import Article, ArticleState, DigestState, Subscriber
from syndicate.render.holes import fill, reader_values
from syndicate.store import articles, digests
from syndicate.web.guard import LONE_PAGE
from syndicate.web.pages import Pages

LATEST = 12
"""Articles on the front page."""

_SHOWN = (DigestState.SENDING, DigestState.PAUSED, DigestState.SENT)
_OPENING = 60
_Slug = Annotated[str, InPath(pattern=r"^[^\x00]+$")]
_Id = Annotated[int, InPath(ge=1, lt=2**63)]


class PublicPages:
    """What needs no token and changes nothing."""

    def __init__(self, app: App, pages: Pages) -> None:
        self._app, self._pages = app, pages

    def routes(self) -> APIRouter:
        """Each address and what answers it."""
        router = APIRouter()
        router.get("/")(self.front)
        router.get("/articles/{slug}")(self.article)
        router.get("/archive/{newsletter}/{digest_id}")(self.digest)
        router.get("/healthz")(self.health)
        router.get("/style.css")(self._pages.style)
        return router

    def front(self) -> Response:
        """Newsletters with their feeds, and the newest articles."""
        settings = self._app.settings
        sources = [source.name for source in settings.sources]
        with self._app.store.read() as connection:
            latest = articles.latest(connection, sources, (), LATEST)
        newsletters = [(newsletter, self._pages.feeds_of(newsletter.slug)) for newsletter in settings.newsletters]
        return self._pages.show("index.html", newsletters=newsletters, latest=latest)

    def article(self, slug: _Slug) -> Response:
        """The page of an article that has none of its own; the others are where they came from."""
        found = self._find(slug)
        if found and found.state is ArticleState.WITHDRAWN:
            return self._pages.message(410, "This article was withdrawn", "It is no longer published here.")
        if not found or found.state is not ArticleState.CURRENT:
            raise HTTPException(404)
        if found.url or found.slug != slug:
            return RedirectResponse(self._pages.links.article(found), status_code=302)
        return self._pages.show(
            "article.html",
            article=found,
            body=Markup(found.html),  # noqa: S704 - cleaned at pick-up
            canonical=self._app.links.article(found),
            standfirst=_standfirst(found),
            image=found.image if found.image and found.image not in found.html else None,
        )

    def digest(self, newsletter: str, digest_id: _Id) -> Response:
        """A digest as it was sent, without anything of a reader; its first variant stands for all."""
        with self._app.store.read() as connection:
            found = digests.get(connection, digest_id)
            variants = digests.variants_of(connection, digest_id)
        if found.newsletter != newsletter or found.state not in _SHOWN or not variants:
            raise HTTPException(404)
        parts = variants[0].parts.for_name("")
        home = f"{self._app.settings.site.url}/"
        nobody = Subscriber(id=0, email="a reader", name="")
        values = reader_values(nobody, unsubscribe_url=home, preferences_url=home)
        html = fill(parts.html, parts.nonce, values, escape=True)
        return HTMLResponse(html, headers={"Content-Security-Policy": LONE_PAGE})

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
