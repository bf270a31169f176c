"""Who opened a digest, and who followed its links."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from syndicate.store.engine.columns import Id, Instant

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    """Makes the table."""
    op.create_table(
        "engaged",
        sa.Column("digest_id", Id, autoincrement=False, nullable=False),
        sa.Column("subscription_id", Id, autoincrement=False, nullable=False),
        sa.Column("clicked", sa.Boolean(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("first_at", Instant, nullable=False),
        sa.Column("last_at", Instant, nullable=False),
        sa.ForeignKeyConstraint(["digest_id"], ["digests.id"], name=op.f("fk_engaged_digest_id")),
        sa.ForeignKeyConstraint(["subscription_id"], ["subscriptions.id"], name=op.f("fk_engaged_subscription_id")),
        sa.PrimaryKeyConstraint("digest_id", "subscription_id", "clicked", name=op.f("pk_engaged")),
    )
    op.create_index(op.f("ix_engaged_subscription_id"), "engaged", ["subscription_id"])
    op.create_index(op.f("ix_engaged_first_at"), "engaged", ["first_at"])
