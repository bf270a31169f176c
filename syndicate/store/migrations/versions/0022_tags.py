"""What operators say of subscribers: tags and attributes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """Adds the columns."""
    op.add_column("subscribers", sa.Column("tags", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.add_column("subscribers", sa.Column("attributes", sa.JSON(none_as_null=True), nullable=True))
