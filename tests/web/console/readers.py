"""Readers for the console's tests: some who get something, one who left, one who is banned, with a history."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Table, insert

from syndicate.model import DeliveryState, Digest, DigestState, Return, ReturnKind, Subscription
from syndicate.store import digests, returns, schema, subscribers, suppressions
from tests.feeds.newsroom import NOON
from tests.web.pressroom import Pressroom

ANA, BO, CY = "ana@reader.example", "bo@reader.example", "cy@other.example"


def fill(room: Pressroom, sent: int = 3) -> dict[str, Subscription]:
    """Ana gets both newsletters and had so many digests, Bo left, Cy is banned; their first subscriptions."""
    app = room.app
    held = {email: room.subscribe(email) for email in (ANA, BO, CY)}
    room.subscribe(ANA, "harbour", name="Ana Kovač", topics=["Ferry"], language="sr-Latn", timezone="Europe/Belgrade")
    with app.store.write() as connection:
        subscribers.end(connection, held[BO].id, now=NOON)
        suppressions.add(connection, CY, "bounced: no such mailbox", now=NOON)
        for number in range(1, sent + 1):
            at = NOON + timedelta(days=number)
            digest = Digest(
                id=digests.take_id(connection),
                newsletter="daily",
                cadence="daily",
                slot=str(number),
                due_at=at,
                state=DigestState.SENT,
                subject=f"By the lake, part {number}",
                upto=0,
                composed_at=at,
            )
            digests.add(connection, digest)
            variant = {"digest_id": digest.id, "articles": [], "subject": "", "html": "", "text": "", "nonce": ""}
            delivery = {"digest_id": digest.id, "subscription_id": held[ANA].id, "state": DeliveryState.ACCEPTED}
            delivery |= {"attempts": 1, "planned_at": at, "next_at": at, "finished_at": at, "reply": ""}
            attempt = {"number": 1, "began_at": at, "ended_at": at, "outcome": "accepted", "code": 250, "relay": "lake"}
            variant_id = _add(connection, schema.variants, variant)
            delivery_id = _add(connection, schema.deliveries, delivery | {"variant_id": variant_id})
            words = {"delivery_id": delivery_id, "reply": f"2.0.0 <b>taken</b> as {number}"}
            connection.execute(insert(schema.attempts), attempt | words)
        ana = held[ANA].subscriber.id
        said = "4.2.2 over quota"
        back = Return(kind=ReturnKind.SOFT, subscriber_id=ana, reason="full", said=said, source="mail", came_at=NOON)
        returns.add(connection, back)
    return held


def _add(connection: Connection, table: Table, row: dict[str, Any]) -> int:
    return int(connection.execute(insert(table).returning(table.c.id), row).scalar_one())
