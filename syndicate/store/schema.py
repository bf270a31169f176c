"""The tables. The migrations build the same; a test compares the two.

Instants are stored as UTC. JSON columns hold short lists that are only ever read whole.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    and_,
    text,
)

from syndicate.model import (
    ArticleState,
    Choice,
    ConsentKind,
    DeliveryState,
    DigestState,
    IntentMode,
    Purpose,
    ReturnKind,
    Role,
    SourceState,
    SubscriptionState,
    Via,
)
from syndicate.store.engine.columns import Id, Instant, one_of

VERSION = "0032"
"""The newest migration; ``store.engine`` compares it with what the database says of itself."""

OLDEST = "0032"
"""The oldest version whose programs may work with these tables: a migration that only adds what they need not know
leaves it, one that takes away or changes what they use sets it to its own number."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

counters = Table(
    "counters",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
)

sources = Table(
    "sources",
    metadata,
    Column("name", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("first_picked_up_at", Instant),
    Column("checked_at", Instant),
    Column("succeeded_at", Instant),
    Column("read_at", Instant),
    Column("next_at", Instant),
    Column("why", Text, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("error", Text, nullable=False),
    Column("etag", Text, nullable=False),
    Column("last_modified", Text, nullable=False),
    Column("body_hash", Text, nullable=False),
    Column("asks_every_s", Integer),
    Column("gap_s", BigInteger),
    Column("newest_at", Instant),
    Column("url", Text, nullable=False),
    Column("location", Text, nullable=False),
    Column("moving_to", Text, nullable=False),
    one_of("state", SourceState),
)

api_requests = Table(
    "api_requests",
    metadata,
    Column("token", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("body_hash", Text, nullable=False),
    Column("status", Integer, nullable=False),
    Column("answer", Text, nullable=False),
    Column("answered_at", Instant, nullable=False, index=True),
)

follows = Table(
    "follows",
    metadata,
    Column("source", Text, primary_key=True),
    Column("hub", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("nonce", Text, nullable=False),
    Column("until", Instant),
    Column("next_at", Instant, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("error", Text, nullable=False),
)

page_texts = Table(
    "page_texts",
    metadata,
    Column("source", Text, primary_key=True),
    Column("guid", Text, primary_key=True),
    Column("teaser_hash", Text, nullable=False),
    Column("html", Text, nullable=False),
)

articles = Table(
    "articles",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("source", Text, nullable=False),
    Column("guid", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("sequence", BigInteger, unique=True),
    Column("duplicate_of", Id, ForeignKey("articles.id")),
    Column("content_hash", Text, nullable=False),
    Column("slug", Text, nullable=False, unique=True),
    Column("title", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("url", Text),
    Column("image", Text),
    Column("language", Text),
    Column("authors", JSON, nullable=False),
    Column("tags", JSON, nullable=False),
    Column("enclosures", JSON, nullable=False),
    Column("takeaways", JSON, nullable=False),
    Column("related", JSON, nullable=False),
    Column("published_at", Instant),
    Column("updated_at", Instant),
    Column("dated_at", Instant, nullable=False),
    Column("picked_up_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    UniqueConstraint("source", "guid"),
    Index(None, "state", "dated_at"),
    Index(None, "source", "state", "dated_at"),
    Index("ix_articles_picked_up_at", "picked_up_at", "source", "state"),
    Index(
        "ix_articles_own_page",
        "state",
        "dated_at",
        "id",
        "slug",
        "changed_at",
        "url",  # always null, but without it SQLite would look into the rows
        sqlite_where=text("url IS NULL"),
        postgresql_where=text("url IS NULL"),
    ),
    one_of("state", ArticleState),
)

OWN_PAGE = and_(articles.c.state == ArticleState.CURRENT, articles.c.url.is_(None))
"""Articles that have their page here."""

fingerprints = Table(
    "fingerprints",
    metadata,
    Column("fingerprint", Text, primary_key=True),
    Column("article_id", Id, ForeignKey("articles.id"), nullable=False, index=True),
)

article_tags = Table(
    "article_tags",
    metadata,
    Column("tag", Text, primary_key=True),
    Column("article_id", Id, ForeignKey("articles.id"), primary_key=True, autoincrement=False),
    Index(None, "article_id"),
    sqlite_with_rowid=False,
)

edits = Table(
    "edits",
    metadata,
    Column("article_id", Id, ForeignKey("articles.id"), primary_key=True, autoincrement=False),
    Column("title", Text),
    Column("summary", Text),
    Column("tags", JSON(none_as_null=True)),
    Column("source_title", Text, nullable=False),
    Column("source_summary", Text, nullable=False),
    Column("source_tags", JSON, nullable=False),
    Column("edited_by", Text, nullable=False),
    Column("edited_at", Instant, nullable=False),
)

originals = Table(
    "originals",
    metadata,
    Column("article_id", Id, ForeignKey("articles.id"), primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("is_whole", Boolean, nullable=False),
    CheckConstraint("kind IN ('html', 'markdown', 'text')", name="kind"),
)

subscribers = Table(
    "subscribers",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("email", Text, nullable=False, unique=True),
    Column("domain", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("language", Text),
    Column("timezone", Text),
    Column("tags", Text, nullable=False, server_default=text("''")),
    Column("attributes", JSON(none_as_null=True)),
    Column("created_at", Instant, nullable=False),
    Column("erased_at", Instant),
    Index(None, "timezone"),
    Index(None, "domain"),
    Index(
        "ix_subscribers_erased",
        "id",
        sqlite_where=text("erased_at IS NOT NULL"),
        postgresql_where=text("erased_at IS NOT NULL"),
    ),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("subscriber_id", Id, ForeignKey("subscribers.id"), nullable=False),
    Column("newsletter", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("cadence", Text, nullable=False),
    Column("topics", Text, nullable=False),
    Column("watermark", BigInteger, nullable=False),
    Column("consent", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("resume_at", Instant),
    Column("chosen_at", Instant),
    Column("channel", Text, nullable=False, server_default=text("'mail'")),
    UniqueConstraint("subscriber_id", "newsletter"),
    Index(None, "newsletter", "cadence", "state"),
    Index(
        "ix_subscriptions_fed",
        "newsletter",
        "cadence",
        "state",
        sqlite_where=text("channel = 'feed'"),
        postgresql_where=text("channel = 'feed'"),
    ),
    Index(
        "ix_subscriptions_resume",
        "resume_at",
        sqlite_where=text("resume_at IS NOT NULL"),
        postgresql_where=text("resume_at IS NOT NULL"),
    ),
    one_of("state", SubscriptionState),
    postgresql_with={"fillfactor": 45},  # new watermarks find room beside the old ones, and no index hears of it
)

FED = text("subscriptions.channel = 'feed'")
"""Written out, as ``QUEUED`` is."""

private_feeds = Table(
    "private_feeds",
    metadata,
    Column("subscription_id", Id, ForeignKey("subscriptions.id"), primary_key=True, autoincrement=False),
    Column("nonce", Text, nullable=False),
    Column("ended_at", Instant),
)

pieces = Table(
    "pieces",
    metadata,
    Column("subscription_id", Id, ForeignKey("subscriptions.id"), primary_key=True, autoincrement=False),
    Column("digest_id", Id, ForeignKey("digests.id"), primary_key=True, autoincrement=False),
    Column("variant_id", Id, ForeignKey("variants.id"), nullable=False),
    Column("given_at", Instant, nullable=False),
    sqlite_with_rowid=False,
)

requests = Table(
    "requests",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("purpose", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("token_hash", Text, nullable=False, unique=True),
    Column("nonce", Text, nullable=False),
    Column("subscriber_id", Id, ForeignKey("subscribers.id")),
    Column("wanted", JSON, nullable=False),
    Column("via", Text, nullable=False),
    Column("wording", Text, nullable=False),
    Column("ip", Text),
    Column("asked_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("confirmed_at", Instant),
    Column("admit_at", Instant),
    Index(None, "email", "purpose"),
    Index(None, "expires_at"),
    Index(
        "ix_requests_admit",
        "admit_at",
        sqlite_where=text("admit_at IS NOT NULL"),
        postgresql_where=text("admit_at IS NOT NULL"),
    ),
    one_of("purpose", Purpose),
    one_of("via", Via),
)

consents = Table(
    "consents",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("subscriber_id", Id, ForeignKey("subscribers.id"), nullable=False, index=True),
    Column("newsletter", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("via", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("wording", Text, nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("confirmed_at", Instant),
    Column("asked_ip", Text),
    Column("confirmed_ip", Text),
    one_of("kind", ConsentKind),
    one_of("via", Via),
)

notices = Table(
    "notices",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("kind", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("mailbox", Text, nullable=False),
    Column("newsletter", Text, nullable=False),
    Column("language", Text),
    Column("facts", JSON, nullable=False),
    Column("request_id", Id, ForeignKey("requests.id"), index=True),
    Column("in_reply_to", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("planned_at", Instant, nullable=False),
    Column("next_at", Instant, nullable=False),
    Column("finished_at", Instant),
    Column("reply", Text, nullable=False),
    Index(None, "state", "next_at"),
    Index(None, "email"),
    Index(None, "mailbox"),
    one_of("state", DeliveryState),
)

imports = Table(
    "imports",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("print", Text, nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("counts", JSON, nullable=False),
    Column("began_at", Instant, nullable=False),
    Column("finished_at", Instant),
)

uploads = Table(
    "uploads",
    metadata,
    Column("key", Text, primary_key=True),
    Column("facts", JSON, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("holder", Text),
    Column("lease_until", Instant),
    Column("is_stopped", Boolean, nullable=False),
)

upload_parts = Table(
    "upload_parts",
    metadata,
    Column("key", Text, ForeignKey("uploads.key"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("body", LargeBinary, nullable=False),
)

suppressions = Table(
    "suppressions",
    metadata,
    Column("email", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
)

digests = Table(
    "digests",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("newsletter", Text, nullable=False),
    Column("cadence", Text, nullable=False),
    Column("slot", Text, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("state", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("upto", BigInteger, nullable=False),
    Column("planned", BigInteger, nullable=False, server_default=text("0")),
    Column("note", Text, nullable=False),
    Column("composed_at", Instant, nullable=False),
    Column("finished_at", Instant),
    UniqueConstraint("newsletter", "cadence", "slot"),
    Index(None, "state"),
    Index(None, "newsletter", "due_at"),
    one_of("state", DigestState),
)

variants = Table(
    "variants",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("digest_id", Id, ForeignKey("digests.id"), nullable=False, index=True),
    Column("articles", JSON, nullable=False),
    Column("subject", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("nonce", Text, nullable=False),
    Column("unnamed", JSON(none_as_null=True)),
)

appearances = Table(
    "appearances",
    metadata,
    Column("digest_id", Id, ForeignKey("digests.id"), primary_key=True, autoincrement=False),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("article_id", Id, nullable=False, index=True),
    sqlite_with_rowid=False,
)

audiences = Table(
    "audiences",
    metadata,
    Column("digest_id", Id, ForeignKey("digests.id"), primary_key=True),
    Column("cadence", Text, primary_key=True),
    Column("watermark", BigInteger, primary_key=True),
    Column("topics", Text, primary_key=True),
    Column("variant_id", Id, ForeignKey("variants.id")),
)

zones = Table(
    "zones",
    metadata,
    Column("digest_id", Id, ForeignKey("digests.id"), primary_key=True),
    Column("timezone", Text, primary_key=True),
)

drafts = Table(
    "drafts",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("newsletter", Text, nullable=False),
    Column("cadence", Text, nullable=False),
    Column("occasion", Text, nullable=False),
    Column("digest_id", Id, ForeignKey("digests.id"), unique=True),
    Column("subject", Text, nullable=False),
    Column("preheader", Text, nullable=False),
    Column("intro", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("edited_at", Instant),
    Column("edited_by", Text, nullable=False),
    Index(
        "ix_drafts_upcoming",
        "newsletter",
        "cadence",
        "occasion",
        unique=True,
        sqlite_where=text("digest_id IS NULL"),
        postgresql_where=text("digest_id IS NULL"),
    ),
    sqlite_autoincrement=True,  # a form that is still open must not change another one
)

chosen = Table(
    "chosen",
    metadata,
    Column("draft_id", Id, ForeignKey("drafts.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("article_id", Id, ForeignKey("articles.id"), primary_key=True, autoincrement=False),
    Column("choice", Text, nullable=False),
    Column("place", Integer),
    one_of("choice", Choice),
)

senders = Table(
    "senders",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("name", Text, nullable=False),
    Column("lease_until", Instant, nullable=False),
    Column("epoch", BigInteger, nullable=False, server_default="0"),
    sqlite_autoincrement=True,  # a number that comes back would be taken for who had it before
)
"""``epoch`` is raised by whoever decides about what senders hold, so that they look before they note anything more."""

journal = Table(
    "journal",
    metadata,
    Column("sender_id", Id, primary_key=True, autoincrement=False),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    *(
        Column(name, Text, nullable=False)
        for name in (
            "deliveries",
            "numbers",
            "began",
            "ended",
            "outcomes",
            "nexts",
            "codes",
            "relays",
            "replies",
            "begun",
        )
    ),
)
"""What senders noted and did not post yet (``store.journal``): several attempts, and the ids of deliveries that they
began. Each column has its part of all of them, as PostgreSQL writes arrays, without the brackets around it."""

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("digest_id", Id, nullable=False),
    Column("variant_id", Id, nullable=False),
    Column("subscription_id", Id, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("planned_at", Instant, nullable=False),
    Column("next_at", Instant, nullable=False),
    Column("sender_id", Id),
    Column("finished_at", Instant),
    Column("reply", Text, nullable=False),
    Index(None, "digest_id", "subscription_id"),
    Index(
        "ix_deliveries_due",
        "digest_id",
        "next_at",
        "id",
        sqlite_where=text("state = 'queued'"),
        postgresql_where=text("state = 'queued'"),
    ),
    Index(
        "ix_deliveries_troubled",
        "digest_id",
        "state",
        sqlite_where=text("state NOT IN ('queued', 'accepted')"),
        postgresql_where=text("state NOT IN ('queued', 'accepted')"),
    ),
    one_of("state", DeliveryState),
    postgresql_partition_by="RANGE (id)",
)
"""An id is made of the digest's and the subscription's (``engine.partitions``): each digest is a range of ids."""

QUEUED = text("deliveries.state = 'queued'")
TROUBLED = text("deliveries.state NOT IN ('queued', 'accepted')")
"""Written out, for SQLite uses an index with a condition only where the query says the same words."""

attempts = Table(
    "attempts",
    metadata,
    Column("delivery_id", Id, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("began_at", Instant, nullable=False),
    Column("ended_at", Instant, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("code", Integer),
    Column("relay", Text, nullable=False),
    Column("reply", Text, nullable=False),
    sqlite_with_rowid=False,
    postgresql_partition_by="RANGE (delivery_id)",
)

settled = Table(
    "settled",
    metadata,
    Column("digest_id", Id, ForeignKey("digests.id"), primary_key=True, autoincrement=False),
    Column("state", Text, primary_key=True),
    Column("deliveries", BigInteger, nullable=False),
    one_of("state", DeliveryState),
)
"""How deliveries ended that are kept no more."""

paces = Table(
    "paces",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("facts", JSON, nullable=False),
    Column("changed_at", Instant, nullable=False),
    CheckConstraint("kind IN ('relay', 'domain')", name="kind"),
)

received = Table(
    "received",
    metadata,
    Column("fingerprint", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("received_at", Instant, nullable=False, index=True),
)

mailboxes = Table(
    "mailboxes",
    metadata,
    Column("name", Text, primary_key=True),
    Column("uid_validity", BigInteger, nullable=False),
    Column("uid", BigInteger, nullable=False),
    Column("checked_at", Instant),
    Column("succeeded_at", Instant),
    Column("retry_at", Instant),
    Column("failures", Integer, nullable=False),
    Column("error", Text, nullable=False),
)

facts = Table(
    "facts",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

published = Table(
    "published",
    metadata,
    Column("folder", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False),
    Column("files", JSON, nullable=False),
)

archived = Table(
    "archived",
    metadata,
    Column("feed", Text, primary_key=True),
    Column("page", Integer, primary_key=True, autoincrement=False),
    Column("last_article", Id, nullable=False),
)

announced_feeds = Table(
    "announced_feeds",
    metadata,
    Column("address", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False),
)

hubs = Table(
    "hubs",
    metadata,
    Column("address", Text, primary_key=True),
    Column("next_at", Instant, nullable=False),
    Column("succeeded_at", Instant),
    Column("failures", Integer, nullable=False),
    Column("error", Text, nullable=False),
)

pings = Table(
    "pings",
    metadata,
    Column("hub", Text, ForeignKey("hubs.address"), primary_key=True),
    Column("feed", Text, primary_key=True),
    Column("number", BigInteger, nullable=False),
)

intents = Table(
    "intents",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("mode", Text, nullable=False),
    Column("feed", Text, nullable=False),
    Column("callback", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("secret", Text),
    Column("seconds", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("next_at", Instant, nullable=False, index=True),
    UniqueConstraint("feed", "callback"),
    Index(None, "host"),
    one_of("mode", IntentMode),
    sqlite_autoincrement=True,  # what is learnt of one must never be taken for another
)

followers = Table(
    "followers",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("feed", Text, nullable=False),
    Column("callback", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("secret", Text),
    Column("lease_until", Instant, nullable=False, index=True),
    Column("owed", BigInteger, nullable=False),
    Column("next_at", Instant, index=True),
    Column("failures", Integer, nullable=False),
    Column("error", Text, nullable=False),
    UniqueConstraint("feed", "callback"),
    Index(None, "host"),
    sqlite_autoincrement=True,
)

users = Table(
    "users",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("name", Text, nullable=False, unique=True),
    Column("role", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("totp_secret", Text, nullable=False),
    Column("totp_step", BigInteger, nullable=False),
    Column("invitation_hash", Text, unique=True),
    Column("invitation_until", Instant),
    Column("created_at", Instant, nullable=False),
    one_of("role", Role),
    sqlite_autoincrement=True,  # what one did must never be taken for another's
)

sessions = Table(
    "sessions",
    metadata,
    Column("key_hash", Text, primary_key=True),
    Column("user_id", Id, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("began_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("proved_at", Instant, nullable=False),
    Column("said", Text, nullable=False),
    Column("ip", Text, nullable=False),
    Column("agent", Text, nullable=False),
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("user_id", Id, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("code_hash", Text, primary_key=True),
)

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("name", Text, nullable=False, unique=True),
    Column("token_hash", Text, nullable=False, unique=True),
    Column("scopes", JSON, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("used_at", Instant),
    sqlite_autoincrement=True,
)

audit = Table(
    "audit",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("at", Instant, nullable=False, index=True),
    Column("who", Text, nullable=False),
    Column("act", Text, nullable=False),
    Column("about", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("ip", Text, nullable=False),
    Index(None, "about", "at"),
    sqlite_autoincrement=True,
)

returns = Table(
    "returns",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("kind", Text, nullable=False),
    Column("subscriber_id", Id, ForeignKey("subscribers.id"), nullable=False),
    Column("delivery_id", Id, index=True),
    Column("reason", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("said", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("came_at", Instant, nullable=False),
    Column("digest_id", Id),
    Index(None, "subscriber_id", "came_at"),
    Index(None, "digest_id", "delivery_id", "kind"),
    one_of("kind", ReturnKind),
)

engagement = Table(
    "engagement",
    metadata,
    Column("digest_id", Id, ForeignKey("digests.id"), primary_key=True, autoincrement=False),
    Column("link", BigInteger, primary_key=True, autoincrement=False),
    Column("by_machine", Boolean, primary_key=True),
    Column("count", BigInteger, nullable=False),
)

engaged = Table(
    "engaged",
    metadata,
    Column("digest_id", Id, ForeignKey("digests.id"), primary_key=True, autoincrement=False),
    Column("subscription_id", Id, ForeignKey("subscriptions.id"), primary_key=True, autoincrement=False, index=True),
    Column("clicked", Boolean, primary_key=True),
    Column("count", BigInteger, nullable=False),
    Column("first_at", Instant, nullable=False, index=True),
    Column("last_at", Instant, nullable=False),
)

alerts = Table(
    "alerts",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("kind", Text, nullable=False),
    Column("about", Text, nullable=False),
    Column("said", Text, nullable=False),
    Column("began_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("told_at", Instant),
    Column("ended_at", Instant),
    Column("owed", Text, nullable=False),
    Index(
        "ix_alerts_open",
        "kind",
        "about",
        unique=True,
        sqlite_where=text("ended_at IS NULL"),
        postgresql_where=text("ended_at IS NULL"),
    ),
    sqlite_autoincrement=True,
)

growth = Table(
    "growth",
    metadata,
    Column("newsletter", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("readers", BigInteger, nullable=False),
    Column("joined", BigInteger, nullable=False),
    Column("left", BigInteger, nullable=False),
)

webhook_events = Table(
    "webhook_events",
    metadata,
    Column("provider", Text, primary_key=True),
    Column("event", Text, primary_key=True),
    Column("seen_at", Instant, nullable=False, index=True),
)

webhook_counts = Table(
    "webhook_counts",
    metadata,
    Column("provider", Text, primary_key=True),
    Column("outcome", Text, primary_key=True),
    Column("count", BigInteger, nullable=False),
    Column("last_at", Instant, nullable=False),
)

listeners = Table(
    "listeners",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("address", Text, nullable=False),
    Column("events", JSON, nullable=False),
    Column("nonce", Text, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("next_at", Instant, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("failing_since", Instant),
    Column("told_at", Instant),
    Column("error", Text, nullable=False),
    Column("ended_at", Instant),
    sqlite_autoincrement=True,
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("listener_id", Id, ForeignKey("listeners.id"), nullable=False),
    Column("event", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("happened_at", Instant, nullable=False),
    Column("fate", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", Instant, nullable=False),
    Column("said", Text, nullable=False),
    Column("finished_at", Instant, index=True),
    Index(
        "ix_outbox_untold",
        "listener_id",
        "id",
        sqlite_where=text("fate = 'queued'"),
        postgresql_where=text("fate = 'queued'"),
    ),
    Index(
        "ix_outbox_in_order",
        "listener_id",
        "subject",
        "id",
        sqlite_where=text("fate = 'queued'"),
        postgresql_where=text("fate = 'queued'"),
    ),
    CheckConstraint("fate IN ('queued', 'told', 'given up')", name="fate"),
    sqlite_autoincrement=True,  # programs know messages by their numbers
)

UNTOLD = text("outbox.fate = 'queued'")
"""Written out, as ``QUEUED`` is."""
