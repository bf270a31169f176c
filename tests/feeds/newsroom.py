"""A newsroom to publish from: settings, a database on disk, and articles. The tests of feeds and pages use it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from syndicate.feeds.publish import Published, publish
from syndicate.model import Article, ArticleState, Content
from syndicate.render.environment import Environment, open_templates
from syndicate.render.links import Links, Signer
from syndicate.settings.schema import Settings
from syndicate.settings.websub import WebSub
from syndicate.store import Store, articles
from tests.tables import ready

SECRET = "a secret for tests that is long enough"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SENDER = "Lakeside Courier <news@lakeside.example>"


def make_settings(directory: Path, site_url: str = "https://news.lakeside.example", **sections: Any) -> Settings:
    """Two newsletters: ``daily`` of both sources, ``harbour`` of the newsroom's articles about the harbour."""
    values: dict[str, Any] = {
        "directory": directory,
        "site": {
            "name": "Lakeside Courier",
            "url": site_url,
            "postal_address": "1 Quay Street, Lakeside",
            "secret": SECRET,
        },
        "smtp": {"url": "smtp://127.0.0.1:2525"},
        "sources": [
            {"name": "newsroom", "kind": "folder", "path": "articles"},
            {"name": "wire", "kind": "feed", "url": "https://wire.example/rss.xml"},
        ],
        "newsletters": [
            {
                "slug": "daily",
                "title": "The Daily Brief",
                "description": "What happened by the lake, every morning.",
                "sender": SENDER,
                "cadences": {"daily": "0 7 * * *", "weekly": "0 7 * * mon", "instant": True},
            },
            {
                "slug": "harbour",
                "title": "Harbour Notes",
                "sender": SENDER,
                "sources": ["newsroom"],
                "tags": ["Harbour"],
                "cadences": {"weekly": "0 7 * * mon"},
            },
        ],
    }
    return Settings.model_validate(values | sections)


def make_article(number: int = 1, **values: Any) -> Article:
    """An article that is a day younger than the one before it."""
    published_at = NOON + timedelta(days=number)
    given: dict[str, Any] = {
        "id": number,
        "source": "newsroom",
        "guid": f"2026/ferry-{number}.md",
        "slug": f"ferry-{number}",
        "title": f"The ferry sails again, part {number}",
        "html": "<p>The ferry left at <em>seven</em>.</p>",
        "text": "The ferry left at seven.",
        "summary": "The ferry left at seven.",
        "published_at": published_at,
        "picked_up_at": published_at,
        "changed_at": published_at,
    }
    return Article(**(given | values))


@dataclass(slots=True)
class Newsroom:
    """Everything that publishing needs, in one folder."""

    settings: Settings
    store: Store
    templates: Environment
    links: Links

    @classmethod
    def open(cls, directory: Path, **sections: Any) -> Newsroom:
        """A newsroom with an empty database; ``templates/`` in the folder are the operator's."""
        settings = make_settings(directory, **sections)
        ready(directory)
        store = Store(settings.store.url)
        links = Links(settings.site.url, Signer(SECRET))
        return cls(settings, store, open_templates(directory / "templates"), links)

    def add(self, number: int, *, state: ArticleState = ArticleState.CURRENT, **values: Any) -> int:
        """Picks up ``make_article(number, …)``; returns its id."""
        article = make_article(number, **values)
        content = Content(**{name: getattr(article, name) for name in Content.__dataclass_fields__})
        with self.store.write() as connection:
            return articles.add(
                connection, article.source, content, now=article.picked_up_at, state=state, numbered=True
            )

    def change(self, article_id: int, now: datetime, **values: Any) -> None:
        """Edits an article that was picked up."""
        with self.store.write() as connection:
            (before,) = articles.by_ids(connection, [article_id])
            after = replace(before, **values)
            articles.change(connection, article_id, after, now=now, prints=())

    def withdraw(self, article_id: int, now: datetime = NOON) -> None:
        """Takes an article back."""
        with self.store.write() as connection:
            articles.set_state(connection, [article_id], ArticleState.WITHDRAWN, now=now)

    def publish(self, now: datetime = NOON, hubs: tuple[str, ...] = ()) -> Published:
        """Publishes all feeds, which name these hubs."""
        settings = self.settings.model_copy(update={"websub": WebSub(hub=hubs)})
        return publish(settings, self.store, self.templates, self.links, now=now)
