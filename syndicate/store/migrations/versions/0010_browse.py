"""What articles are listed by: their tags, and their sources in order of time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from syndicate.store.engine.columns import Id

revision = "0010"
down_revision = "0009"

_AT_ONCE = 1000


def upgrade() -> None:
    """Adds the table and the index, and takes in what there is."""
    op.create_table(
        "article_tags",
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("article_id", Id, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_article_tags_article_id")),
        sa.PrimaryKeyConstraint("tag", "article_id", name=op.f("pk_article_tags")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_article_tags_article_id"), "article_tags", ["article_id"], unique=False)
    op.create_index(op.f("ix_articles_source_state_dated_at"), "articles", ["source", "state", "dated_at"])
    _take_in(op.get_bind())


def _take_in(connection: sa.Connection) -> None:
    articles = sa.table("articles", sa.column("id"), sa.column("tags", sa.JSON))
    kept, last = sa.table("article_tags", sa.column("tag"), sa.column("article_id")), 0
    while rows := connection.execute(
        sa.select(articles).where(articles.c.id > last).order_by(articles.c.id).limit(_AT_ONCE)
    ).all():
        found = [{"tag": tag, "article_id": r.id} for r in rows for tag in sorted({one.casefold() for one in r.tags})]
        if found:
            connection.execute(sa.insert(kept), found)
        last = rows[-1].id
