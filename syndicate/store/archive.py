"""What everyone may see of the past: the digests that went out, and which articles are in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, and_, func, or_, select
from sqlalchemy.sql.elements import ColumnElement

from syndicate.model import SHOWN, ArticleState, Digest
from syndicate.store.digests import digest_of
from syndicate.store.schema import appearances, articles, digests

_COLUMNS = [digests.c[f.name] for f in fields(Digest)]


class Volume(NamedTuple):
    """How much of a newsletter there is to read."""

    digests: int
    newest_at: datetime


def volumes(connection: Connection) -> dict[str, Volume]:
    """Every newsletter that has sent something."""
    c = digests.c
    newest = func.max(c.due_at, type_=c.due_at.type).label("newest")
    query = select(c.newsletter, func.count().label("n"), newest).where(c.state.in_(SHOWN)).group_by(c.newsletter)
    return {row.newsletter: Volume(row.n, row.newest) for row in connection.execute(query)}


def sent(
    connection: Connection,
    newsletter: str,
    *,
    since: datetime | None = None,
    before: datetime | None = None,
    offset: int = 0,
    limit: int,
) -> list[Digest]:
    """A newsletter's digests that were due in that time, newest first."""
    c = digests.c
    query = select(*_COLUMNS).where(_of(newsletter)).order_by(c.due_at.desc(), c.id.desc())
    if since:
        query = query.where(c.due_at >= since)
    if before:
        query = query.where(c.due_at < before)
    return [digest_of(row) for row in connection.execute(query.offset(offset).limit(limit))]


def last_before(connection: Connection, newsletter: str, before: datetime | None = None) -> datetime | None:
    """When the newest digest was due, of all or of those before that instant."""
    c = digests.c
    query = select(c.due_at).where(_of(newsletter)).order_by(c.due_at.desc()).limit(1)
    return connection.execute(query.where(c.due_at < before) if before else query).scalar()


def neighbours(connection: Connection, digest: Digest) -> tuple[Digest | None, Digest | None]:
    """The digests before and after."""
    c = digests.c
    earlier = or_(c.due_at < digest.due_at, and_(c.due_at == digest.due_at, c.id < digest.id))
    later = or_(c.due_at > digest.due_at, and_(c.due_at == digest.due_at, c.id > digest.id))
    of_it = select(*_COLUMNS).where(_of(digest.newsletter)).limit(1)
    before = connection.execute(of_it.where(earlier).order_by(c.due_at.desc(), c.id.desc())).first()
    after = connection.execute(of_it.where(later).order_by(c.due_at, c.id)).first()
    return digest_of(before) if before else None, digest_of(after) if after else None


def titles(connection: Connection, digest_ids: Sequence[int]) -> dict[int, list[str]]:
    """Of each digest, the titles of its articles that are still published, in reading order."""
    a = appearances.c
    query = (
        select(a.digest_id, articles.c.title)
        .join(articles, articles.c.id == a.article_id)
        .where(a.digest_id.in_(digest_ids), articles.c.state == ArticleState.CURRENT)
        .order_by(a.digest_id, a.place)
    )
    found: dict[int, list[str]] = {one: [] for one in digest_ids}
    for row in connection.execute(query):
        found[row.digest_id].append(row.title)
    return found


def digests_with(
    connection: Connection, article_ids: Sequence[int], newsletters: Sequence[str], *, most: int
) -> dict[int, list[Digest]]:
    """The digests of those newsletters that each article appeared in, newest first; at most so many of each."""
    a, c = appearances.c, digests.c
    query = (
        select(a.article_id, *_COLUMNS)
        .join(digests, c.id == a.digest_id)
        .where(a.article_id.in_(article_ids), c.newsletter.in_(newsletters), c.state.in_(SHOWN))
        .order_by(c.due_at.desc(), c.id.desc())
    )
    found: dict[int, list[Digest]] = {one: [] for one in article_ids}
    for row in connection.execute(query):
        if len(found[row.article_id]) < most:
            found[row.article_id].append(digest_of(row))
    return found


def _of(newsletter: str) -> ColumnElement[bool]:
    return and_(digests.c.newsletter == newsletter, digests.c.state.in_(SHOWN))
