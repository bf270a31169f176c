"""Files of readers that were uploaded are where every process can read them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from syndicate.store.engine.columns import Instant

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "uploads",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("changed_at", Instant, nullable=False),
        sa.Column("holder", sa.Text()),
        sa.Column("lease_until", Instant),
        sa.Column("is_stopped", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_uploads")),
    )
    op.create_table(
        "upload_parts",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["key"], ["uploads.key"], name=op.f("fk_upload_parts_key")),
        sa.PrimaryKeyConstraint("key", "name", "number", name=op.f("pk_upload_parts")),
    )
