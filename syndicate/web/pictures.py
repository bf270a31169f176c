"""``/pictures/``: what stands for a page where a link to it is shown, drawn from its title.

An address names what is drawn, never the words, and holds a print of how it looks. So it can be kept for good, and
nobody can have anything drawn that is not published here.
"""

from __future__ import annotations

from threading import BoundedSemaphore
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, HTTPException, Request
from fastapi import Path as InPath
from fastapi.responses import RedirectResponse, Response

from syndicate.app import App
from syndicate.model import SHOWN, Article, ArticleState, Digest
from syndicate.render.picture import Card, draw
from syndicate.settings import Newsletter
from syndicate.store import articles, digests
from syndicate.web.pages import Pages

DRAWING = BoundedSemaphore(4)
"""So many requests may wait for a picture to be drawn. More would take the threads that all other pages need."""

_FOREVER = "public, max-age=31536000, immutable"
_Id = Annotated[int, InPath(ge=1, lt=2**63)]


class Pictures:
    """Tells the addresses of pictures, and draws what is asked for. Calls wait in threads, not in the event loop."""

    def __init__(self, app: App, pages: Pages) -> None:
        self._app, self._links = app, pages.links
        self._site = app.settings.site

    def routes(self) -> APIRouter:
        """Each address and what answers it."""
        router = APIRouter()
        router.get("/pictures/site/{_}/{shown}.png")(self.site)
        router.get("/pictures/newsletters/{slug}/{shown}.png")(self.newsletter)
        router.get("/pictures/articles/{article_id}/{shown}.png")(self.article)
        router.get("/pictures/digests/{digest_id}/{shown}.png")(self.digest)
        return router

    def of_site(self) -> str:
        """The absolute address of the site's picture; so are those below."""
        return self._app.links.picture("site", "front", self._site_card().print_of_it)

    def of_newsletter(self, newsletter: Newsletter) -> str:
        """Of a newsletter's."""
        return self._app.links.picture("newsletters", newsletter.slug, self._newsletter_card(newsletter).print_of_it)

    def of_article(self, article: Article) -> str:
        """Of an article's."""
        return self._app.links.picture("articles", str(article.id), self._article_card(article).print_of_it)

    def of_digest(self, digest: Digest, newsletter: Newsletter) -> str:
        """Of a digest's."""
        card = self._digest_card(digest, newsletter)
        return self._app.links.picture("digests", str(digest.id), card.print_of_it)

    def site(self, request: Request, shown: str) -> Response:
        """The site's."""
        return self._answer(request, shown, self._site_card(), ("site", "front"))

    def newsletter(self, request: Request, slug: str, shown: str) -> Response:
        """A newsletter's."""
        found = self._app.settings.newsletter(slug)
        if found is None:
            raise HTTPException(404)
        return self._answer(request, shown, self._newsletter_card(found), ("newsletters", slug))

    def article(self, request: Request, article_id: _Id, shown: str) -> Response:
        """An article's that has its page here."""
        with self._app.store.read() as connection:
            found = next(iter(articles.by_ids(connection, [article_id])), None)
        if found is None or found.state is not ArticleState.CURRENT or found.url:
            raise HTTPException(404)
        return self._answer(request, shown, self._article_card(found), ("articles", str(article_id)))

    def digest(self, request: Request, digest_id: _Id, shown: str) -> Response:
        """A digest's that everyone may see."""
        with self._app.store.read() as connection:
            found = digests.get(connection, digest_id)
        newsletter = self._app.settings.newsletter(found.newsletter)
        if newsletter is None or found.state not in SHOWN:
            raise HTTPException(404)
        return self._answer(request, shown, self._digest_card(found, newsletter), ("digests", str(digest_id)))

    def _answer(self, request: Request, shown: str, card: Card, named: tuple[str, str]) -> Response:
        """The picture; where it looks different by now, the way to it."""
        if shown != card.print_of_it:
            url = self._links.picture(*named, card.print_of_it)
            return RedirectResponse(url, status_code=302, headers={"Cache-Control": "no-cache"})
        headers = {"ETag": f'"{card.print_of_it}"', "Cache-Control": _FOREVER}
        if headers["ETag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        if not DRAWING.acquire(blocking=False):
            raise HTTPException(503, headers={"Retry-After": "2"})
        try:
            return Response(draw(card), media_type="image/png", headers=headers)
        finally:
            DRAWING.release()

    def _site_card(self) -> Card:
        return Card(urlsplit(self._site.url).hostname or "", self._site.name)

    def _newsletter_card(self, newsletter: Newsletter) -> Card:
        return Card(self._site.name, newsletter.title, foot=newsletter.description)

    def _article_card(self, article: Article) -> Card:
        return Card(self._site.name, article.title, "".join(article.tags[:1]), ", ".join(article.authors))

    def _digest_card(self, digest: Digest, newsletter: Newsletter) -> Card:
        language = self._app.templates.languages.best([newsletter.language, self._site.language])
        day = language.day(digest.due_at.astimezone(newsletter.zone))
        return Card(self._site.name, digest.subject, newsletter.title, day)
