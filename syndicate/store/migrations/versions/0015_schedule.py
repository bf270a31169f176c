"""What is known of a source: when to look again and why, how often it posts, where it moved, that it is gone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from syndicate.store.engine.columns import Instant

revision = "0015"
down_revision = "0014"

_KEPT = (
    *("name", "state", "first_picked_up_at", "checked_at", "succeeded_at"),
    *("failures", "error", "etag", "last_modified"),
)


def upgrade() -> None:
    """Makes the table anew, for SQLite can't change what a column may hold. Every source is due at once."""
    connection = op.get_bind()
    kept = sa.select(sa.table("sources", *(sa.column(name, _type(name)) for name in _KEPT)))
    rows = [dict(row) for row in connection.execute(kept).mappings()]
    op.drop_table("sources")
    made = op.create_table(
        "sources",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("first_picked_up_at", Instant(timezone=True), nullable=True),
        sa.Column("checked_at", Instant(timezone=True), nullable=True),
        sa.Column("succeeded_at", Instant(timezone=True), nullable=True),
        sa.Column("read_at", Instant(timezone=True), nullable=True),
        sa.Column("next_at", Instant(timezone=True), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=False),
        sa.Column("last_modified", sa.Text(), nullable=False),
        sa.Column("body_hash", sa.Text(), nullable=False),
        sa.Column("asks_every_s", sa.Integer(), nullable=True),
        sa.Column("gap_s", sa.BigInteger(), nullable=True),
        sa.Column("newest_at", Instant(timezone=True), nullable=True),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("moving_to", sa.Text(), nullable=False),
        sa.CheckConstraint("state IN ('ok', 'failing', 'held', 'retired')", name=op.f("ck_sources_state")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_sources")),
    )
    blank = {"why": "", "body_hash": "", "url": "", "location": "", "moving_to": ""}
    if rows:
        connection.execute(sa.insert(made), [row | blank for row in rows])


def _type(name: str) -> Instant | sa.Integer | sa.Text:
    return Instant(timezone=True) if name.endswith("_at") else sa.Integer() if name == "failures" else sa.Text()
