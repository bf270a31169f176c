"""Articles and digests → what feeds tell of them. Called by ``publish``, and by whoever keeps feeds for readers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from syndicate.feeds.context import Piece
from syndicate.feeds.ids import Ids
from syndicate.feeds.wording import summary_of
from syndicate.model import Article, ArticleState, Digest
from syndicate.render.environment import Environment, render
from syndicate.render.links import Links


def piece_of(article: Article, links: Links, article_id: str) -> Piece:
    """An article, known by ``article_id``."""
    return Piece(
        id=article_id,
        url=links.article(article),
        title=article.title,
        html=article.html,
        text=article.text,
        summary=article.summary,
        authors=article.authors,
        tags=article.tags,
        language=article.language,
        image=article.image,
        enclosures=article.enclosures,
        published_at=article.dated_at,
        updated_at=changed_at(article),
    )


def digest_piece(
    digest: Digest, articles: Sequence[Article], templates: Environment, links: Links, ids: Ids, language: str
) -> Piece:
    """A digest: what it had, in short. What was withdrawn since is left out. :raises TemplateError: of its template."""
    current = [article for article in articles if article.state is ArticleState.CURRENT]
    pieces = [piece_of(article, links, "") for article in current]
    shown = [{"piece": piece, "summary": summary_of(piece)} for piece in pieces]
    values = {"digest": digest, "articles": shown, "url": links.view(digest.newsletter, digest.id)}
    return Piece(
        id=ids.digest(digest),
        url=links.view(digest.newsletter, digest.id),
        title=digest.subject,
        html=render(templates, "feeds/digest.html", language=templates.languages.best([language]), **values),
        text="",
        summary=" · ".join(article.title for article in current if article.title),
        published_at=digest.due_at,
        updated_at=max([digest.due_at, *(article.changed_at for article in articles if _is_newer(article, digest))]),
    )


def changed_at(article: Article) -> datetime:
    """When readers last got another text of it: as this program saw it, else as the article says of itself."""
    if article.changed_at > article.picked_up_at:
        return article.changed_at
    return article.updated_at or article.dated_at


def _is_newer(article: Article, digest: Digest) -> bool:
    return article.changed_at > max(article.picked_up_at, digest.composed_at)
