"""Private feeds: which subscriptions come in one, where it is, and what it has."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from syndicate.store.engine.columns import Id, Instant

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Adds them; whoever is subscribed gets mail, as before."""
    op.add_column("subscriptions", sa.Column("channel", sa.Text(), server_default=sa.text("'mail'"), nullable=False))
    op.create_index(
        "ix_subscriptions_fed",
        "subscriptions",
        ["newsletter", "cadence", "state"],
        unique=False,
        sqlite_where=sa.text("channel = 'feed'"),
        postgresql_where=sa.text("channel = 'feed'"),
    )
    op.create_table(
        "private_feeds",
        sa.Column("subscription_id", Id, autoincrement=False, nullable=False),
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.Column("ended_at", Instant(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscriptions.id"], name=op.f("fk_private_feeds_subscription_id")
        ),
        sa.PrimaryKeyConstraint("subscription_id", name=op.f("pk_private_feeds")),
    )
    op.create_table(
        "pieces",
        sa.Column("subscription_id", Id, autoincrement=False, nullable=False),
        sa.Column("digest_id", Id, autoincrement=False, nullable=False),
        sa.Column("variant_id", Id, nullable=False),
        sa.Column("given_at", Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["digest_id"], ["digests.id"], name=op.f("fk_pieces_digest_id")),
        sa.ForeignKeyConstraint(["subscription_id"], ["subscriptions.id"], name=op.f("fk_pieces_subscription_id")),
        sa.ForeignKeyConstraint(["variant_id"], ["variants.id"], name=op.f("fk_pieces_variant_id")),
        sa.PrimaryKeyConstraint("subscription_id", "digest_id", name=op.f("pk_pieces")),
        sqlite_with_rowid=False,
    )
