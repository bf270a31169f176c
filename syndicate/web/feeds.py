"""``/feeds/``: the published files, for those who put no other web server in front of the folder."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from syndicate.app import App
from syndicate.feeds.publish import FORMATS, INDEX
from syndicate.web.cached import answer
from syndicate.web.guard import LONE_PAGE
from syndicate.web.pages import Pages

_CACHE = "public, max-age=300"
_MEDIA_TYPES = {one.file: one.media_type for one in FORMATS}
_NEWSLETTER = re.compile(r"[a-z0-9-]+")


class PublishedFeeds:
    """Serves just the names that are published, so no address leads out of the folder.

    Feeds of newsletters that are no longer configured are still there for those who follow them.
    """

    def __init__(self, app: App, pages: Pages) -> None:
        self._directory, self._base = app.settings.feeds.directory, pages.base

    def routes(self) -> APIRouter:
        """Each address and what answers it."""
        router = APIRouter()
        router.get("/feeds")(self.without_slash)
        router.get("/feeds/")(self.index)
        router.get(f"/feeds/{INDEX}")(self.index)
        router.get("/feeds/{newsletter}/{file}")(self.feed)
        return router

    def without_slash(self) -> Response:
        """The index links to feeds beside it, so its address must end in a slash."""
        return RedirectResponse(f"{self._base}/feeds/", status_code=308)

    def index(self, request: Request) -> Response:
        """The page that lists the feeds."""
        response = _answer(request, self._directory / INDEX, "text/html")
        response.headers["Content-Security-Policy"] = LONE_PAGE
        return response

    def feed(self, request: Request, newsletter: str, file: str) -> Response:
        """One feed."""
        if file not in _MEDIA_TYPES or not _NEWSLETTER.fullmatch(newsletter):
            raise HTTPException(404)
        return _answer(request, self._directory / newsletter / file, _MEDIA_TYPES[file])


def _answer(request: Request, path: Path, media_type: str) -> Response:
    try:
        with path.open("rb") as file:
            content = file.read()
            modified_at = datetime.fromtimestamp(os.fstat(file.fileno()).st_mtime, UTC)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        raise HTTPException(404) from None
    return answer(request, content, media_type, _CACHE, modified_at=modified_at)
