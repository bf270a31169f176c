"""Mail that comes in: what was dealt with, and how far mailboxes were read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from syndicate.store.engine.columns import Instant

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Adds both tables."""
    op.create_table(
        "received",
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("received_at", Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", name=op.f("pk_received")),
    )
    op.create_index(op.f("ix_received_received_at"), "received", ["received_at"], unique=False)
    op.create_table(
        "mailboxes",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("uid_validity", sa.BigInteger(), nullable=False),
        sa.Column("uid", sa.BigInteger(), nullable=False),
        sa.Column("checked_at", Instant(timezone=True), nullable=True),
        sa.Column("succeeded_at", Instant(timezone=True), nullable=True),
        sa.Column("retry_at", Instant(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_mailboxes")),
    )
