"""Room beside each subscription for its next watermark, on PostgreSQL."""

from __future__ import annotations

from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    """Pages that are written from now on are filled up to there."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE subscriptions SET (fillfactor = 45)")
