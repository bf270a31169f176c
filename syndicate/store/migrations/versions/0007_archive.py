"""The archive: articles by their words, and the digests that they appeared in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from syndicate.model import Content
from syndicate.store.engine import fulltext
from syndicate.store.engine.columns import Id

revision = "0007"
down_revision = "0006"

_AT_ONCE = 500


def upgrade() -> None:
    """Adds both tables, takes in what there is, and indexes what pages ask for."""
    op.create_table(
        "appearances",
        sa.Column("digest_id", Id, autoincrement=False, nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("article_id", Id, nullable=False),
        sa.ForeignKeyConstraint(["digest_id"], ["digests.id"], name=op.f("fk_appearances_digest_id")),
        sa.PrimaryKeyConstraint("digest_id", "place", name=op.f("pk_appearances")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_appearances_article_id"), "appearances", ["article_id"], unique=False)
    op.create_index(op.f("ix_digests_newsletter_due_at"), "digests", ["newsletter", "due_at"], unique=False)
    own = sa.text("url IS NULL")
    op.create_index(
        op.f("ix_articles_own_page"),
        "articles",
        ["state", "dated_at", "id", "slug", "changed_at", "url"],
        unique=False,
        sqlite_where=own,
        postgresql_where=own,
    )
    fulltext.create(op.get_bind())
    _take_in_articles(op.get_bind())
    _take_in_digests(op.get_bind())


def _take_in_articles(connection: sa.Connection) -> None:
    columns = [sa.column("id"), sa.column("title"), sa.column("text"), sa.column("authors", sa.JSON)]
    columns.append(sa.column("tags", sa.JSON))
    articles, last = sa.table("articles", *columns), 0
    while rows := connection.execute(
        sa.select(articles).where(articles.c.id > last).order_by(articles.c.id).limit(_AT_ONCE)
    ).all():
        for row in rows:
            content = Content(
                guid="", title=row.title, html="", text=row.text, authors=tuple(row.authors), tags=tuple(row.tags)
            )
            fulltext.keep(connection, row.id, content)
        last = rows[-1].id


def _take_in_digests(connection: sa.Connection) -> None:
    variants = sa.table("variants", sa.column("id"), sa.column("digest_id"), sa.column("articles", sa.JSON))
    shown = sa.table("appearances", sa.column("digest_id"), sa.column("place"), sa.column("article_id"))
    first = sa.select(sa.func.min(variants.c.id)).group_by(variants.c.digest_id)
    rows = connection.execute(sa.select(variants).where(variants.c.id.in_(first))).all()
    places = [
        {"digest_id": row.digest_id, "place": place, "article_id": article_id}
        for row in rows
        for place, article_id in enumerate(dict.fromkeys(row.articles))
    ]
    if places:
        connection.execute(sa.insert(shown), places)
