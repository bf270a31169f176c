"""Templates → answers, with what every page shows. The public pages and the error pages are made with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse, Response

from syndicate.app import App
from syndicate.errors import TemplateError
from syndicate.feeds.formats import FORMATS
from syndicate.feeds.heads import digests_folder
from syndicate.feeds.selection import ALL
from syndicate.model import Subscriber
from syndicate.render.environment import render
from syndicate.render.languages import Language
from syndicate.render.links import Links, Signer
from syndicate.settings import Newsletter
from syndicate.web.accept import languages_of
from syndicate.web.cached import answer, etag_of
from syndicate.web.guard import security_of

PRIVATE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}
_PUBLIC = {"Cache-Control": "no-cache", "Vary": "Accept-Language"}
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
    """Makes pages. ``links`` are those of mails without the host, so pages also work where they are tried out.

    :raises TemplateError: when the stylesheet can't be rendered, or a catalogue can't be read.
    """

    def __init__(self, app: App) -> None:
        site = app.settings.site
        self._app, self._security = app, security_of(site.url)
        self.base = urlsplit(site.url).path
        self.signer = Signer(site.secret.get_secret_value())
        self.links = Links(self.base, self.signer)
        self.languages = app.templates.languages.all
        self._style = render(app.templates, "web/style.css").encode()
        self._shared: dict[str, Any] = {
            "site": site,
            "home_url": f"{self.base}/",
            "feeds_url": f"{self.base}/feeds/",
            "style_url": f"{self.base}/style.css?v={etag_of(self._style)[1:13]}",
            "links": self.links,
        }

    def show(
        self,
        request: Request,
        name: str,
        *,
        status: int = 200,
        private: bool = False,
        reader: Subscriber | None = None,
        newsletter: Newsletter | None = None,
        **values: Any,
    ) -> HTMLResponse:
        """The page of that template, in the language and the time zone of ``reader``, who may have chosen none.

        ``private`` pages are kept by no cache and no search engine, and tell no other site where the reader came
        from: their address alone allows what they offer.
        """
        said = {"language": self.language(request, reader, newsletter), "zone": zone_of(reader, newsletter)}
        about = {"reader": reader, "newsletter": newsletter, "discoveries": self.feeds_of(newsletter)}
        given = {**self._shared, **said, **about, **values}
        html = render(self._app.templates, f"web/{name}", **given)
        headers = {**self._security, **(PRIVATE if private else _PUBLIC)}
        return HTMLResponse(html, status_code=status, headers=headers)

    def language(
        self, request: Request, reader: Subscriber | None = None, newsletter: Newsletter | None = None
    ) -> Language:
        """What the reader chose, else what their browser asks for, else what the newsletter is written in."""
        asked = languages_of(request.headers.get("accept-language", ""))
        written = newsletter.language if newsletter else None
        chosen = reader.language if reader else None
        return self._app.templates.languages.best([chosen, *asked, written, self._app.settings.site.language])

    def message(self, request: Request, status: int, title: str, *paragraphs: str, private: bool = True) -> Response:
        """A page that only says something, in its reader's language where ``title`` and ``paragraphs`` are in the
        catalogues; in plain English when the operator's own templates can't even do that."""
        try:
            return self.show(
                request, "message.html", status=status, private=private, title=title, paragraphs=paragraphs
            )
        except TemplateError:
            text = "\n\n".join([title, *paragraphs])
            return Response(text, status_code=status, headers={**self._security, **PRIVATE}, media_type="text/plain")

    def style(self, request: Request) -> Response:
        """The one stylesheet; its address changes with it, so it is asked for once."""
        return answer(request, self._style, "text/css", _FOREVER if "v" in request.query_params else "no-cache")

    def feeds_of(self, newsletter: Newsletter | None) -> list[Discovery]:
        """The feeds of a newsletter's articles, or of all articles."""
        site = self._app.settings.site
        return self._announced(*(newsletter.slug, newsletter.title) if newsletter else (ALL, site.name))

    def digest_feeds_of(self, newsletter: Newsletter) -> list[Discovery]:
        """The feeds of a newsletter's digests, where any was sent."""
        folder = digests_folder(newsletter.slug)
        is_there = (self._app.settings.feeds.directory / folder / FORMATS[0].file).is_file()
        language = self._app.templates.languages.best([newsletter.language, self._app.settings.site.language])
        title = language.gettext("%(title)s: digests") % {"title": newsletter.title}
        return self._announced(folder, title) if is_there else []

    def _announced(self, folder: str, title: str) -> list[Discovery]:
        return [Discovery(title, one.title, one.media_type, self.links.feeds(folder) + one.file) for one in FORMATS]


def zone_of(reader: Subscriber | None, newsletter: Newsletter | None) -> ZoneInfo:
    """Whose clock a page tells the day by: the reader's, else the newsletter's, else UTC."""
    if reader and reader.timezone:
        return ZoneInfo(reader.timezone)
    return newsletter.zone if newsletter else ZoneInfo("UTC")
