"""``/archive/daily/7``: digests as pages, as they were sent, without anything of a reader, and findable."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, HTTPException
from fastapi import Path as InPath
from fastapi.responses import HTMLResponse, Response

from syndicate.app import App
from syndicate.model import SHOWN, Article, Digest, Subscriber
from syndicate.render.environment import render
from syndicate.render.holes import fill, reader_values
from syndicate.settings import Newsletter
from syndicate.store import archive, articles, digests
from syndicate.web.guard import SENT_PAGE
from syndicate.web.pages import Pages
from syndicate.web.pictures import Pictures

_TITLE = re.compile(r"<title>.*?</title>\s*", re.DOTALL)
_BODY = re.compile(r"<body\b[^>]*>", re.IGNORECASE)
_BODY_END = re.compile(r"</body>", re.IGNORECASE)
_HEAD = re.compile(r"</head>", re.IGNORECASE)
_Id = Annotated[int, InPath(ge=1, lt=2**63)]


class Archive:
    """Shows a digest's first variant, which stands for all."""

    def __init__(self, app: App, pages: Pages) -> None:
        self._app, self._pages, self._pictures = app, pages, Pictures(app, pages)

    def routes(self) -> APIRouter:
        """Each address and what answers it."""
        router = APIRouter()
        router.get("/archive/{newsletter}/{digest_id}")(self.digest)
        return router

    def digest(self, newsletter: str, digest_id: _Id) -> Response:
        """One digest; its links to leave and to choose lead to the newsletter's page."""
        with self._app.store.read() as connection:
            found = digests.get(connection, digest_id)
            variants = digests.variants_of(connection, digest_id)
            if found.newsletter != newsletter or found.state not in SHOWN or not variants:
                raise HTTPException(404)
            shown = articles.by_ids(connection, variants[0].articles)
            before, after = archive.neighbours(connection, found)
        parts = variants[0].parts.for_name("")
        home = f"{self._app.settings.site.url}/"
        known = self._app.settings.newsletter(newsletter)
        about = self._app.links.newsletter(newsletter) if known else home
        values = reader_values(
            Subscriber(id=0, email="a reader", name=""), unsubscribe_url=about, preferences_url=about
        )
        html = fill(parts.html, parts.nonce, values, escape=True)
        html = self._with_line(html, known, before, after) if known else html
        headers = {"Content-Security-Policy": SENT_PAGE, "Cache-Control": "no-cache"}
        head = self._head(found, shown, before, after)
        return HTMLResponse(
            _HEAD.sub(lambda end: head + end[0], _TITLE.sub("", html, count=1), count=1), headers=headers
        )

    def _head(self, digest: Digest, shown: list[Article], before: Digest | None, after: Digest | None) -> str:
        """What browsers, search engines and previews of links read, in place of the mail's own title."""
        newsletter = self._app.settings.newsletter(digest.newsletter)
        return render(
            self._app.templates,
            "web/archive.html",
            site=self._app.settings.site,
            title=digest.subject,
            newsletter_title=newsletter.title if newsletter else digest.newsletter,
            description=" · ".join(article.title for article in shown),
            canonical=self._app.links.view(digest.newsletter, digest.id),
            image=next((article.image for article in shown if article.image), None),
            picture=self._pictures.of_digest(digest, newsletter) if newsletter else None,
            published_at=digest.due_at,
            discoveries=self._pages.feeds_of(newsletter),
            before_url=self._address(before),
            after_url=self._address(after),
        )

    def _with_line(self, html: str, newsletter: Newsletter, before: Digest | None, after: Digest | None) -> str:
        """Whose digest it is, and the way to it and to others; in the newsletter's language, as the rest."""
        line = render(
            self._app.templates,
            "web/above.html",
            language=self._app.templates.languages.best([newsletter.language, self._app.settings.site.language]),
            newsletter=newsletter,
            url=self._pages.links.newsletter(newsletter.slug),
            archive_url=self._pages.links.archive(newsletter.slug),
            before=before,
            before_url=self._address(before),
            after=after,
            after_url=self._address(after),
        )
        html = _BODY.sub(lambda begin: f"{begin[0]}{line}<main>", html, count=1)
        return _BODY_END.sub("</main></body>", html, count=1)

    def _address(self, digest: Digest | None) -> str | None:
        return self._pages.links.view(digest.newsletter, digest.id) if digest else None
