"""Mail, or a private feed: a reader moves between the two, and neither misses anything nor gets it twice.

What was planned before comes where it was planned for. The preferences page calls it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from syndicate.audience.moves import existing
from syndicate.errors import ConflictError
from syndicate.model import Channel, Subscription, SubscriptionState
from syndicate.render.tokens import new_nonce
from syndicate.store import Connection, Store, private
from syndicate.store.private import PrivateFeed

LINGERS = timedelta(days=30)
"""For so long a feed still shows what it has when mail comes again: its reader's program may not have looked yet."""


def to_feed(store: Store, subscription_id: int) -> None:
    """From the next digest on, all comes in a feed, and no mail.

    :raises NotFoundError: when there is no such subscription.
    :raises ConflictError: when it has ended.
    """
    with store.write() as connection:
        private.begin(connection, _going_on(connection, subscription_id).id, new_nonce())


def to_mail(store: Store, subscription_id: int, *, now: datetime) -> None:
    """From the next digest on, all comes by mail; the feed stays as it is for ``LINGERS``.

    :raises NotFoundError: when there is no such subscription.
    :raises ConflictError: when it has ended.
    """
    with store.write() as connection:
        private.end(connection, _going_on(connection, subscription_id).id, now=now)


def renew(store: Store, subscription_id: int) -> None:
    """Gives the feed another address; the old one is of no use from this moment.

    :raises NotFoundError: when there is no such subscription.
    :raises ConflictError: when it has ended.
    """
    with store.write() as connection:
        private.renew(connection, _going_on(connection, subscription_id).id, new_nonce())


def close(store: Store, subscription_id: int, *, now: datetime) -> None:
    """Ends the feed at once, with all that it has; from the next digest on, mail comes.

    :raises NotFoundError: when there is no such subscription.
    """
    with store.write() as connection:
        held = existing(connection, subscription_id)
        private.end(connection, held.id, now=now)
        private.forget(connection, [held.id])


def open_feed(connection: Connection, held: Subscription, *, now: datetime) -> PrivateFeed | None:
    """The feed of a subscription, if anything can be read there at ``now``."""
    feed = private.of(connection, held.id)
    if feed is None or held.state is SubscriptionState.UNSUBSCRIBED:
        return None
    if held.channel is Channel.FEED or (feed.ended_at and now < feed.ended_at + LINGERS):
        return feed
    return None


def _going_on(connection: Connection, subscription_id: int) -> Subscription:
    held = existing(connection, subscription_id)
    if held.state is SubscriptionState.UNSUBSCRIBED:
        raise ConflictError(f"{held.subscriber.email} has left {held.newsletter}; subscribe again first")
    return held
