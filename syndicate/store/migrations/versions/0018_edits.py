"""Editors' own words for articles."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from syndicate.store.engine.columns import Id, Instant

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Adds the table."""
    op.create_table(
        "edits",
        sa.Column("article_id", Id, autoincrement=False, nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("summary", sa.Text(), nullable=True),
        sa.Column("tags", sa.JSON(), nullable=True),
        sa.Column("source_title", sa.Text(), nullable=False),
        sa.Column("source_summary", sa.Text(), nullable=False),
        sa.Column("source_tags", sa.JSON(), nullable=False),
        sa.Column("edited_by", sa.Text(), nullable=False),
        sa.Column("edited_at", Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_edits_article_id")),
        sa.PrimaryKeyConstraint("article_id", name=op.f("pk_edits")),
    )
