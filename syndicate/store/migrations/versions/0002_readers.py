"""Readers: requests that wait for a confirmation, what readers agreed to, notices, pauses, digests by time zone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from syndicate.store.engine.columns import Id, Instant

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Adds what readers ask for and say."""
    op.add_column("subscribers", sa.Column("erased_at", Instant(timezone=True), nullable=True))
    op.create_index(op.f("ix_subscribers_timezone"), "subscribers", ["timezone"], unique=False)
    op.create_index(
        "ix_subscribers_erased",
        "subscribers",
        ["id"],
        unique=False,
        sqlite_where=sa.text("erased_at IS NOT NULL"),
        postgresql_where=sa.text("erased_at IS NOT NULL"),
    )
    op.add_column("subscriptions", sa.Column("resume_at", Instant(timezone=True), nullable=True))
    op.add_column("subscriptions", sa.Column("chosen_at", Instant(timezone=True), nullable=True))
    op.create_index(
        "ix_subscriptions_resume",
        "subscriptions",
        ["resume_at"],
        unique=False,
        sqlite_where=sa.text("resume_at IS NOT NULL"),
        postgresql_where=sa.text("resume_at IS NOT NULL"),
    )
    op.create_table(
        "requests",
        sa.Column("id", Id, autoincrement=False, nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.Column("subscriber_id", Id, nullable=True),
        sa.Column("wanted", sa.JSON(), nullable=False),
        sa.Column("via", sa.Text(), nullable=False),
        sa.Column("wording", sa.Text(), nullable=False),
        sa.Column("ip", sa.Text(), nullable=True),
        sa.Column("asked_at", Instant(timezone=True), nullable=False),
        sa.Column("expires_at", Instant(timezone=True), nullable=False),
        sa.Column("confirmed_at", Instant(timezone=True), nullable=True),
        sa.Column("admit_at", Instant(timezone=True), nullable=True),
        sa.CheckConstraint("purpose IN ('subscribe', 'move')", name=op.f("ck_requests_purpose")),
        sa.CheckConstraint("via IN ('web', 'mail', 'import', 'cli')", name=op.f("ck_requests_via")),
        sa.ForeignKeyConstraint(["subscriber_id"], ["subscribers.id"], name=op.f("fk_requests_subscriber_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_requests")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_requests_token_hash")),
    )
    op.create_index(
        "ix_requests_admit",
        "requests",
        ["admit_at"],
        unique=False,
        sqlite_where=sa.text("admit_at IS NOT NULL"),
        postgresql_where=sa.text("admit_at IS NOT NULL"),
    )
    op.create_index(op.f("ix_requests_email_purpose"), "requests", ["email", "purpose"], unique=False)
    op.create_index(op.f("ix_requests_expires_at"), "requests", ["expires_at"], unique=False)
    op.create_table(
        "consents",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("subscriber_id", Id, nullable=False),
        sa.Column("newsletter", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("via", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("wording", sa.Text(), nullable=False),
        sa.Column("asked_at", Instant(timezone=True), nullable=False),
        sa.Column("confirmed_at", Instant(timezone=True), nullable=True),
        sa.Column("asked_ip", sa.Text(), nullable=True),
        sa.Column("confirmed_ip", sa.Text(), nullable=True),
        sa.CheckConstraint("kind IN ('given', 'withdrawn', 'restored', 'moved')", name=op.f("ck_consents_kind")),
        sa.CheckConstraint("via IN ('web', 'mail', 'import', 'cli')", name=op.f("ck_consents_via")),
        sa.ForeignKeyConstraint(["subscriber_id"], ["subscribers.id"], name=op.f("fk_consents_subscriber_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
    )
    op.create_index(op.f("ix_consents_subscriber_id"), "consents", ["subscriber_id"], unique=False)
    op.create_table(
        "notices",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("mailbox", sa.Text(), nullable=False),
        sa.Column("newsletter", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("request_id", Id, nullable=True),
        sa.Column("in_reply_to", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("planned_at", Instant(timezone=True), nullable=False),
        sa.Column("next_at", Instant(timezone=True), nullable=False),
        sa.Column("finished_at", Instant(timezone=True), nullable=True),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "state IN ('queued', 'begun', 'accepted', 'rejected', 'suppressed', 'expired', 'cancelled', 'uncertain')",
            name=op.f("ck_notices_state"),
        ),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name=op.f("fk_notices_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
    )
    op.create_index(op.f("ix_notices_email"), "notices", ["email"], unique=False)
    op.create_index(op.f("ix_notices_mailbox"), "notices", ["mailbox"], unique=False)
    op.create_index(op.f("ix_notices_request_id"), "notices", ["request_id"], unique=False)
    op.create_index(op.f("ix_notices_state_next_at"), "notices", ["state", "next_at"], unique=False)
    op.create_table(
        "zones",
        sa.Column("digest_id", Id, nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["digest_id"], ["digests.id"], name=op.f("fk_zones_digest_id")),
        sa.PrimaryKeyConstraint("digest_id", "timezone", name=op.f("pk_zones")),
    )
    op.execute("INSERT INTO counters (name, value) VALUES ('request', 0)")
