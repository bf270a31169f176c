"""What editors want of digests before they are sent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from syndicate.store.engine.columns import Id, Instant

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Adds the tables."""
    op.create_table(
        "drafts",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("newsletter", sa.Text(), nullable=False),
        sa.Column("cadence", sa.Text(), nullable=False),
        sa.Column("occasion", sa.Text(), nullable=False),
        sa.Column("digest_id", Id, nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("preheader", sa.Text(), nullable=False),
        sa.Column("intro", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("edited_at", Instant(timezone=True), nullable=True),
        sa.Column("edited_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["digest_id"], ["digests.id"], name=op.f("fk_drafts_digest_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drafts")),
        sa.UniqueConstraint("digest_id", name=op.f("uq_drafts_digest_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_drafts_upcoming"),
        "drafts",
        ["newsletter", "cadence", "occasion"],
        unique=True,
        sqlite_where=sa.text("digest_id IS NULL"),
        postgresql_where=sa.text("digest_id IS NULL"),
    )
    op.create_table(
        "chosen",
        sa.Column("draft_id", Id, autoincrement=False, nullable=False),
        sa.Column("article_id", Id, autoincrement=False, nullable=False),
        sa.Column("choice", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=True),
        sa.CheckConstraint("choice IN ('kept', 'added', 'left out', 'postponed')", name=op.f("ck_chosen_choice")),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_chosen_article_id")),
        sa.ForeignKeyConstraint(["draft_id"], ["drafts.id"], name=op.f("fk_chosen_draft_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("draft_id", "article_id", name=op.f("pk_chosen")),
    )
