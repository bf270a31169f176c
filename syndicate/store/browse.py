"""Articles as the console lists them: in any state, by source, tag and words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, and_, func, or_, select, true

from syndicate.model import ArticleState, DigestState
from syndicate.store.articles import tag_key
from syndicate.store.engine import fulltext
from syndicate.store.schema import appearances, article_tags, articles, digests
from syndicate.store.words import Query


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which articles: those of one state and, where it is given, of a source, with a tag, with these words."""

    state: ArticleState = ArticleState.CURRENT
    source: str = ""
    tag: str = ""
    query: Query | None = None


class Place(NamedTuple):
    """Where an article stands in the list: before all that are older, or of its instant and picked up earlier."""

    dated_at: datetime
    id: int


class Listed(NamedTuple):
    """An article in a list."""

    id: int
    source: str
    title: str
    tags: tuple[str, ...]
    dated_at: datetime
    sequence: int | None


class Appeared(NamedTuple):
    """A digest that has an article."""

    id: int
    newsletter: str
    state: DigestState
    due_at: datetime


def page(connection: Connection, wanted: Wanted, *, after: Place | None = None, limit: int) -> list[Listed]:
    """The newest by date, or what comes after that place. Words find the newest ``fulltext.CANDIDATES`` that fit."""
    c = articles.c
    where = and_(c.state == wanted.state, c.source == wanted.source if wanted.source else true())
    if wanted.tag:
        tagged = select(article_tags.c.article_id).where(article_tags.c.tag == tag_key(wanted.tag))
        where = and_(where, c.id.in_(tagged))
    if wanted.query:
        where = and_(where, c.id.in_(fulltext.fitting(connection, wanted.query, where)))
    if after:
        older = or_(c.dated_at < after.dated_at, and_(c.dated_at == after.dated_at, c.id < after.id))
        where = and_(where, c.dated_at <= after.dated_at, older)
    query = select(c.id, c.source, c.title, c.tags, c.dated_at, c.sequence).where(where)
    rows = connection.execute(query.order_by(c.dated_at.desc(), c.id.desc()).limit(limit))
    return [Listed(r.id, r.source, r.title, tuple(r.tags), r.dated_at, r.sequence) for r in rows]


def states(connection: Connection, source: str = "") -> dict[ArticleState, int]:
    """How many there are in each state, of all sources or of one."""
    c = articles.c
    query = select(c.state, func.count().label("n")).group_by(c.state)
    found = connection.execute(query.where(c.source == source) if source else query)
    return {ArticleState(row.state): row.n for row in found}


def tags(connection: Connection, *, most: int) -> list[str]:
    """The tags that most articles have, folded, by the alphabet."""
    c = article_tags.c
    often = select(c.tag).group_by(c.tag).order_by(func.count().desc(), c.tag).limit(most)
    return sorted(connection.execute(often).scalars())


def appeared(connection: Connection, article_ids: Sequence[int], *, most: int) -> dict[int, list[Appeared]]:
    """The digests that have each article, newest first, at most so many of each; those that wait are among them."""
    a, c = appearances.c, digests.c
    query = (
        select(a.article_id, c.id, c.newsletter, c.state, c.due_at)
        .join(digests, c.id == a.digest_id)
        .where(a.article_id.in_(article_ids), c.state != DigestState.CANCELLED)
        .order_by(c.due_at.desc(), c.id.desc())
    )
    found: dict[int, list[Appeared]] = {one: [] for one in article_ids}
    for row in connection.execute(query):
        if len(found[row.article_id]) < most:
            found[row.article_id].append(Appeared(row.id, row.newsletter, DigestState(row.state), row.due_at))
    return found
