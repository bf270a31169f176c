"""``/archive/``: every newsletter that sent something, and its digests: the newest, and all of them by month."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from itertools import groupby
from zoneinfo import ZoneInfo

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from syndicate.app import App
from syndicate.model import Digest
from syndicate.settings import Newsletter
from syndicate.store import Connection, archive
from syndicate.web.months import Month, month_of, months_back, named
from syndicate.web.pages import Pages
from syndicate.web.pictures import Pictures
from syndicate.web.search import page_of

ON_A_PAGE = 30
"""Digests on one page; a month with more has several."""


class Listing:
    """Lists of digests. Months are those of the newsletter's time zone."""

    def __init__(self, app: App, pages: Pages) -> None:
        self._app, self._pages, self._pictures = app, pages, Pictures(app, pages)

    def routes(self) -> APIRouter:
        """Each address and what answers it. They come before ``archive``'s: what has a hyphen is no digest's number."""
        router = APIRouter()
        router.get("/archive")(self.with_slash)
        router.get("/archive/")(self.all)
        router.get("/archive/{slug}")(self.with_slash)
        router.get("/archive/{slug}/")(self.newsletter)
        router.get("/archive/{slug}/{year}-{number}")(self.month)
        return router

    def with_slash(self, slug: str = "") -> Response:
        """One address for each page."""
        if slug:
            return RedirectResponse(self._pages.links.archive(self._known(slug).slug), status_code=308)
        return RedirectResponse(self._pages.links.archives(), status_code=308)

    def all(self, request: Request) -> Response:
        """Every newsletter that has sent something, with its newest digest."""
        with self._app.store.read() as connection:
            volumes = archive.volumes(connection)
            shelves = [
                (one, volumes[one.slug], archive.sent(connection, one.slug, limit=1)[0])
                for one in self._app.settings.newsletters
                if one.slug in volumes
            ]
        return self._pages.show(
            request,
            "archives.html",
            shelves=shelves,
            canonical=self._app.links.archives(),
            picture=self._pictures.of_site(),
        )

    def newsletter(self, request: Request, slug: str) -> Response:
        """The newest digests, and the way to all others."""
        newsletter = self._known(slug)
        with self._app.store.read() as connection:
            found = archive.sent(connection, slug, limit=ON_A_PAGE + 1)
            months = self._months(connection, newsletter)
            titles = archive.titles(connection, [one.id for one in found])
        # What does not fit here is on the page of its month, with all others of that month.
        older = month_of(found[-1].due_at, newsletter.zone) if len(found) > ON_A_PAGE else None
        return self._show(request, newsletter, found[:ON_A_PAGE], titles, months, older=older)

    def month(self, request: Request, slug: str, year: str, number: str) -> Response:
        """The digests of a month; ``?page=`` counts from 1."""
        newsletter, asked = self._known(slug), named(f"{year}-{number}")
        if asked is None:
            raise HTTPException(404)
        page, zone = page_of(request), newsletter.zone
        bounds = {"since": asked.begin(zone), "before": asked.end(zone)}
        with self._app.store.read() as connection:
            found = archive.sent(connection, slug, **bounds, offset=(page - 1) * ON_A_PAGE, limit=ON_A_PAGE + 1)
            months = self._months(connection, newsletter)
            titles = archive.titles(connection, [one.id for one in found])
        if not found:
            raise HTTPException(404)
        return self._show(
            request,
            newsletter,
            found[:ON_A_PAGE],
            titles,
            months,
            month=asked,
            page=page,
            is_more=len(found) > ON_A_PAGE,
        )

    def _show(
        self,
        request: Request,
        newsletter: Newsletter,
        found: Sequence[Digest],
        titles: dict[int, list[str]],
        months: Sequence[Month],
        *,
        month: Month | None = None,
        older: Month | None = None,
        page: int = 1,
        is_more: bool = False,
    ) -> Response:
        after = months[months.index(month) + 1 :] if month in months else []
        before = months[: months.index(month)] if month in months else []

        def at(which: Month | None, number: int = 1) -> str | None:
            """The path of a page of a month."""
            query = f"?page={number}" if number > 1 else ""
            return f"{self._pages.links.archive(newsletter.slug, str(which))}{query}" if which else None

        newer_url = at(month, page - 1) if page > 1 else at(before[-1] if before else None)
        older_url = at(month, page + 1) if is_more else at(after[0] if after else older)
        canonical = self._app.links.archive(newsletter.slug, str(month or ""))
        return self._pages.show(
            request,
            "digests.html",
            newsletter=newsletter,
            digests=[(one, titles[one.id]) for one in found],
            years=_by_year(months, newsletter.zone),
            month=month.begin(newsletter.zone) if month else None,
            page=page,
            newer_url=newer_url,
            older_url=older_url,
            canonical=f"{canonical}?page={page}" if page > 1 else canonical,
            picture=self._pictures.of_newsletter(newsletter),
        )

    def _months(self, connection: Connection, newsletter: Newsletter) -> list[Month]:
        return list(months_back(partial(archive.last_before, connection, newsletter.slug), newsletter.zone))

    def _known(self, slug: str) -> Newsletter:
        newsletter = self._app.settings.newsletter(slug)
        if newsletter is None:
            raise HTTPException(404)
        return newsletter


def _by_year(months: Sequence[Month], zone: ZoneInfo) -> list[tuple[int, list[tuple[str, datetime]]]]:
    """Years, newest first, each with its months in the calendar's order: name in addresses, and first instant."""
    return [
        (year, [(str(month), month.begin(zone)) for month in sorted(of_it)])
        for year, of_it in groupby(months, lambda month: month.year)
    ]
