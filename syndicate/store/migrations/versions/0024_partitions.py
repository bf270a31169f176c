"""Deliveries by ranges of ids, which are partitions on PostgreSQL, and how those ended that are kept no more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from syndicate.store.engine import partitions
from syndicate.store.engine.columns import Id, Instant

revision = "0024"
down_revision = "0023"

_STATES = "'queued', 'begun', 'accepted', 'rejected', 'suppressed', 'expired', 'cancelled', 'uncertain'"


def upgrade() -> None:
    """Builds both tables anew, with all that is in them; what refers to deliveries does so without a foreign key."""
    if op.get_bind().dialect.name == "sqlite":
        with op.batch_alter_table("returns") as batch:
            batch.drop_constraint(op.f("fk_returns_delivery_id"), type_="foreignkey")
    else:
        op.drop_constraint(op.f("fk_returns_delivery_id"), "returns", type_="foreignkey")
    _set_aside("attempts")
    _set_aside("deliveries")
    _make_deliveries()
    _make_attempts()
    partitions.make_first(op.get_bind())
    for table in ("deliveries", "attempts"):
        op.execute(f"INSERT INTO {table} SELECT * FROM {table}_before")  # noqa: S608
    for table in ("attempts", "deliveries"):
        op.drop_table(f"{table}_before")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SELECT setval(pg_get_serial_sequence('deliveries', 'id'), (SELECT max(id) FROM deliveries))")
    _index_deliveries()
    op.create_table(
        "settled",
        sa.Column("digest_id", Id, autoincrement=False, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("deliveries", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(f"state IN ({_STATES})", name=op.f("ck_settled_state")),
        sa.ForeignKeyConstraint(["digest_id"], ["digests.id"], name=op.f("fk_settled_digest_id")),
        sa.PrimaryKeyConstraint("digest_id", "state", name=op.f("pk_settled")),
    )


def _set_aside(table: str) -> None:
    if table == "deliveries":
        op.drop_index("ix_deliveries_due", table)
        op.drop_index("ix_deliveries_troubled", table)
    op.rename_table(table, f"{table}_before")
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"ALTER INDEX pk_{table} RENAME TO pk_{table}_before")


def _make_deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("digest_id", Id, nullable=False),
        sa.Column("variant_id", Id, nullable=False),
        sa.Column("subscription_id", Id, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("planned_at", Instant(timezone=True), nullable=False),
        sa.Column("next_at", Instant(timezone=True), nullable=False),
        sa.Column("sender_id", Id, nullable=True),
        sa.Column("finished_at", Instant(timezone=True), nullable=True),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.CheckConstraint(f"state IN ({_STATES})", name=op.f("ck_deliveries_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        postgresql_partition_by="RANGE (id)",
    )


def _index_deliveries() -> None:
    op.create_index(op.f("ix_deliveries_digest_id_subscription_id"), "deliveries", ["digest_id", "subscription_id"])
    for name, columns, condition in (
        ("ix_deliveries_due", ["digest_id", "next_at", "id"], "state = 'queued'"),
        ("ix_deliveries_troubled", ["digest_id", "state"], "state NOT IN ('queued', 'accepted')"),
    ):
        where = sa.text(condition)
        op.create_index(name, "deliveries", columns, sqlite_where=where, postgresql_where=where)


def _make_attempts() -> None:
    op.create_table(
        "attempts",
        sa.Column("delivery_id", Id, autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("began_at", Instant(timezone=True), nullable=False),
        sa.Column("ended_at", Instant(timezone=True), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("code", sa.Integer(), nullable=True),
        sa.Column("relay", sa.Text(), nullable=False),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("delivery_id", "number", name=op.f("pk_attempts")),
        sqlite_with_rowid=False,
        postgresql_partition_by="RANGE (delivery_id)",
    )
