"""A reader's change of address, once the new mailbox's owner confirmed it. ``requests`` calls it."""

from __future__ import annotations

from datetime import datetime

from syndicate.audience.subscribe import Evidence, leave
from syndicate.errors import NotFoundError
from syndicate.model import ConsentKind, Subscription, SubscriptionState
from syndicate.store import Connection, consents, subscribers, subscriptions

_OVER = SubscriptionState.UNSUBSCRIBED


def existing(connection: Connection, subscription_id: int) -> Subscription:
    """:raises NotFoundError: when there is no such subscription."""
    held = subscribers.subscription(connection, subscription_id)
    if held is None:
        raise NotFoundError("subscription", subscription_id)
    return held


def carry_out(connection: Connection, subscriber_id: int, email: str, evidence: Evidence, *, now: datetime) -> None:
    """Gives a reader that address. Where somebody has it already, they get from now on what the reader got.

    They may be two people, one of whom pressed a button too soon: so the one with the address keeps what they get as it
    is, and links in the other's mails show nothing of theirs.
    """
    mine = [
        held
        for one in subscriptions.ids_of(connection, subscriber_id).values()
        if (held := subscribers.subscription(connection, one))
    ]
    other = subscribers.people(connection, [email]).get(email)
    if not mine or (other and other.id == subscriber_id):
        return
    if other is None:
        subscriptions.set_address(connection, subscriber_id, email)
        person = mine[0].subscriber
        consents.add(connection, [evidence.record(person, one.newsletter, ConsentKind.MOVED) for one in mine])
        return
    gets = {one.newsletter for one in subscribers.of_address(connection, email) if one.state is not _OVER}
    for one in mine:
        if one.state is not _OVER:
            if one.newsletter not in gets:
                subscriptions.go_on_as(connection, one.id, other.id, now=now)
            leave(connection, one, evidence, now=now)
            consents.add(connection, [evidence.record(other, one.newsletter, ConsentKind.MOVED)])
