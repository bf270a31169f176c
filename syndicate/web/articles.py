"""``/articles/``: the pages of articles that have none elsewhere.

Others are where they came from, and their address here leads there: this site never competes with theirs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import unquote, urlsplit

from fastapi import APIRouter, HTTPException, Request
from fastapi import Path as InPath
from fastapi.responses import RedirectResponse, Response
from markupsafe import Markup

from syndicate.app import App
from syndicate.model import Article, ArticleState, Enclosure
from syndicate.render.languages import translatable
from syndicate.store import archive, articles
from syndicate.web.guard import ARTICLE_PAGE
from syndicate.web.pages import Pages
from syndicate.web.pictures import Pictures

MOST_DIGESTS = 3
"""Of those that an article appeared in, the newest."""

_OPENING = 60
_WITHDRAWN = (translatable("This article was withdrawn"), translatable("It is no longer published here."))
_Slug = Annotated[str, InPath(pattern=r"^[^\x00]+$")]


@dataclass(frozen=True, slots=True)
class File:
    """An enclosure as its page shows it. ``player`` is the element that plays it: ``audio``, ``video`` or none."""

    url: str
    name: str
    type: str
    length: int
    player: str


class ArticlePages:
    """Shows articles."""

    def __init__(self, app: App, pages: Pages) -> None:
        self._app, self._pages, self._pictures = app, pages, Pictures(app, pages)
        self._titles = {newsletter.slug: newsletter.title for newsletter in app.settings.newsletters}

    def routes(self) -> APIRouter:
        """Each address and what answers it."""
        router = APIRouter()
        router.get("/articles/{slug}")(self.article)
        return router

    def article(self, request: Request, slug: _Slug) -> Response:
        """The page of an article that has none of its own; the others are where they came from."""
        found = self._find(slug)
        if found and found.state is ArticleState.WITHDRAWN:
            return self._pages.message(request, 410, *_WITHDRAWN)
        if not found or found.state is not ArticleState.CURRENT:
            raise HTTPException(404)
        if found.url or found.slug != slug:
            return RedirectResponse(self._pages.links.article(found), status_code=302)
        with self._app.store.read() as connection:
            before, after = articles.neighbours(connection, found)
            among = archive.digests_with(connection, [found.id], tuple(self._titles), most=MOST_DIGESTS)[found.id]
        response = self._pages.show(
            request,
            "article.html",
            article=found,
            body=Markup(found.html),  # noqa: S704 - cleaned at pick-up, and the page's policy lets nothing run
            canonical=self._app.links.article(found),
            standfirst=_standfirst(found),
            image=found.image if found.image and found.image not in found.html else None,
            picture=self._pictures.of_article(found),
            files=[_file(one) for one in found.enclosures],
            digests=[(one, self._titles[one.newsletter]) for one in among],
            before=before,
            after=after,
        )
        response.headers["Content-Security-Policy"] = ARTICLE_PAGE
        return response

    def _find(self, slug: str) -> Article | None:
        """The article of that name, or the one that it is a duplicate of."""
        with self._app.store.read() as connection:
            found = articles.by_slug(connection, slug)
            if found and found.duplicate_of:
                found = next(iter(articles.by_ids(connection, [found.duplicate_of])), None)
        return found


def _file(enclosure: Enclosure) -> File:
    kind = enclosure.type.partition("/")[0].lower()
    name = unquote(urlsplit(enclosure.url).path.rpartition("/")[2]) or enclosure.url
    player = kind if kind in ("audio", "video") else ""
    return File(enclosure.url, name, enclosure.type, enclosure.length, player)


def _standfirst(article: Article) -> str:
    """The summary, unless it is only how the body begins."""
    opening = _folded(article.summary).rstrip("…")[:_OPENING]
    return "" if opening in _folded(article.text) else article.summary


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
