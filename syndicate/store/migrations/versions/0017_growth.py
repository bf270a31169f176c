"""How many readers there were on each day; and what came back, by digest."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from syndicate.store.engine.columns import Id

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Adds the table and the column, and fills the column; the days are filled by the service."""
    op.create_table(
        "growth",
        sa.Column("newsletter", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("readers", sa.BigInteger(), nullable=False),
        sa.Column("joined", sa.BigInteger(), nullable=False),
        sa.Column("left", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("newsletter", "day", name=op.f("pk_growth")),
    )
    op.add_column("returns", sa.Column("digest_id", Id, nullable=True))
    returns = sa.table("returns", sa.column("digest_id"), sa.column("delivery_id"))
    deliveries = sa.table("deliveries", sa.column("id"), sa.column("digest_id"))
    of_delivery = sa.select(deliveries.c.digest_id).where(deliveries.c.id == returns.c.delivery_id)
    op.execute(sa.update(returns).values(digest_id=of_delivery.scalar_subquery()))
    op.create_index(
        op.f("ix_returns_digest_id_delivery_id_kind"), "returns", ["digest_id", "delivery_id", "kind"], unique=False
    )
