"""What has a page here, with when it last changed: for the sitemap. In parts, of which the old ones seldom change."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, Select, func, select

from syndicate.model import SHOWN
from syndicate.store.schema import OWN_PAGE, articles, digests

PART = 10_000
"""Pages in one part; the protocol allows 50,000."""


class OwnPage(NamedTuple):
    """An article's page."""

    slug: str
    changed_at: datetime


class DigestPage(NamedTuple):
    """A digest's page."""

    newsletter: str
    id: int
    changed_at: datetime


def article_parts(connection: Connection) -> list[datetime]:
    """When something last changed in each part of the articles that have their page here."""
    c = articles.c
    place = func.row_number().over(order_by=(c.dated_at, c.id))
    return _parts(connection, select(c.changed_at, place.label("place")).where(OWN_PAGE))


def article_pages(connection: Connection, part: int) -> list[OwnPage]:
    """That part's pages; the first part is 0."""
    c = articles.c
    query = select(c.slug, c.changed_at).where(OWN_PAGE).order_by(c.dated_at, c.id)
    return [OwnPage(*row) for row in connection.execute(query.offset(part * PART).limit(PART))]


def digest_parts(connection: Connection, newsletters: Sequence[str]) -> list[datetime]:
    """When something last changed in each part of those newsletters' digests."""
    c = digests.c
    place = func.row_number().over(order_by=c.id)
    return _parts(connection, _digests(newsletters).with_only_columns(c.composed_at, place.label("place")))


def digest_pages(connection: Connection, newsletters: Sequence[str], part: int) -> list[DigestPage]:
    """That part's pages. A digest is as it was composed."""
    query = _digests(newsletters).order_by(digests.c.id).offset(part * PART).limit(PART)
    return [DigestPage(*row) for row in connection.execute(query)]


def _digests(newsletters: Sequence[str]) -> Select[str, int, datetime]:
    c = digests.c
    return select(c.newsletter, c.id, c.composed_at).where(c.newsletter.in_(newsletters), c.state.in_(SHOWN))


def _parts(connection: Connection, pages: Select[datetime, int]) -> list[datetime]:
    found = pages.subquery()
    changed_at, place = found.c
    part = (place - 1) // PART
    newest = func.max(changed_at, type_=changed_at.type)
    return list(connection.execute(select(newest).group_by(part).order_by(part)).scalars())
