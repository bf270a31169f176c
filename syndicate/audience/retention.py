"""Forgets what was kept long enough. The jobs call it, by the clock and with every whole pass."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from syndicate.audience.engagement import KEPT_BY_READER
from syndicate.audience.personal import forget
from syndicate.audience.traces import Traces
from syndicate.model import Subscriber
from syndicate.settings import Readers
from syndicate.store import Store, consents, engaged, erasure, notices, requests

_BATCH = 200


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How many requests, IP addresses, notices and people were removed."""

    requests: int = 0
    ips: int = 0
    notices: int = 0
    people: int = 0


def tidy(store: Store, readers: Readers, traces: Traces, *, now: datetime) -> Forgotten:
    """Deletes requests that can no longer be confirmed, IP addresses, notices, and who left long ago, as set.

    What readers opened and followed goes after ``KEPT_BY_READER``.
    """
    with store.write() as connection:
        ips = requests.forget_ips(connection, before=now - readers.keep_ips)
        ips += consents.forget_ips(connection, before=now - readers.keep_ips)
        deleted = requests.forget(connection, now=now)
        told = notices.forget(connection, before=now - readers.keep_unconfirmed)
        engaged.forget(connection, before=now - KEPT_BY_READER)
    people = 0
    while readers.keep_unsubscribed is not None:
        with store.write() as connection:
            gone = erasure.who_left(connection, before=now - readers.keep_unsubscribed, limit=_BATCH)
            for subscriber_id, email in gone:
                forget(connection, traces, Subscriber(id=subscriber_id, email=email), now=now)
        people += len(gone)
        if len(gone) < _BATCH:
            break
    return Forgotten(deleted, ips, told, people)
