"""One reader at a time: joining and leaving. The command line, the pages and confirmed requests call it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from syndicate.audience import choices
from syndicate.audience.address import normalise
from syndicate.errors import NotFoundError
from syndicate.model import Consent, ConsentKind, Subscriber, Subscription, SubscriptionState, Via
from syndicate.settings import Newsletter
from syndicate.store import Connection, Store, consents, subscribers, subscriptions, suppressions


@dataclass(frozen=True, slots=True)
class Joined:
    """The subscriptions as they are now; a ``suppressed`` address is banned from mail and stays so."""

    subscriptions: tuple[Subscription, ...]
    suppressed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """How a reader agreed: by which door, to which wording, when, from where, and when they confirmed it."""

    via: Via
    source: str = ""
    wording: str = ""
    asked_at: datetime
    asked_ip: str | None = None
    confirmed_at: datetime | None = None
    confirmed_ip: str | None = None

    def record(self, person: Subscriber, newsletter: str, kind: ConsentKind) -> Consent:
        """The record to keep of it."""
        return Consent(
            subscriber_id=person.id,
            newsletter=newsletter,
            kind=kind,
            **{field.name: getattr(self, field.name) for field in fields(self)},
        )

    def __str__(self) -> str:
        return self.source or f"by {self.via}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants, checked. ``chosen`` has per newsletter the cadence (None: its default) and a topics key."""

    email: str
    chosen: Mapping[str, tuple[str | None, str]]
    name: str = ""
    language: str | None = None
    timezone: str | None = None


def wish(
    newsletters: Sequence[Newsletter],
    *,
    email: str,
    name: str = "",
    slugs: Iterable[str] = (),
    cadence: str | None = None,
    topics: Iterable[str] = (),
    language: str | None = None,
    timezone: str | None = None,
) -> Wish:
    """What was typed, checked and spelled one way. ``slugs`` may be left out when there is but one newsletter.

    :raises AddressError: when mail can't be sent to ``email``.
    :raises NotFoundError: when a newsletter or a cadence does not exist.
    :raises SyndicateError: when another value can't be used.
    """
    wanted = choices.newsletters_of(newsletters, slugs)
    key = subscribers.topics_key(choices.topics_of(topics))
    return Wish(
        email=normalise(email),
        chosen={one.slug: (choices.cadence_of(one, cadence) if cadence else None, key) for one in wanted},
        name=choices.name_of(name),
        language=choices.language_of(language or ""),
        timezone=choices.timezone_of(timezone or ""),
    )


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

    What is left out stays as it was, or is the newsletter's default. ``consent`` says how the reader agreed, who is
    added by an operator here. Raises as ``wish`` does.
    """
    wanted = wish(
        newsletters,
        email=email,
        name=name,
        slugs=slugs,
        cadence=cadence,
        topics=topics,
        language=language,
        timezone=timezone,
    )
    evidence = Evidence(via=Via.CLI, source=consent, asked_at=now)
    with store.write() as connection:
        return join(connection, newsletters, wanted, evidence, now=now)


def join(
    connection: Connection, newsletters: Sequence[Newsletter], wanted: Wish, evidence: Evidence, *, now: datetime
) -> Joined:
    """Does what ``subscribe`` promises, within the caller's transaction, and keeps the evidence.

    Newsletters that are no more are left out, and so is a cadence that is no longer offered.
    """
    known = {one.slug: one for one in newsletters}
    person = _keep(connection, wanted, now=now)
    held = {one.newsletter: one for one in subscribers.of_address(connection, wanted.email)}
    joined = [slug for slug in wanted.chosen if slug in known]
    for slug in joined:
        cadence, topics = wanted.chosen[slug]
        cadence = cadence if cadence in known[slug].cadences else None
        _join(connection, person, known[slug], held.get(slug), cadence, topics, consent=str(evidence), now=now)
    consents.add(connection, [evidence.record(person, slug, ConsentKind.GIVEN) for slug in joined])
    found = subscribers.of_address(connection, wanted.email)
    return Joined(
        tuple(one for one in found if one.newsletter in joined),
        wanted.email in suppressions.suppressed(connection, [wanted.email]),
    )


def unsubscribe(store: Store, subscription_id: int, *, now: datetime, via: Via = Via.WEB) -> bool:
    """Ends a subscription; false when it had ended already. :raises NotFoundError: when there never was one."""
    with store.write() as connection:
        held = subscribers.subscription(connection, subscription_id)
        if held is None:
            raise NotFoundError("subscription", subscription_id)
        return leave(connection, held, Evidence(via=via, asked_at=now), now=now)


def leave(connection: Connection, held: Subscription, evidence: Evidence, *, now: datetime) -> bool:
    """Ends a subscription within the caller's transaction; false when it had ended already."""
    ended = subscribers.end(connection, held.id, now=now)
    if ended:
        record = evidence.record(held.subscriber, held.newsletter, ConsentKind.WITHDRAWN)
        consents.add(connection, [record])
    return ended


def remove(
    store: Store,
    email: str,
    *,
    newsletter: str | None = None,
    now: datetime,
    via: Via = Via.CLI,
    source: str = "removed by an operator",
) -> int:
    """Ends an address's subscriptions, all or that to ``newsletter``, and says how many were still going on.

    :raises AddressError: when ``email`` is not an address.
    :raises NotFoundError: when it is nobody's, or has nothing to do with ``newsletter``.
    """
    address = normalise(email)
    evidence = Evidence(via=via, source=source, asked_at=now)
    with store.write() as connection:
        held = {one.newsletter: one for one in subscribers.of_address(connection, address)}
        if not held:
            raise NotFoundError("subscriber", address)
        if newsletter is not None and newsletter not in held:
            raise NotFoundError(f"subscription of {address} to", newsletter, held)
        ending = held.values() if newsletter is None else (held[newsletter],)
        return sum(leave(connection, one, evidence, now=now) for one in ending)


def _keep(connection: Connection, wanted: Wish, *, now: datetime) -> Subscriber:
    """The person of that address, known from now on, with what was given in place of what was known."""
    person = subscribers.people(connection, [wanted.email]).get(wanted.email)
    given = {"name": wanted.name, "language": wanted.language, "timezone": wanted.timezone}
    if person is None:
        subscribers.add_people(connection, [{"email": wanted.email, **given}], now=now)
    elif any(given.values()):
        known = {"name": person.name, "language": person.language, "timezone": person.timezone}
        kept = {field: value or known[field] for field, value in given.items()}
        subscriptions.set_timezone(connection, person.id, kept["timezone"], now=now)
        subscribers.change_people(connection, [{"id": person.id, **kept}])
    return subscribers.people(connection, [wanted.email])[wanted.email]


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
    going_on = held.state in (SubscriptionState.ACTIVE, SubscriptionState.PAUSED)
    subscribers.resume(
        connection,
        held.id,
        cadence=chosen,
        topics=topics or subscribers.topics_key(held.topics),
        watermark=held.watermark if going_on else start,
        consent=None if going_on else consent,
    )
    if chosen != held.cadence or held.state is not SubscriptionState.ACTIVE:
        subscriptions.choose_anew(connection, held.id, now=now)
