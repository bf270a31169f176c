"""How far imports of files of subscribers are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from syndicate.store.engine.columns import Id, Instant

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Adds the table."""
    op.create_table(
        "imports",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("print", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("began_at", Instant(timezone=True), nullable=False),
        sa.Column("finished_at", Instant(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
    )
    op.create_index(op.f("ix_imports_print"), "imports", ["print"], unique=False)
