"""Articles as their sources had them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from syndicate.store.engine.columns import Id

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Adds the table. What was picked up before has no original until it changes."""
    op.create_table(
        "originals",
        sa.Column("article_id", Id, autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("is_whole", sa.Boolean(), nullable=False),
        sa.CheckConstraint("kind IN ('html', 'markdown', 'text')", name=op.f("ck_originals_kind")),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_originals_article_id")),
        sa.PrimaryKeyConstraint("article_id", name=op.f("pk_originals")),
    )
