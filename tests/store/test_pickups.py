"""What was picked up lately, on both databases."""

from __future__ import annotations

from datetime import timedelta

from syndicate.model import ArticleState, Content
from syndicate.store import Store, articles, pickups
from tests.feeds.newsroom import NOON


def test_the_newest_are_counted_by_source_and_state(store: Store) -> None:
    with store.write() as connection:
        for hours, source, state in (
            (30, "wire", ArticleState.CURRENT),
            (3, "wire", ArticleState.CURRENT),
            (2, "wire", ArticleState.HELD),
            (1, "desk", ArticleState.CURRENT),
        ):
            content = Content(guid=str(hours), title=f"{hours} h", html="", text="", slug=str(hours))
            articles.add(connection, source, content, now=NOON - timedelta(hours=hours), state=state)
    with store.read() as connection:
        since = NOON - timedelta(days=1)
        assert pickups.counts(connection, since=since) == {
            "desk": {ArticleState.CURRENT: 1},
            "wire": {ArticleState.CURRENT: 1, ArticleState.HELD: 1},
        }
        found = pickups.newest(connection, since=since, limit=2)
        assert [(one.title, one.source, one.state) for one in found] == [
            ("1 h", "desk", ArticleState.CURRENT),
            ("2 h", "wire", ArticleState.HELD),
        ]
