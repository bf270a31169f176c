"""An article by its number, for the pages about it."""

from __future__ import annotations

from syndicate.errors import NotFoundError
from syndicate.model import Article
from syndicate.store import Connection, articles


def article_of(connection: Connection, article_id: int) -> Article:
    """:raises NotFoundError: when there is none of that number."""
    found = articles.by_ids(connection, [article_id])
    if not found:
        raise NotFoundError("article", article_id)
    return found[0]
