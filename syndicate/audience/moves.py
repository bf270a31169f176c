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
    """Gives a reader that address. Where somebody has it already, both are one: what goes on goes on there.

    A newsletter that both get comes as it did to that address; who is mailed twice by that is told by nothing new.
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
    theirs = {one.newsletter: one for one in subscribers.of_address(connection, email)}
    for one in mine:
        if one.state is _OVER:
            continue
        target = theirs.get(one.newsletter)
        if target is None:
            subscriptions.move(connection, one.id, other.id)
        else:
            if target.state is _OVER:
                subscriptions.take_over(connection, target.id, from_id=one.id, now=now)
            leave(connection, one, evidence, now=now)
        consents.add(connection, [evidence.record(other, one.newsletter, ConsentKind.MOVED)])
