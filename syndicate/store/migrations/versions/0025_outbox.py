"""Programs that are told what happens, and what they are told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from syndicate.store.engine.columns import Id, Instant

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "listeners",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("events", sa.JSON(), nullable=False),
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("next_at", Instant(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", Instant(), nullable=True),
        sa.Column("told_at", Instant(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listeners")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "outbox",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("listener_id", Id, nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("happened_at", Instant(), nullable=False),
        sa.Column("fate", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", Instant(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.CheckConstraint("fate IN ('queued', 'told', 'given up')", name=op.f("ck_outbox_fate")),
        sa.ForeignKeyConstraint(["listener_id"], ["listeners.id"], name=op.f("fk_outbox_listener_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sqlite_autoincrement=True,
    )
    where = sa.text("fate = 'queued'")
    op.create_index("ix_outbox_untold", "outbox", ["listener_id", "id"], sqlite_where=where, postgresql_where=where)
    op.create_index(
        "ix_outbox_in_order", "outbox", ["listener_id", "subject", "id"], sqlite_where=where, postgresql_where=where
    )
    op.create_index(op.f("ix_outbox_finished_at"), "outbox", ["finished_at"])
