"""``/sitemap.xml`` and ``/robots.txt``: for search engines (sitemaps.org protocol 0.9; RFC 9309)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial
from html import escape
from typing import Annotated

from fastapi import APIRouter, HTTPException, Request
from fastapi import Path as InPath
from fastapi.responses import Response

from syndicate.app import App
from syndicate.store import archive, sitemap
from syndicate.web.cached import answer
from syndicate.web.months import months_back
from syndicate.web.pages import Pages

_CACHE = "public, max-age=3600"
_NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
_NOT_FOR_ROBOTS = ("/preferences/", "/unsubscribe/", "/confirm/", "/feeds/private/", "/console", "/search")
_Number = Annotated[int, InPath(ge=1, lt=10_000)]
_Address = tuple[str, datetime | None]


class Sitemap:
    """An index, and parts that hold at most ``sitemap.PART`` addresses. All of it is made when it is asked for.

    The parts lie beside the index, for a sitemap may only name what is in its own folder or below.
    """

    def __init__(self, app: App, pages: Pages) -> None:
        self._base = pages.base
        self._app, self._links, self._site = app, app.links, app.settings.site.url
        self._slugs = [newsletter.slug for newsletter in app.settings.newsletters]

    def routes(self) -> APIRouter:
        """Each address and what answers it."""
        router = APIRouter()
        router.get("/robots.txt")(self.robots)
        router.get("/sitemap.xml")(self.index)
        router.get("/sitemap-pages.xml")(self.pages)
        router.get("/sitemap-articles-{number}.xml")(self.articles)
        router.get("/sitemap-digests-{number}.xml")(self.digests)
        return router

    def robots(self, request: Request) -> Response:
        """Everything may be read, but what is for one reader alone, or without end."""
        refused = [f"Disallow: {self._base}{path}" for path in _NOT_FOR_ROBOTS]
        lines = ["User-agent: *", *refused, f"Allow: {self._base}/", "", f"Sitemap: {self._site}/sitemap.xml", ""]
        return answer(request, "\n".join(lines).encode(), "text/plain", _CACHE)

    def index(self, request: Request) -> Response:
        """Every part, with when something in it last changed."""
        with self._app.store.read() as connection:
            articles = sitemap.article_parts(connection)
            digests = sitemap.digest_parts(connection, self._slugs)
        parts: list[_Address] = [(f"{self._site}/sitemap-pages.xml", max(digests, default=None))]
        for kind, changes in (("articles", articles), ("digests", digests)):
            parts += [(f"{self._site}/sitemap-{kind}-{n}.xml", at) for n, at in enumerate(changes, 1)]
        return _answer(request, "sitemapindex", "sitemap", parts)

    def pages(self, request: Request) -> Response:
        """The front page, the newsletters, and their digests by month."""
        found: list[_Address] = [(f"{self._site}/", None), (self._links.archives(), None)]
        with self._app.store.read() as connection:
            for newsletter in self._app.settings.newsletters:
                found.append((self._links.newsletter(newsletter.slug), None))
                last = archive.last_before(connection, newsletter.slug)
                if last is None:
                    continue
                found.append((self._links.archive(newsletter.slug), last))
                before = partial(archive.last_before, connection, newsletter.slug)
                months = months_back(before, newsletter.zone)
                found += [(self._links.archive(newsletter.slug, str(month)), None) for month in months]
        return _answer(request, "urlset", "url", found)

    def articles(self, request: Request, number: _Number) -> Response:
        """A part of the articles that have their page here."""
        with self._app.store.read() as connection:
            found = sitemap.article_pages(connection, number - 1)
        return _answer(
            request, "urlset", "url", [(self._links.article_page(one.slug), one.changed_at) for one in found]
        )

    def digests(self, request: Request, number: _Number) -> Response:
        """A part of the digests."""
        with self._app.store.read() as connection:
            found = sitemap.digest_pages(connection, self._slugs, number - 1)
        return _answer(
            request, "urlset", "url", [(self._links.view(one.newsletter, one.id), one.changed_at) for one in found]
        )


def _answer(request: Request, root: str, element: str, addresses: Iterable[_Address]) -> Response:
    """The document; what holds nothing is not there, for an empty one would be against the protocol."""
    found = [
        f"<{element}><loc>{escape(url)}</loc>{f'<lastmod>{_instant(at)}</lastmod>' if at else ''}</{element}>"
        for url, at in addresses
    ]
    if not found:
        raise HTTPException(404)
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{_NAMESPACE}">'
    return answer(request, "\n".join([head, *found, f"</{root}>", ""]).encode(), "application/xml", _CACHE)


def _instant(at: datetime) -> str:
    """W3C Datetime, whole seconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
