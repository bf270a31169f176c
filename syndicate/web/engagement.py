"""``/go/`` and ``/seen/``: where links in mails lead by, and the picture in them, of newsletters that count.

What was sent goes on to work when a newsletter counts no more. Only this site can make these addresses, and one leads
only where a link of that very digest does.
"""

from __future__ import annotations

from base64 import b64decode

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from syndicate.app import App
from syndicate.audience.engagement import Targets, is_machine, objects
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
        router.get("/seen/{token}.gif")(self.see)
        return router

    def follow(self, token: str, request: Request) -> Response:
        """Goes on to where the link leads."""
        digest_id, link = self._signer.verify_pair("follow", token)
        found = self._targets.find(digest_id, link)
        if found is None:
            raise HTTPException(404)
        newsletter, url = found
        if self._counts(newsletter, "clicks", "all") and not objects(request.headers):
            client, now = ip_of(request) or "", self._app.jobs.clock()
            self._app.jobs.tally.click(digest_id, link, client=client, by_machine=_by_machine(request), now=now)
        return RedirectResponse(url, 302, _HEADERS)

    def see(self, token: str, request: Request) -> Response:
        """Nothing to see."""
        digest_id = self._signer.verify("see", token)
        if self._counts(self._targets.newsletter(digest_id), "all") and not objects(request.headers):
            self._app.jobs.tally.open(digest_id, by_machine=_by_machine(request))
        return Response(_PICTURE, headers=_HEADERS, media_type="image/gif")

    def _counts(self, slug: str, *what: str) -> bool:
        newsletter = self._app.settings.newsletter(slug)
        return newsletter is not None and newsletter.engagement in what


def _by_machine(request: Request) -> bool:
    method = "HEAD" if getattr(request.state, "is_head", False) else request.method
    return is_machine(method, request.headers)
