"""What senders note stands in columns, which the database reads faster than JSON. What was noted before is posted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"

_COLUMNS = ("deliveries", "numbers", "began", "ended", "outcomes", "nexts", "codes", "relays", "replies", "begun")

_POST = """
WITH taken AS (DELETE FROM journal RETURNING sender_id, ended, begun),
tried AS (
    SELECT one.* FROM taken, json_to_recordset(CAST('[' || taken.ended || ']' AS json)) AS one (
        delivery_id bigint, number int, began_at timestamptz, ended_at timestamptz, outcome text, code int,
        relay text, reply text, next_at timestamptz, sender_id bigint
    )
),
wanted AS (
    SELECT one.* FROM taken, json_to_recordset(CAST('[' || taken.begun || ']' AS json)) AS one (
        wanted_id bigint, sender_id bigint
    )
),
recorded AS (
    UPDATE deliveries SET
        state = tried.outcome, attempts = tried.number, next_at = tried.next_at, sender_id = NULL,
        finished_at = CASE WHEN tried.outcome NOT IN ('queued', 'begun', 'uncertain') THEN tried.ended_at END,
        reply = CASE WHEN tried.outcome = 'accepted' THEN '' ELSE tried.reply END
    FROM tried
    WHERE deliveries.id = tried.delivery_id AND deliveries.sender_id = tried.sender_id
        AND deliveries.state IN ('queued', 'begun')
    RETURNING deliveries.id
),
under_way AS (
    UPDATE deliveries SET state = 'begun' FROM wanted
    WHERE deliveries.id = wanted.wanted_id AND deliveries.sender_id = wanted.sender_id
        AND deliveries.state = 'queued' AND wanted.wanted_id NOT IN (SELECT delivery_id FROM tried)
)
INSERT INTO attempts (delivery_id, number, began_at, ended_at, outcome, code, relay, reply)
SELECT delivery_id, number, began_at, ended_at, outcome, code, relay, reply
FROM tried JOIN recorded ON recorded.id = tried.delivery_id
"""


def upgrade() -> None:
    """Posts every entry, and makes the columns anew."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_POST)
    with op.batch_alter_table("journal") as table:
        table.drop_column("ended")
        table.drop_column("begun")
    with op.batch_alter_table("journal") as table:
        for name in _COLUMNS:
            table.add_column(sa.Column(name, sa.Text(), nullable=False))
