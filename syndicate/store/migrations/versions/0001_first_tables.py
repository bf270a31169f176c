"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from syndicate.store.engine.columns import Id, Instant

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Builds every table, and the counter of pick-up."""
    op.create_table(
        "articles",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("guid", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=True),
        sa.Column("duplicate_of", Id, nullable=True),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("image", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("authors", sa.JSON(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("enclosures", sa.JSON(), nullable=False),
        sa.Column("takeaways", sa.JSON(), nullable=False),
        sa.Column("related", sa.JSON(), nullable=False),
        sa.Column("published_at", Instant(timezone=True), nullable=True),
        sa.Column("updated_at", Instant(timezone=True), nullable=True),
        sa.Column("dated_at", Instant(timezone=True), nullable=False),
        sa.Column("picked_up_at", Instant(timezone=True), nullable=False),
        sa.Column("changed_at", Instant(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('current', 'held', 'duplicate', 'withdrawn')", name=op.f("ck_articles_state")),
        sa.ForeignKeyConstraint(["duplicate_of"], ["articles.id"], name=op.f("fk_articles_duplicate_of")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_articles")),
        sa.UniqueConstraint("sequence", name=op.f("uq_articles_sequence")),
        sa.UniqueConstraint("slug", name=op.f("uq_articles_slug")),
        sa.UniqueConstraint("source", "guid", name=op.f("uq_articles_source_guid")),
    )
    op.create_index(op.f("ix_articles_state_dated_at"), "articles", ["state", "dated_at"], unique=False)
    op.create_table(
        "counters",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counters")),
    )
    op.create_table(
        "digests",
        sa.Column("id", Id, autoincrement=False, nullable=False),
        sa.Column("newsletter", sa.Text(), nullable=False),
        sa.Column("cadence", sa.Text(), nullable=False),
        sa.Column("slot", sa.Text(), nullable=False),
        sa.Column("due_at", Instant(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("upto", sa.BigInteger(), nullable=False),
        sa.Column("planned", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("composed_at", Instant(timezone=True), nullable=False),
        sa.Column("finished_at", Instant(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('empty', 'held', 'review', 'sending', 'paused', 'sent', 'cancelled')",
            name=op.f("ck_digests_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_digests")),
        sa.UniqueConstraint("newsletter", "cadence", "slot", name=op.f("uq_digests_newsletter_cadence_slot")),
    )
    op.create_index(op.f("ix_digests_state"), "digests", ["state"], unique=False)
    op.create_table(
        "sources",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("first_picked_up_at", Instant(timezone=True), nullable=True),
        sa.Column("checked_at", Instant(timezone=True), nullable=True),
        sa.Column("succeeded_at", Instant(timezone=True), nullable=True),
        sa.Column("retry_at", Instant(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=False),
        sa.Column("last_modified", sa.Text(), nullable=False),
        sa.CheckConstraint("state IN ('ok', 'failing', 'held')", name=op.f("ck_sources_state")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_sources")),
    )
    op.create_table(
        "subscribers",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("timezone", sa.Text(), nullable=True),
        sa.Column("created_at", Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscribers")),
        sa.UniqueConstraint("email", name=op.f("uq_subscribers_email")),
    )
    op.create_table(
        "suppressions",
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("email", name=op.f("pk_suppressions")),
    )
    op.create_table(
        "fingerprints",
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("article_id", Id, nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_fingerprints_article_id")),
        sa.PrimaryKeyConstraint("fingerprint", name=op.f("pk_fingerprints")),
    )
    op.create_index(op.f("ix_fingerprints_article_id"), "fingerprints", ["article_id"], unique=False)
    op.create_table(
        "subscriptions",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("subscriber_id", Id, nullable=False),
        sa.Column("newsletter", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("cadence", sa.Text(), nullable=False),
        sa.Column("topics", sa.Text(), nullable=False),
        sa.Column("watermark", sa.BigInteger(), nullable=False),
        sa.Column("consent", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(timezone=True), nullable=False),
        sa.Column("ended_at", Instant(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('pending', 'active', 'paused', 'unsubscribed')", name=op.f("ck_subscriptions_state")
        ),
        sa.ForeignKeyConstraint(["subscriber_id"], ["subscribers.id"], name=op.f("fk_subscriptions_subscriber_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriptions")),
        sa.UniqueConstraint("subscriber_id", "newsletter", name=op.f("uq_subscriptions_subscriber_id_newsletter")),
    )
    op.create_index(
        op.f("ix_subscriptions_newsletter_cadence_state"),
        "subscriptions",
        ["newsletter", "cadence", "state"],
        unique=False,
    )
    op.create_table(
        "variants",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("digest_id", Id, nullable=False),
        sa.Column("articles", sa.JSON(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.Column("unnamed", sa.JSON(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(["digest_id"], ["digests.id"], name=op.f("fk_variants_digest_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_variants")),
    )
    op.create_index(op.f("ix_variants_digest_id"), "variants", ["digest_id"], unique=False)
    op.create_table(
        "audiences",
        sa.Column("digest_id", Id, nullable=False),
        sa.Column("cadence", sa.Text(), nullable=False),
        sa.Column("watermark", sa.BigInteger(), nullable=False),
        sa.Column("topics", sa.Text(), nullable=False),
        sa.Column("variant_id", Id, nullable=True),
        sa.ForeignKeyConstraint(["digest_id"], ["digests.id"], name=op.f("fk_audiences_digest_id")),
        sa.ForeignKeyConstraint(["variant_id"], ["variants.id"], name=op.f("fk_audiences_variant_id")),
        sa.PrimaryKeyConstraint("digest_id", "cadence", "watermark", "topics", name=op.f("pk_audiences")),
    )
    op.create_table(
        "senders",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("lease_until", Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_senders")),
        sqlite_autoincrement=True,
    )
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
        sa.CheckConstraint(
            "state IN ('queued', 'begun', 'accepted', 'rejected', 'suppressed', 'expired', 'cancelled', 'uncertain')",
            name=op.f("ck_deliveries_state"),
        ),
        sa.ForeignKeyConstraint(["digest_id"], ["digests.id"], name=op.f("fk_deliveries_digest_id")),
        sa.ForeignKeyConstraint(["subscription_id"], ["subscriptions.id"], name=op.f("fk_deliveries_subscription_id")),
        sa.ForeignKeyConstraint(["variant_id"], ["variants.id"], name=op.f("fk_deliveries_variant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("digest_id", "subscription_id", name=op.f("uq_deliveries_digest_id_subscription_id")),
    )
    op.create_index(
        "ix_deliveries_due",
        "deliveries",
        ["digest_id", "next_at", "id"],
        unique=False,
        sqlite_where=sa.text("state = 'queued'"),
        postgresql_where=sa.text("state = 'queued'"),
    )
    op.create_index(
        "ix_deliveries_troubled",
        "deliveries",
        ["digest_id", "state"],
        unique=False,
        sqlite_where=sa.text("state NOT IN ('queued', 'accepted')"),
        postgresql_where=sa.text("state NOT IN ('queued', 'accepted')"),
    )
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
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name=op.f("fk_attempts_delivery_id")),
        sa.PrimaryKeyConstraint("delivery_id", "number", name=op.f("pk_attempts")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "paces",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("changed_at", Instant(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('relay', 'domain')", name=op.f("ck_paces_kind")),
        sa.PrimaryKeyConstraint("kind", "name", name=op.f("pk_paces")),
    )
    op.execute("INSERT INTO counters (name, value) VALUES ('sequence', 0), ('digest', 0)")
