"""A reader's data: all of it as JSON, and its erasure. The preferences page and the command line call it."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from syndicate.audience.address import normalise
from syndicate.audience.moves import existing
from syndicate.audience.traces import REASON, Traces
from syndicate.errors import NotFoundError
from syndicate.model import Subscriber
from syndicate.store import (
    Connection,
    Store,
    consents,
    engaged,
    erasure,
    notices,
    private,
    requests,
    returns,
    subscribers,
    subscriptions,
    suppressions,
)


def data_of(store: Store, email: str) -> dict[str, Any]:
    """All that is kept of an address: for JSON, when its instants are written as ISO 8601.

    :raises AddressError: when it is none.
    :raises NotFoundError: when nothing is kept of it.
    """
    address = normalise(email)
    with store.read() as connection:
        person = subscribers.people(connection, [address]).get(address)
        found = _everything(connection, address, person)
    if not any(found[part] for part in ("person", "requests", "notices", "suppressed")):
        raise NotFoundError("subscriber", address)
    return found


def data_of_reader(store: Store, subscription_id: int) -> dict[str, Any]:
    """The same, of the reader whose subscription it is. :raises NotFoundError: when there is no such subscription."""
    with store.read() as connection:
        held = existing(connection, subscription_id)
        return _everything(connection, held.subscriber.email, held.subscriber)


def written(data: dict[str, Any]) -> str:
    """The same as JSON, its instants as ISO 8601."""
    return json.dumps(data, ensure_ascii=False, indent=2, default=datetime.isoformat) + "\n"


def erase(store: Store, traces: Traces, subscription_id: int, *, now: datetime) -> None:
    """Forgets the reader whose subscription it is. :raises NotFoundError: when there is no such subscription."""
    with store.write() as connection:
        forget(connection, traces, existing(connection, subscription_id).subscriber, now=now)


def erase_address(store: Store, traces: Traces, email: str, *, now: datetime) -> None:
    """Forgets the person of that address, or what was only asked for in its name.

    :raises AddressError: when it is none.
    :raises NotFoundError: when it is nobody's.
    """
    address = normalise(email)
    with store.write() as connection:
        person = subscribers.people(connection, [address]).get(address)
        if person:
            forget(connection, traces, person, now=now)
        elif not erasure.erase_requests(connection, address):
            raise NotFoundError("subscriber", address)


def forget(connection: Connection, traces: Traces, person: Subscriber, *, now: datetime) -> None:
    """Erases within the caller's transaction; a trace is left, so that no import brings the address back."""
    erasure.erase(connection, person.id, person.email, trace=traces.of(person.email), reason=REASON, now=now)


def _everything(connection: Connection, email: str, person: Subscriber | None) -> dict[str, Any]:
    mine = person.id if person else 0
    return {
        "email": email,
        "person": person
        and {name: getattr(person, name) for name in ("name", "language", "timezone", "tags", "attributes")},
        "subscriptions": [
            {
                "newsletter": one.newsletter,
                "state": one.state,
                "cadence": one.cadence,
                "topics": one.topics,
                "paused_until": one.resume_at,
                "channel": one.channel,
            }
            for one in subscribers.of_address(connection, email)
        ],
        "consents": [_without(one._asdict(), "subscriber_id") for one in consents.of_subscriber(connection, mine)],
        "deliveries": [one._asdict() for one in subscriptions.received(connection, mine)],
        "returns": [_without(asdict(one), "subscriber_id") for one in returns.of_subscriber(connection, mine)],
        "engagement": [
            {
                "newsletter": one.newsletter,
                "digest_id": one.digest_id,
                "what": "clicked" if one.clicked else "opened",
                "count": one.number,
                "first_at": one.first_at,
                "last_at": one.last_at,
            }
            for one in engaged.of_subscriber(connection, mine)
        ],
        "private_feeds": [one._asdict() for one in private.received(connection, mine)],
        "requests": [
            _without(asdict(one), "id", "nonce", "subscriber_id", "admit_at")
            for one in requests.of_person(connection, email, mine)
        ],
        "notices": [{"kind": one.kind, "planned_at": one.planned_at} for one in notices.of_address(connection, email)],
        "suppressed": bool(suppressions.suppressed(connection, [email])),
    }


def _without(facts: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if name not in names}
