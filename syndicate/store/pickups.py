"""What was picked up lately. Called by pages that show it at a glance; neither query looks into what articles say."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, select

from syndicate.model import ArticleState
from syndicate.store.schema import articles


class PickedUp(NamedTuple):
    """One article, by its title."""

    id: int
    source: str
    state: ArticleState
    title: str
    picked_up_at: datetime


def counts(connection: Connection, *, since: datetime) -> dict[str, Counter[ArticleState]]:
    """Source → how many of its articles came since then, by the state that they are in now."""
    c = articles.c
    # Counted here: SQLite would go through all articles by source, rather than through the newest and count.
    query = select(c.source, c.state).where(c.picked_up_at >= since).order_by(c.picked_up_at)
    found: dict[str, Counter[ArticleState]] = {}
    for source, state in connection.execute(query):
        found.setdefault(source, Counter())[ArticleState(state)] += 1
    return dict(sorted(found.items()))


def newest(connection: Connection, *, since: datetime, limit: int) -> list[PickedUp]:
    """Those that came last since then, the newest first."""
    c = articles.c
    query = select(c.id, c.source, c.state, c.title, c.picked_up_at).where(c.picked_up_at >= since)
    rows = connection.execute(query.order_by(c.picked_up_at.desc(), c.id.desc()).limit(limit))
    return [PickedUp(row.id, row.source, ArticleState(row.state), row.title, row.picked_up_at) for row in rows]
