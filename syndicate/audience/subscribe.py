"""One reader at a time: joining, changing, leaving. The command line and the pages call it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from syndicate.audience import choices
from syndicate.audience.address import normalise
from syndicate.errors import ConflictError, NotFoundError
from syndicate.model import Subscriber, Subscription, SubscriptionState
from syndicate.settings import Newsletter
from syndicate.store import Connection, Store, subscribers, suppressions


@dataclass(frozen=True, slots=True)
class Joined:
    """The subscriptions as they are now; a ``suppressed`` address is banned from mail and stays so."""

    subscriptions: tuple[Subscription, ...]
    suppressed: bool


def subscribe(
    store: Store,
    newsletters: Sequence[Newsletter],
    *,
    email: str,
    name: str = "",
    slugs: Iterable[str] = (),
    cadence: str | None = None,
    topics: Iterable[str] = (),
    language: str | None = None,
    timezone: str | None = None,
    consent: str,
    now: datetime,
) -> Joined:
    """Makes the subscriptions active, also ones that had ended: whoever calls this was asked to. Repeating is safe.

    What is left out stays as it was, or is the newsletter's default. ``slugs`` may be left out when there is but one
    newsletter. ``consent`` says how the reader agreed; it replaces what was noted when a subscription comes back.

    :raises AddressError: when mail can't be sent to ``email``.
    :raises NotFoundError: when a newsletter or a cadence does not exist.
    :raises SyndicateError: when another value can't be used.
    """
    wanted = choices.newsletters_of(newsletters, slugs)
    cadences = {one.slug: choices.cadence_of(one, cadence) if cadence else None for one in wanted}
    key = subscribers.topics_key(choices.topics_of(topics))
    address, name = normalise(email), choices.name_of(name)
    language, timezone = choices.language_of(language or ""), choices.timezone_of(timezone or "")
    with store.write() as connection:
        person = _keep(connection, address, name, language, timezone, now=now)
        held = {one.newsletter: one for one in subscribers.of_address(connection, address)}
        for one in wanted:
            _join(connection, person, one, held.get(one.slug), cadences[one.slug], key, consent=consent, now=now)
        slugs_wanted = {one.slug for one in wanted}
        found = subscribers.of_address(connection, address)
        return Joined(
            tuple(one for one in found if one.newsletter in slugs_wanted),
            address in suppressions.suppressed(connection, [address]),
        )


def unsubscribe(store: Store, subscription_id: int, *, now: datetime) -> bool:
    """Ends a subscription; false when it had ended already. :raises NotFoundError: when there never was one."""
    with store.write() as connection:
        _existing(connection, subscription_id)
        return subscribers.end(connection, subscription_id, now=now)


def remove(store: Store, email: str, *, newsletter: str | None = None, now: datetime) -> int:
    """Ends an address's subscriptions, all or that to ``newsletter``, and says how many were still going on.

    :raises AddressError: when ``email`` is not an address.
    :raises NotFoundError: when it is nobody's, or has nothing to do with ``newsletter``.
    """
    address = normalise(email)
    with store.write() as connection:
        held = {one.newsletter: one for one in subscribers.of_address(connection, address)}
        if not held:
            raise NotFoundError("subscriber", address)
        if newsletter is not None and newsletter not in held:
            raise NotFoundError(f"subscription of {address} to", newsletter, held)
        ending = held.values() if newsletter is None else (held[newsletter],)
        return sum(subscribers.end(connection, one.id, now=now) for one in ending)


def change_cadence(store: Store, newsletters: Sequence[Newsletter], subscription_id: int, cadence: str) -> None:
    """Changes how often a reader hears; nothing is missed and nothing comes twice.

    :raises NotFoundError: when there is no such subscription, or its newsletter has no such cadence.
    :raises ConflictError: when the subscription has ended.
    """
    with store.write() as connection:
        held = _existing(connection, subscription_id)
        (newsletter,) = choices.newsletters_of(newsletters, [held.newsletter])
        chosen = choices.cadence_of(newsletter, cadence)
        if held.state is SubscriptionState.UNSUBSCRIBED:
            raise ConflictError(f"{held.subscriber.email} has left {held.newsletter}; subscribe again first")
        subscribers.set_cadence(connection, subscription_id, chosen)


def _existing(connection: Connection, subscription_id: int) -> Subscription:
    held = subscribers.subscription(connection, subscription_id)
    if held is None:
        raise NotFoundError("subscription", subscription_id)
    return held


def _keep(
    connection: Connection, address: str, name: str, language: str | None, timezone: str | None, *, now: datetime
) -> Subscriber:
    """The person of that address, known from now on, with what was given in place of what was known."""
    person = subscribers.people(connection, [address]).get(address)
    given = {"name": name, "language": language, "timezone": timezone}
    if person is None:
        subscribers.add_people(connection, [{"email": address, **given}], now=now)
    elif any(given.values()):
        known = {"name": person.name, "language": person.language, "timezone": person.timezone}
        kept = {field: value or known[field] for field, value in given.items()}
        subscribers.change_people(connection, [{"id": person.id, **kept}])
    return subscribers.people(connection, [address])[address]


def _join(
    connection: Connection,
    person: Subscriber,
    newsletter: Newsletter,
    held: Subscription | None,
    cadence: str | None,
    topics: str,
    *,
    consent: str,
    now: datetime,
) -> None:
    offered = held.cadence if held and held.cadence in newsletter.cadences else newsletter.default_cadence
    chosen = cadence or offered
    start = subscribers.starting_watermark(connection, newsletter.slug, chosen)
    if held is None:
        row = {"subscriber_id": person.id, "newsletter": newsletter.slug, "state": SubscriptionState.ACTIVE}
        choice = {"cadence": chosen, "topics": topics, "watermark": start, "consent": consent}
        subscribers.add_subscriptions(connection, [row | choice], now=now)
        return
    going_on = held.state is SubscriptionState.ACTIVE
    subscribers.resume(
        connection,
        held.id,
        cadence=chosen,
        topics=topics or subscribers.topics_key(held.topics),
        watermark=held.watermark if going_on else start,
        consent=None if going_on else consent,
    )
