"""Feeds of others that tell us of changes through a hub."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from syndicate.store.engine.columns import Instant

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Adds the table."""
    op.create_table(
        "follows",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("hub", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.Column("until", Instant(timezone=True), nullable=True),
        sa.Column("next_at", Instant(timezone=True), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_follows")),
    )
