"""``/search``: articles by their words, and the digests that they appeared in. No search engine keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response
from markupsafe import Markup

from syndicate.app import App
from syndicate.audience.limits import Turnstile
from syndicate.model import Article, Digest
from syndicate.render.languages import translatable
from syndicate.settings import Newsletter, Rate
from syndicate.store import archive, articles
from syndicate.store.engine import fulltext
from syndicate.store.words import LONGEST_QUERY, Query, parse
from syndicate.web.excerpt import excerpt, marked
from syndicate.web.guard import ip_of
from syndicate.web.pages import Pages

ON_A_PAGE = 10
MOST = 200
"""Articles that one query finds at most: the best."""

PER_MINUTE = 30
"""Searches that one IPv4 address, or one IPv6 network (/64), may do."""

_TOO_MANY = (
    translatable("Too many searches"),
    translatable("There were more searches than we take at once. Please try again in a minute."),
)


@dataclass(frozen=True, slots=True)
class Result:
    """An article that was found, as its page shows it: ``title`` and ``excerpt`` with what fits marked."""

    article: Article
    title: Markup
    excerpt: Markup
    digests: list[Digest]


class Search:
    """Looks for what somebody typed."""

    def __init__(self, app: App, pages: Pages) -> None:
        self._app, self._pages = app, pages
        self._turnstile = Turnstile(Rate(PER_MINUTE, 60))

    def routes(self) -> APIRouter:
        """Each address and what answers it."""
        router = APIRouter()
        router.get("/search")(self.search)
        return router

    def search(self, request: Request) -> Response:
        """``?q=`` is what to look for, ``?newsletter=`` where, ``?page=`` counts from 1. Without ``q``: the form."""
        asked = request.query_params
        typed = " ".join(asked.get("q", "").replace("\0", " ").split())[:LONGEST_QUERY]
        query = parse(typed)
        newsletter = self._app.settings.newsletter(asked.get("newsletter", ""))
        if query and not self._turnstile.admit(ip_of(request)):
            response = self._pages.message(request, 429, *_TOO_MANY)
            response.headers["Retry-After"] = "60"
            return response
        hits = self._hits(query, newsletter)
        last = max(1, -(-len(hits) // ON_A_PAGE))
        page = min(page_of(request), last)
        shown = self._results(query, hits[(page - 1) * ON_A_PAGE : page * ON_A_PAGE])

        def numbered(number: int) -> str:
            given = {"q": typed, "newsletter": newsletter.slug if newsletter else "", "page": number}
            return f"{self._pages.links.search()}?{urlencode({name: value for name, value in given.items() if value})}"

        response = self._pages.show(
            request,
            "search.html",
            query=typed,
            is_asked=bool(query),
            chosen=newsletter,
            newsletters=self._app.settings.newsletters,
            results=shown,
            count=len(hits),
            is_more=len(hits) == MOST,
            page=page,
            previous_url=numbered(page - 1) if page > 1 else None,
            next_url=numbered(page + 1) if page < last else None,
            canonical=self._app.links.search(),
        )
        response.headers["X-Robots-Tag"] = "noindex"
        return response

    def _hits(self, query: Query, newsletter: Newsletter | None) -> list[int]:
        of_all = tuple(source.name for source in self._app.settings.sources)
        names = (newsletter.sources if newsletter else ()) or of_all
        wanted = {tag.casefold() for tag in newsletter.tags} if newsletter else set()
        with self._app.store.read() as connection:
            hits = fulltext.find(connection, query, names, MOST)
        return [hit.id for hit in hits if not wanted or wanted & {tag.casefold() for tag in hit.tags}]

    def _results(self, query: Query, ids: Sequence[int]) -> list[Result]:
        known = [newsletter.slug for newsletter in self._app.settings.newsletters]
        with self._app.store.read() as connection:
            found = articles.by_ids(connection, ids)
            among = archive.digests_with(connection, ids, known, most=1)
        return [
            Result(
                article=one,
                title=marked(one.title, query),
                excerpt=excerpt(fulltext.prose(one), query) or marked(one.summary, query),
                digests=among[one.id],
            )
            for one in found
        ]


def page_of(request: Request) -> int:
    """Which page is asked for, 1 when that is not a number from 1 to 9999."""
    text = request.query_params.get("page", "")
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 5 else 1
