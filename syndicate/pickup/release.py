"""Lets go what a pick-up held because it was suspiciously much. Called by the command line and by the console."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from syndicate.model import ArticleState, SourceState
from syndicate.store import Connection, articles, browse, sources


def release(
    connection: Connection, source: str, *, now: datetime, publish_only: bool = False, article_id: int | None = None
) -> int:
    """Lets a source's held articles go, or that one, into feeds and, unless ``publish_only``, into digests.

    A source that holds nothing any more is held no longer. Returns how many went.
    """
    count = articles.release(connection, source, now=now, numbered=not publish_only, article_id=article_id)
    status = sources.status(connection, source)
    if status.state is SourceState.HELD and not browse.states(connection, source).get(ArticleState.HELD):
        sources.save(connection, replace(status, state=SourceState.OK))
    return count
