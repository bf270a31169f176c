"""What a template makes, typed or saved: mails from a newsletter's newest articles, pages as everyone sees them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from fastapi import Request
from fastapi.responses import Response

from syndicate.app import App
from syndicate.errors import ConflictError, SyndicateError
from syndicate.feeds.ids import Ids
from syndicate.feeds.pieces import digest_piece
from syndicate.model import Article, Digest, Subscriber
from syndicate.render.digest import NewsletterFacts, SiteFacts
from syndicate.render.environment import Environment
from syndicate.render.notice import NoticeContext, render_notice
from syndicate.settings import Newsletter
from syndicate.store import archive, articles, digests
from syndicate.web.archive import Archive
from syndicate.web.articles import ArticlePages
from syndicate.web.console.visit import Visit
from syndicate.web.joining import Joining
from syndicate.web.listing import Listing
from syndicate.web.pages import Pages
from syndicate.web.public import PublicPages
from syndicate.web.search import Search

_READER = Subscriber(id=0, email="ana@example.org", name="Ana")
_OF_ONE_READER = frozenset({"confirm", "unsubscribe", "preferences", "expired", "erase"})
_LOOKED_AT = 50
_STYLE = re.compile(r'<link rel="stylesheet"[^>]*>')


class NoPreviewError(SyndicateError):
    """There is nothing to show what a template makes with; the text says why."""


@dataclass(frozen=True, slots=True)
class Made:
    """What came out: a page, or plain text."""

    text: str
    is_html: bool


class Preview:
    """Makes them for ``newsletter``, with ``templates``."""

    def __init__(self, app: App, templates: Environment, newsletter: Newsletter | None, visit: Visit) -> None:
        self._app = replace(app, templates=templates, digests=replace(app.digests, templates=templates))
        self._newsletter, self._visit = newsletter, visit

    def of(self, name: str) -> Made:
        """:raises NoPreviewError: when it can't be shown. :raises TemplateError: when something can't be rendered."""
        if name.startswith("email/notices/"):
            return self._notice(name)
        if name.startswith("email/"):
            return self._digest(name)
        if name.startswith("feeds/"):
            return self._feeds(name)
        return self._page(name)

    def _digest(self, name: str) -> Made:
        if self._newsletter is None:
            raise NoPreviewError("there is no newsletter yet")
        try:
            parts = self._app.digests.preview(self._newsletter.slug, self._visit.now).parts
        except ConflictError:
            raise NoPreviewError(f"{self._newsletter.title} has no articles yet") from None
        if name.endswith("subject.txt"):
            return Made(parts.for_name(_READER.name).subject, is_html=False)
        html, text = self._app.digests.filled(parts, _READER, self._visit.now)
        return Made(text, is_html=False) if name.endswith(".txt") else Made(html, is_html=True)

    def _notice(self, name: str) -> Made:
        if self._newsletter is None:
            raise NoPreviewError("there is no newsletter yet")
        kind = name.split("/")[2] if name.count("/") == 3 else "confirm"
        site, newsletter, links = self._app.settings.site, self._newsletter, self._app.links
        language = self._app.templates.languages.best([newsletter.language, site.language])
        facts = {
            "address": newsletter.address,
            "newsletters": [{"slug": newsletter.slug, "title": newsletter.title}],
            "people": newsletter.reply_to or "",
            "title": "Relay smtp is down",
            "told": [{"what": "Now", "title": "Relay smtp is down", "said": "no answer in time", "url": site.url}],
        }
        context = NoticeContext(
            site=SiteFacts(site.name, site.url, site.postal_address, language.tag),
            newsletter=NewsletterFacts(newsletter.slug, newsletter.title, newsletter.description),
            url=links.newsletter(newsletter.slug),
            language=language,
            titles=(newsletter.title,),
            leaving=((newsletter.title, links.newsletter(newsletter.slug)),),
            facts=facts,
        )
        parts = render_notice(self._app.templates, kind, context)
        if name.endswith("subject.txt"):
            return Made(parts.subject, is_html=False)
        return Made(parts.text, is_html=False) if name.endswith(".txt") else Made(parts.html, is_html=True)

    def _feeds(self, name: str) -> Made:
        if not name.endswith("digest.html"):
            raise NoPreviewError("it is used when feeds are published; open them after that")
        if self._newsletter is None:
            raise NoPreviewError("there is no newsletter yet")
        digest = self._sent(self._newsletter)
        with self._app.store.read() as connection:
            shown = [one.articles for one in digests.variants_of(connection, digest.id)][:1]
            found = articles.by_ids(connection, [number for numbers in shown for number in numbers])
        site, ids = self._app.settings.site, Ids("example.org")
        language = self._newsletter.language or site.language
        piece = digest_piece(digest, found, self._app.templates, self._app.links, ids, language)
        return Made(piece.html, is_html=True)

    def _page(self, name: str) -> Made:
        """As its handler answers everyone, with its style in it."""
        stem = name.removeprefix("web/").partition(".")[0]
        if stem in _OF_ONE_READER:
            raise NoPreviewError("only a reader who follows a link of their own sees that page")
        app, request = self._app, _plain(self._visit.request)
        pages = Pages(app)
        if stem in ("archive", "above", "digests", "newsletter", "joining", "fields", "embed"):
            response = self._of_newsletter(stem, app, pages, request)
        elif stem == "article":
            response = ArticlePages(app, pages).article(request, self._own_article().slug)
        elif stem == "archives":
            response = Listing(app, pages).all(request)
        elif stem == "search":
            response = Search(app, pages).search(request)
        elif stem == "subscribe":
            response = Joining(app, pages).choose(request)
        elif stem == "message":
            response = pages.message(request, 404, "There is no such page")
        else:
            response = PublicPages(app, pages).front(request)
        html, style = bytes(response.body).decode(), bytes(pages.style(request).body).decode()
        return Made(_STYLE.sub(lambda _: f"<style>{style}</style>", html, count=1), is_html=True)

    def _of_newsletter(self, stem: str, app: App, pages: Pages, request: Request) -> Response:
        newsletter = self._newsletter
        if newsletter is None:
            raise NoPreviewError("there is no newsletter yet")
        if stem in ("newsletter", "joining", "fields", "embed"):
            return Joining(app, pages).newsletter(request, newsletter.slug)
        if stem == "digests":
            return Listing(app, pages).newsletter(request, newsletter.slug)
        return Archive(app, pages).digest(newsletter.slug, self._sent(newsletter).id)

    def _sent(self, newsletter: Newsletter) -> Digest:
        with self._app.store.read() as connection:
            sent = archive.sent(connection, newsletter.slug, limit=1)
        if not sent:
            raise NoPreviewError(f"no digest of {newsletter.title} was sent yet")
        return sent[0]

    def _own_article(self) -> Article:
        names = [source.name for source in self._app.settings.sources]
        with self._app.store.read() as connection:
            latest = articles.latest(connection, names, (), _LOOKED_AT)
        found = next((one for one in latest if not one.url), None)
        if found is None:
            raise NoPreviewError(f"none of the newest {_LOOKED_AT} articles has its page here")
        return found


def _plain(request: Request) -> Request:
    """A request for a page, as everyone may make one."""
    scope = {**request.scope, "method": "GET", "query_string": b"", "headers": _accepting(request)}
    return Request(scope)


def _accepting(request: Request) -> list[tuple[bytes, bytes]]:
    return [(name, value) for name, value in request.headers.raw if name == b"accept-language"]
