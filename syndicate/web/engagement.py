"""``/go/`` and ``/seen/``: where links in mails lead by, and the picture in them, of newsletters that count.

What was sent goes on to work when a newsletter counts no more. Only this site can make these addresses, and one leads
only where a link of that very digest does. Where readers are counted by person, one says whose mail it stands in; a
forged reader, or one of another digest, is not found.
"""

from __future__ import annotations

from base64 import b64decode

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from syndicate.app import App
from syndicate.audience.engagement import Targets, is_machine, objects
from syndicate.render.links import reader_of
from syndicate.settings import Newsletter
from syndicate.web.guard import ip_of
from syndicate.web.pages import Pages

_PICTURE = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
_HEADERS = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex", "Referrer-Policy": "no-referrer"}


class Engagement:
    """Counts, where that is switched on and who asks does not object; and answers in any case."""

    def __init__(self, app: App, pages: Pages) -> None:
        self._app, self._signer, self._targets = app, pages.signer, Targets(app.store)

    def routes(self) -> APIRouter:
        """Each address and what answers it."""
        router = APIRouter()
        router.get("/go/{token}")(self.follow)
        router.get("/go/{token}/{reader}")(self.follow_as)
        router.get("/seen/{token}.gif")(self.see)
        router.get("/seen/{token}.gif/{reader}")(self.see_as)
        return router

    def follow(self, token: str, request: Request) -> Response:
        """Goes on to where the link leads."""
        return self._follow(*self._signer.verify_pair("follow", token), None, request)

    def follow_as(self, token: str, reader: str, request: Request) -> Response:
        """The same, from the mail of a reader of that very digest."""
        digest_id, link = self._signer.verify_pair("follow", token)
        return self._follow(digest_id, link, self._signer.verify(reader_of(digest_id), reader), request)

    def see(self, token: str, request: Request) -> Response:
        """Nothing to see."""
        return self._see(self._signer.verify("see", token), None, request)

    def see_as(self, token: str, reader: str, request: Request) -> Response:
        """The same, in the mail of a reader of that very digest."""
        digest_id = self._signer.verify("see", token)
        return self._see(digest_id, self._signer.verify(reader_of(digest_id), reader), request)

    def _follow(self, digest_id: int, link: int, reader: int | None, request: Request) -> Response:
        found = self._targets.find(digest_id, link)
        if found is None:
            raise HTTPException(404)
        slug, url = found
        newsletter = self._counting(slug, request, "clicks", "all")
        if newsletter:
            self._app.jobs.tally.click(
                digest_id,
                link,
                client=ip_of(request) or "",
                by_machine=_by_machine(request),
                now=self._app.jobs.clock(),
                reader=reader if newsletter.personal else None,
            )
        return RedirectResponse(url, 302, _HEADERS)

    def _see(self, digest_id: int, reader: int | None, request: Request) -> Response:
        newsletter = self._counting(self._targets.newsletter(digest_id), request, "all")
        if newsletter:
            now, by_machine = self._app.jobs.clock(), _by_machine(request)
            reader = reader if newsletter.personal else None
            self._app.jobs.tally.open(digest_id, by_machine=by_machine, now=now, reader=reader)
        return Response(_PICTURE, headers=_HEADERS, media_type="image/gif")

    def _counting(self, slug: str, request: Request, *what: str) -> Newsletter | None:
        """The newsletter, when it counts that, and who asks does not object."""
        newsletter = self._app.settings.newsletter(slug)
        return newsletter if newsletter and newsletter.engagement in what and not objects(request.headers) else None


def _by_machine(request: Request) -> bool:
    method = "HEAD" if getattr(request.state, "is_head", False) else request.method
    return is_machine(method, request.headers)
