"""Recovery codes of users who sign in with codes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from syndicate.store.engine.columns import Id

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Adds the table; nobody has any yet."""
    op.create_table(
        "recovery_codes",
        sa.Column("user_id", Id, nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_recovery_codes_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "code_hash", name=op.f("pk_recovery_codes")),
    )
