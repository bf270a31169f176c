"""Requests to the API that carried an Idempotency-Key."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from syndicate.store.engine.columns import Instant

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Adds the table."""
    op.create_table(
        "api_requests",
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("body_hash", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_at", Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("token", "key", name=op.f("pk_api_requests")),
    )
    op.create_index(op.f("ix_api_requests_answered_at"), "api_requests", ["answered_at"], unique=False)
