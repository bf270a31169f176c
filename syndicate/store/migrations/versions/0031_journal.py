"""Senders note what they do before it is posted to the deliveries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from syndicate.store.engine.columns import Id

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    """Makes the table, and gives each sender an epoch."""
    op.add_column("senders", sa.Column("epoch", sa.BigInteger(), server_default="0", nullable=False))
    op.create_table(
        "journal",
        sa.Column("sender_id", Id, autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ended", sa.Text(), nullable=False),
        sa.Column("begun", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sender_id", "number", name=op.f("pk_journal")),
    )
