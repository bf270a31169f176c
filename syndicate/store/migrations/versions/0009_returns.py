"""What comes back for deliveries, and what providers' webhooks brought."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from syndicate.store.engine.columns import Id, Instant

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Adds the tables; mail that was ``automatic`` is called as it is printed."""
    op.create_table(
        "returns",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subscriber_id", Id, nullable=False),
        sa.Column("delivery_id", Id, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("came_at", Instant(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('hard', 'soft', 'late', 'complaint')", name=op.f("ck_returns_kind")),
        sa.ForeignKeyConstraint(["subscriber_id"], ["subscribers.id"], name=op.f("fk_returns_subscriber_id")),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name=op.f("fk_returns_delivery_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_returns")),
    )
    op.create_index(op.f("ix_returns_delivery_id"), "returns", ["delivery_id"], unique=False)
    op.create_index(op.f("ix_returns_subscriber_id_came_at"), "returns", ["subscriber_id", "came_at"], unique=False)
    op.create_table(
        "webhook_events",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("seen_at", Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("provider", "event", name=op.f("pk_webhook_events")),
    )
    op.create_index(op.f("ix_webhook_events_seen_at"), "webhook_events", ["seen_at"], unique=False)
    op.create_table(
        "webhook_counts",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("last_at", Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("provider", "outcome", name=op.f("pk_webhook_counts")),
    )
    received = sa.table("received", sa.column("kind"))
    op.execute(sa.update(received).where(received.c.kind == "automatic").values(kind="auto"))
