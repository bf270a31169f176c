"""How often links of a digest were followed, and its mails shown."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from syndicate.store.engine.columns import Id

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    """Makes the table."""
    op.create_table(
        "engagement",
        sa.Column("digest_id", Id, autoincrement=False, nullable=False),
        sa.Column("link", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("by_machine", sa.Boolean(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["digest_id"], ["digests.id"], name=op.f("fk_engagement_digest_id")),
        sa.PrimaryKeyConstraint("digest_id", "link", "by_machine", name=op.f("pk_engagement")),
    )
