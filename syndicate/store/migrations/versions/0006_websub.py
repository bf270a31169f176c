"""WebSub: feeds as they were last announced, hubs and what they are yet to be told, and who follows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from syndicate.store.engine.columns import Id, Instant

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Adds the tables, and the counter of announcements."""
    op.create_table(
        "announced_feeds",
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_announced_feeds")),
    )
    op.create_table(
        "hubs",
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("next_at", Instant(timezone=True), nullable=False),
        sa.Column("succeeded_at", Instant(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_hubs")),
    )
    op.create_table(
        "pings",
        sa.Column("hub", sa.Text(), nullable=False),
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["hub"], ["hubs.address"], name=op.f("fk_pings_hub")),
        sa.PrimaryKeyConstraint("hub", "feed", name=op.f("pk_pings")),
    )
    op.create_table(
        "intents",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("callback", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=True),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("next_at", Instant(timezone=True), nullable=False),
        sa.CheckConstraint("mode IN ('subscribe', 'unsubscribe', 'denied')", name=op.f("ck_intents_mode")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intents")),
        sa.UniqueConstraint("feed", "callback", name=op.f("uq_intents_feed_callback")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_intents_host"), "intents", ["host"], unique=False)
    op.create_index(op.f("ix_intents_next_at"), "intents", ["next_at"], unique=False)
    op.create_table(
        "followers",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("callback", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=True),
        sa.Column("lease_until", Instant(timezone=True), nullable=False),
        sa.Column("owed", sa.BigInteger(), nullable=False),
        sa.Column("next_at", Instant(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_followers")),
        sa.UniqueConstraint("feed", "callback", name=op.f("uq_followers_feed_callback")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_followers_host"), "followers", ["host"], unique=False)
    op.create_index(op.f("ix_followers_lease_until"), "followers", ["lease_until"], unique=False)
    op.create_index(op.f("ix_followers_next_at"), "followers", ["next_at"], unique=False)
    op.execute("INSERT INTO counters (name, value) VALUES ('announcement', 0)")
