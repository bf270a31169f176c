"""What a reader can change: how often, about what, who they are, a pause, leaving and coming back, a fresh link.

The pages behind a mail's links call it, and the mail commands. ``subscription_id`` is what the link's token names.
Moving to another address is in ``requests``, their data and its erasure in ``personal``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from syndicate.audience import choices
from syndicate.audience.moves import existing
from syndicate.audience.subscribe import Evidence, leave
from syndicate.errors import ConflictError
from syndicate.model import ConsentKind, Subscription, SubscriptionState, Via
from syndicate.settings import Newsletter
from syndicate.store import Connection, Store, consents, notices, subscribers, subscriptions
from syndicate.store.notices import Notice
from syndicate.store.subscribers import topics_key

UNDO_WITHIN = timedelta(days=1)
"""For so long a reader who left can take it back without confirming anything."""

LONGEST_PAUSE = timedelta(weeks=52)

LINK_EVERY = timedelta(hours=1)
"""A fresh link is sent to an address at most once in this time."""

_OVER = SubscriptionState.UNSUBSCRIBED


def of_reader(store: Store, subscription_id: int) -> tuple[Subscription, ...]:
    """That subscription first, then its subscriber's others, by newsletter.

    :raises NotFoundError: when there is none, or its reader was erased.
    """
    with store.read() as connection:
        held = existing(connection, subscription_id)
        others = subscribers.of_address(connection, held.subscriber.email)
    return (held, *(one for one in others if one.id != held.id))


def choose(
    store: Store,
    newsletters: Sequence[Newsletter],
    subscription_id: int,
    *,
    cadence: str | None = None,
    topics: Iterable[str] | None = None,
    now: datetime,
) -> Subscription:
    """Changes how often, and about what; None leaves it, no topics means all. Nothing is missed, or comes twice.

    :raises NotFoundError: when there is no such subscription, or its newsletter has no such cadence.
    :raises ConflictError: when the subscription has ended.
    :raises SyndicateError: when a topic can't be used.
    """
    key = None if topics is None else topics_key(choices.topics_of(topics))
    with store.write() as connection:
        held = _going_on(connection, subscription_id)
        (newsletter,) = choices.newsletters_of(newsletters, [held.newsletter])
        chosen = held.cadence if cadence is None else choices.cadence_of(newsletter, cadence)
        about = topics_key(held.topics) if key is None else key
        subscriptions.choose(connection, held.id, cadence=chosen, topics=about, now=now)
        return existing(connection, held.id)


def describe(
    store: Store,
    subscription_id: int,
    *,
    name: str | None = None,
    language: str | None = None,
    timezone: str | None = None,
    now: datetime,
) -> None:
    """Changes who the reader is, for all newsletters; None leaves it, empty text forgets it.

    :raises NotFoundError: when there is no such subscription.
    :raises SyndicateError: when a value can't be used.
    """
    called = None if name is None else choices.name_of(name)
    speaks = None if language is None else choices.language_of(language)
    lives = None if timezone is None else choices.timezone_of(timezone)
    with store.write() as connection:
        person = existing(connection, subscription_id).subscriber
        kept = {
            "name": person.name if called is None else called,
            "language": person.language if language is None else speaks,
            "timezone": person.timezone if timezone is None else lives,
        }
        subscriptions.set_timezone(connection, person.id, kept["timezone"], now=now)
        subscribers.change_people(connection, [{"id": person.id, **kept}])


def pause(store: Store, subscription_id: int, until: datetime, *, now: datetime) -> None:
    """Sends nothing new until then; what was missed comes with the first digest afterwards. It may be changed.

    What was planned before still comes. :raises NotFoundError: when there is no such subscription.
    :raises ConflictError: when it has ended, or when ``until`` is past, or more than ``LONGEST_PAUSE`` ahead.
    """
    if not now < until <= now + LONGEST_PAUSE:
        raise ConflictError(f"a pause ends later than now, and after {LONGEST_PAUSE.days // 7} weeks at most")
    with store.write() as connection:
        held = _going_on(connection, subscription_id)
        if not subscriptions.pause(connection, held.id, until):
            raise ConflictError(f"the subscription to {held.newsletter} is {held.state}; only an active one can pause")


def resume(store: Store, subscription_id: int, *, now: datetime) -> bool:
    """Ends a pause; false when there is none. :raises NotFoundError: when there is no such subscription."""
    with store.write() as connection:
        existing(connection, subscription_id)
        return bool(subscriptions.wake(connection, now=now, subscription_id=subscription_id))


def wake(store: Store, *, now: datetime) -> int:
    """Ends the pauses that are over; returns how many. The jobs call it before they compose."""
    with store.read() as connection:
        due = subscriptions.next_resume(connection)
    if due is None or due > now:
        return 0
    with store.write() as connection:
        return subscriptions.wake(connection, now=now)


def leave_all(store: Store, subscription_id: int, *, now: datetime, via: Via = Via.WEB) -> tuple[Subscription, ...]:
    """Ends everything that the reader gets; returns what was ended. To end one there is ``unsubscribe``.

    :raises NotFoundError: when there is no such subscription.
    """
    evidence = Evidence(via=via, asked_at=now)
    with store.write() as connection:
        held = existing(connection, subscription_id)
        going_on = [one for one in subscribers.of_address(connection, held.subscriber.email) if one.state is not _OVER]
        return tuple(one for one in going_on if leave(connection, one, evidence, now=now))


def undo(store: Store, subscription_id: int, *, now: datetime, via: Via = Via.WEB) -> bool:
    """Takes back that the reader left, within ``UNDO_WITHIN``: everything is as it was. False when it is too late.

    :raises NotFoundError: when there is no such subscription.
    """
    with store.write() as connection:
        held = existing(connection, subscription_id)
        if not subscriptions.restore(connection, held.id, since=now - UNDO_WITHIN, now=now):
            return False
        evidence = Evidence(via=via, asked_at=now)
        consents.add(connection, [evidence.record(held.subscriber, held.newsletter, ConsentKind.RESTORED)])
        return True


def send_link(store: Store, subscription_id: int, *, now: datetime) -> None:
    """Has a fresh link to the preferences sent to the reader's own address, for one whose link is too old.

    Once an ``LINK_EVERY``; more is ignored. :raises NotFoundError: when there is no such subscription.
    """
    with store.write() as connection:
        held = existing(connection, subscription_id)
        last = notices.last_sent(connection, held.subscriber.email, notices.LINK)
        if last is None or last + LINK_EVERY <= now:
            notices.queue(
                connection,
                Notice(
                    kind=notices.LINK,
                    email=held.subscriber.email,
                    newsletter=held.newsletter,
                    language=held.subscriber.language,
                    facts={"subscription_id": held.id},
                    planned_at=now,
                ),
            )


def _going_on(connection: Connection, subscription_id: int) -> Subscription:
    held = existing(connection, subscription_id)
    if held.state is _OVER:
        raise ConflictError(f"{held.subscriber.email} has left {held.newsletter}; subscribe again first")
    return held
