"""A worker finds the few readers of a small mailbox provider among millions of others."""

from __future__ import annotations

from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    """Makes an index."""
    op.create_index(op.f("ix_subscribers_domain"), "subscribers", ["domain"])
