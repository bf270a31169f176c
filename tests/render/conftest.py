"""Articles and digests to render, small unless a test makes them large."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from syndicate.model import Article
from syndicate.render.digest import DigestContext, NewsletterFacts, SiteFacts
from syndicate.render.environment import Environment, open_templates
from syndicate.render.text import html_to_text

MakeArticle = Callable[..., Article]
MakeContext = Callable[..., DigestContext]


@pytest.fixture
def env() -> Environment:
    return open_templates()


@pytest.fixture
def data() -> Path:
    return Path(__file__).parent.parent / "data" / "render"


@pytest.fixture
def make_article() -> MakeArticle:
    def make(number: int = 1, html: str = "<p>The ferry sails again.</p>", **fields: object) -> Article:
        article = Article(
            id=number,
            source="newsroom",
            guid=f"guid-{number}",
            title=f"Article number {number}",
            html=html,
            text=html_to_text(html),
            picked_up_at=datetime(2026, 11, 23, 5, 0, tzinfo=UTC),
            changed_at=datetime(2026, 11, 23, 5, 0, tzinfo=UTC),
        )
        return dataclasses.replace(article, **fields)  # type: ignore[arg-type]

    return make


@pytest.fixture
def make_context() -> MakeContext:
    def make(*articles: Article, more: tuple[Article, ...] = (), **fields: object) -> DigestContext:
        context = DigestContext(
            site=SiteFacts("Lakeside Courier", "https://news.lakeside.example", "1 Quay Street, Lakeside"),
            newsletter=NewsletterFacts("daily", "The Daily Brief", "What happened by the lake."),
            cadence="daily",
            due_at=datetime(2026, 11, 23, 7, 0, tzinfo=ZoneInfo("Europe/Belgrade")),
            articles=articles,
            more=more,
            links={one.id: f"https://news.lakeside.example/articles/{one.id}" for one in (*articles, *more)},
            view_url="https://news.lakeside.example/archive/daily/7",
        )
        return dataclasses.replace(context, **fields)  # type: ignore[arg-type]

    return make
