"""Articles in the order in which they were picked up."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Adds the index."""
    op.create_index(op.f("ix_articles_picked_up_at"), "articles", ["picked_up_at", "source", "state"], unique=False)
