"""Templates → answers, with what every page shows. The public pages and the error pages are made with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from fastapi import Request
from fastapi.responses import HTMLResponse, Response

from syndicate.app import App
from syndicate.errors import TemplateError
from syndicate.feeds.publish import FORMATS
from syndicate.render.environment import render
from syndicate.render.links import Links, Signer
from syndicate.web.cached import answer, etag_of
from syndicate.web.guard import SECURITY

_PRIVATE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}
_PUBLIC = {"Cache-Control": "no-cache"}
_FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Discovery:
    """A feed that a page announces with ``<link rel="alternate">``."""

    newsletter: str
    format: str
    media_type: str
    url: str

    @property
    def title(self) -> str:
        """What feed readers show."""
        return f"{self.newsletter} ({self.format})"


class Pages:
    """Makes pages. ``links`` are those of mails without the host, so pages also work where they are tried out."""

    def __init__(self, app: App) -> None:
        site = app.settings.site
        self._app = app
        self.base = urlsplit(site.url).path
        self.signer = Signer(site.secret.get_secret_value())
        self.links = Links(self.base, self.signer)
        self._style = render(app.templates, "web/style.css").encode()
        self._shared: dict[str, Any] = {
            "site": site,
            "home_url": f"{self.base}/",
            "feeds_url": f"{self.base}/feeds/",
            "style_url": f"{self.base}/style.css?v={etag_of(self._style)[1:13]}",
            "discoveries": [one for slug in self._slugs() for one in self.feeds_of(slug)],
            "links": self.links,
        }

    def show(self, name: str, *, status: int = 200, private: bool = False, **values: Any) -> HTMLResponse:
        """The page of that template. ``private`` pages are kept by no cache and no search engine, and tell no other
        site where the reader came from: their address alone allows what they offer."""
        html = render(self._app.templates, f"web/{name}", **self._shared, **values)
        headers = {**SECURITY, **(_PRIVATE if private else _PUBLIC)}
        return HTMLResponse(html, status_code=status, headers=headers)

    def message(self, status: int, title: str, *paragraphs: str, private: bool = True) -> Response:
        """A page that only says something; in plain text when the operator's own templates can't even do that."""
        try:
            return self.show("message.html", status=status, private=private, title=title, paragraphs=paragraphs)
        except TemplateError:
            text = "\n\n".join([title, *paragraphs])
            return Response(text, status_code=status, headers={**SECURITY, **_PRIVATE}, media_type="text/plain")

    def style(self, request: Request) -> Response:
        """The one stylesheet; its address changes with it, so it is asked for once."""
        return answer(request, self._style, "text/css", _FOREVER if "v" in request.query_params else "no-cache")

    def feeds_of(self, slug: str) -> list[Discovery]:
        """The feeds of a newsletter."""
        newsletter = self._app.settings.newsletter(slug)
        if newsletter is None:
            return []
        return [
            Discovery(newsletter.title, one.title, one.media_type, self.links.feed(slug, one.file)) for one in FORMATS
        ]

    def _slugs(self) -> list[str]:
        return [newsletter.slug for newsletter in self._app.settings.newsletters]
