"""Subscribers and their subscriptions: kept by the audience's doors, read by composing and by pages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from unicodedata import normalize

from sqlalchemy import Connection, Row, Select, bindparam, func, insert, select, update

from syndicate.model import Channel, DigestState, Subscriber, Subscription, SubscriptionState
from syndicate.store.engine.columns import among
from syndicate.store.engine.filling import Filling, take_ids
from syndicate.store.engine.prepared import Prepared
from syndicate.store.schema import digests, subscribers, subscriptions

_PERSON = ("email", "name", "language", "timezone")
_SAID = ("tags", "attributes")
_OWN = ("id", "newsletter", "state", "cadence", "topics", "watermark", "resume_at", "channel")
_GIVEN = (DigestState.EMPTY, DigestState.SENDING, DigestState.PAUSED, DigestState.SENT)


def topics_key(topics: Sequence[str]) -> str:
    """Topics as one column keeps them: case-folded, NFC, sorted, one a line, so that equal choices are equal text."""
    return "\n".join(sorted({normalize("NFC", topic.strip().casefold()) for topic in topics if topic.strip()}))


def topics_of(key: str) -> tuple[str, ...]:
    """The topics that ``topics_key`` wrote."""
    return tuple(key.split("\n")) if key else ()


def ids_of(connection: Connection, emails: Sequence[str]) -> dict[str, int]:
    """The ids of those normalised addresses that are known."""
    query = select(subscribers.c.email, subscribers.c.id).where(among(subscribers.c.email, emails))
    return {row.email: row.id for row in connection.execute(query)}


def people(connection: Connection, emails: Sequence[str]) -> dict[str, Subscriber]:
    """The subscribers of those normalised addresses that are known."""
    c = subscribers.c
    query = select(c.id, *(c[name] for name in (*_PERSON, *_SAID))).where(among(c.email, emails))
    return {row.email: subscriber_of(row, row.id) for row in connection.execute(query)}


def subscriber_of(row: Row[Any], subscriber_id: int) -> Subscriber:
    """The subscriber in a row that has their columns."""
    return Subscriber(
        id=subscriber_id,
        email=row.email,
        name=row.name,
        language=row.language,
        timezone=row.timezone,
        tags=topics_of(row.tags),
        attributes=row.attributes or {},
    )


_ADD_PERSON = Prepared(insert(subscribers), *_PERSON, *_SAID, "domain", "created_at")


def add_people(connection: Connection, rows: Sequence[Mapping[str, Any]], *, now: datetime) -> None:
    """Stores new people: ``email``, ``name``, ``language``, ``timezone``, maybe ``tags`` (a key) and ``attributes``."""
    if rows:
        new = [
            (
                *[row[name] for name in _PERSON],
                row.get("tags", ""),
                row.get("attributes") or None,
                row["email"].rpartition("@")[2],
                now,
            )
            for row in rows
        ]
        _ADD_PERSON.carry(connection, new)


_FILL_PEOPLE = Filling(subscribers, "id", "email", "domain", *_PERSON[1:], *_SAID, "created_at")


def fill(connection: Connection, people: Sequence[Subscriber], *, now: datetime) -> list[int]:
    """Stores many new people, whatever ``id`` they have; returns the ids that they get."""
    ids = take_ids(connection, subscribers, len(people)) if people else []
    new = [
        (
            number,
            one.email,
            one.email.rpartition("@")[2],
            one.name,
            one.language,
            one.timezone,
            topics_key(one.tags) if one.tags else "",
            one.attributes or None,
            now,
        )
        for number, one in zip(ids, people, strict=True)
    ]
    if new:
        _FILL_PEOPLE.carry(connection, new)
    return ids


def change_people(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Replaces ``name``, ``language`` and ``timezone`` of the people with those ``id``."""
    if rows:
        query = update(subscribers).where(subscribers.c.id == bindparam("person"))
        values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in _PERSON[1:]}
        connection.execute(
            query.values(values),
            [{"person": row["id"]} | {f"new_{name}": row[name] for name in _PERSON[1:]} for row in rows],
        )


_DESCRIBE = Prepared(
    update(subscribers)
    .where(subscribers.c.id == bindparam("person", type_=subscribers.c.id.type))
    .values(
        tags=bindparam("new_tags", type_=subscribers.c.tags.type),
        attributes=bindparam("new_attributes", type_=subscribers.c.attributes.type),
    ),
    "new_tags",
    "new_attributes",
    "person",
)


def describe(connection: Connection, people: Sequence[Subscriber]) -> None:
    """Replaces the tags and attributes of these people."""
    rows = [(topics_key(person.tags), person.attributes or None, person.id) for person in people]
    if rows:
        _DESCRIBE.carry(connection, rows)


def subscriptions_of(connection: Connection, subscriber_ids: Sequence[int]) -> dict[tuple[int, str], Any]:
    """``(subscriber id, newsletter)`` → row with ``id, state, cadence, topics, watermark`` as stored."""
    c = subscriptions.c
    columns = (c.id, c.subscriber_id, c.newsletter, c.state, c.cadence, c.topics, c.watermark)
    query = select(*columns).where(among(c.subscriber_id, subscriber_ids))
    return {(row.subscriber_id, row.newsletter): row for row in connection.execute(query)}


class Begun(NamedTuple):
    """A subscription that begins; ``topics`` is a key."""

    subscriber_id: int
    newsletter: str
    state: str
    cadence: str
    topics: str
    watermark: int
    resume_at: datetime | None
    consent: str


_FILL_SUBSCRIPTIONS = Filling(subscriptions, *Begun._fields, "created_at", "ended_at")


def add_subscriptions(connection: Connection, rows: Sequence[Mapping[str, Any]], *, now: datetime) -> None:
    """Stores: ``subscriber_id, newsletter, state, cadence, topics, watermark, consent``, ``resume_at`` if any."""
    begin(connection, [Begun(**{"resume_at": None, **row}) for row in rows], now=now)


def begin(connection: Connection, rows: Sequence[Begun], *, now: datetime) -> None:
    """Stores many."""
    if rows:
        over = SubscriptionState.UNSUBSCRIBED
        _FILL_SUBSCRIPTIONS.carry(connection, [(*row, now, now if row.state == over else None) for row in rows])


def change_subscriptions(connection: Connection, rows: Sequence[dict[str, Any]], *, now: datetime) -> None:
    """Replaces ``state``, ``cadence``, ``topics`` (a key) and ``watermark`` of the subscriptions with those ``id``."""
    if rows:
        names = ("state", "cadence", "topics", "watermark")
        query = update(subscriptions).where(subscriptions.c.id == bindparam("subscription"))
        connection.execute(
            query.values({name: bindparam(f"new_{name}") for name in names} | {"chosen_at": now}),
            [{"subscription": row["id"]} | {f"new_{name}": row[name] for name in names} for row in rows],
        )


def starting_watermark(connection: Connection, newsletter: str, cadence: str) -> int:
    """What a new reader counts as given: what that cadence's last digest covered, so that they join in step."""
    newest = select(func.max(digests.c.upto)).where(digests.c.newsletter == newsletter, digests.c.state.in_(_GIVEN))
    of_cadence = connection.execute(newest.where(digests.c.cadence == cadence)).scalar()
    return int(of_cadence if of_cadence is not None else connection.execute(newest).scalar() or 0)


def end(connection: Connection, subscription_id: int, *, now: datetime) -> bool:
    """Unsubscribes; false when it was over already. Rows stay, for the ledger refers to them."""
    query = (
        update(subscriptions)
        .where(subscriptions.c.id == subscription_id, subscriptions.c.state != SubscriptionState.UNSUBSCRIBED)
        .values(state=SubscriptionState.UNSUBSCRIBED, ended_at=now)
    )
    return bool(connection.execute(query).rowcount)


def resume(
    connection: Connection,
    subscription_id: int,
    *,
    cadence: str,
    topics: str,
    watermark: int,
    consent: str | None = None,
) -> None:
    """Makes a subscription active with those choices; its watermark never goes back.

    ``topics`` is a key. ``consent`` says how the reader came back, which is for mail; None leaves what is known.
    """
    c = subscriptions.c
    newest = connection.execute(select(c.watermark).where(c.id == subscription_id)).scalar_one()
    values: dict[str, Any] = {
        "state": SubscriptionState.ACTIVE,
        "cadence": cadence,
        "topics": topics,
        "watermark": max(newest, watermark),
        "ended_at": None,
        "resume_at": None,
    }
    if consent is not None:
        values |= {"consent": consent, "channel": Channel.MAIL}
    connection.execute(update(subscriptions).where(c.id == subscription_id).values(values))


def subscription(connection: Connection, subscription_id: int) -> Subscription | None:
    """One subscription with its subscriber, None when there is none or its subscriber was erased."""
    row = connection.execute(joined().where(subscriptions.c.id == subscription_id)).one_or_none()
    return subscription_of(row) if row else None


def page(
    connection: Connection, *, newsletter: str, state: SubscriptionState | None, after: int, limit: int
) -> list[Subscription]:
    """Those behind the id ``after``, in the order of their ids: of one newsletter, and in one state, where given."""
    c = subscriptions.c
    query = joined().where(c.id > after).order_by(c.id).limit(limit)
    if newsletter:
        query = query.where(c.newsletter == newsletter)
    if state:
        query = query.where(c.state == state)
    return [subscription_of(row) for row in connection.execute(query)]


def of_address(connection: Connection, email: str) -> list[Subscription]:
    """Every subscription of that normalised address."""
    query = joined().where(subscribers.c.email == email).order_by(subscriptions.c.newsletter)
    return [subscription_of(row) for row in connection.execute(query)]


def counts(connection: Connection) -> dict[tuple[str, str, SubscriptionState], int]:
    """How many subscriptions each (newsletter, cadence, state) has, without those of people who were erased."""
    c = subscriptions.c
    all_ = select(c.newsletter, c.cadence, c.state, func.count().label("n"))
    all_ = all_.group_by(c.newsletter, c.cadence, c.state)
    erased = all_.where(c.subscriber_id.in_(select(subscribers.c.id).where(subscribers.c.erased_at.is_not(None))))
    found = Counter({(r.newsletter, r.cadence, SubscriptionState(r.state)): r.n for r in connection.execute(all_)})
    found.subtract({(r.newsletter, r.cadence, SubscriptionState(r.state)): r.n for r in connection.execute(erased)})
    return dict(+found)


def readers(connection: Connection, newsletter: str, cadence: str) -> int:
    """How many active subscriptions a cadence has; an index answers it."""
    c = subscriptions.c
    which = (c.newsletter == newsletter, c.cadence == cadence, c.state == SubscriptionState.ACTIVE)
    return int(connection.execute(select(func.count()).select_from(subscriptions).where(*which)).scalar_one())


def joined() -> Select[Any]:
    """Subscriptions with their subscribers, but for those who were erased; ``subscription_of`` reads its rows."""
    person = [subscribers.c.id.label("person_id"), *(subscribers.c[name] for name in (*_PERSON, *_SAID))]
    own = [subscriptions.c[name] for name in _OWN]
    query = select(*own, *person).join(subscribers, subscribers.c.id == subscriptions.c.subscriber_id)
    return query.where(subscribers.c.erased_at.is_(None))


def subscription_of(row: Row[Any]) -> Subscription:
    """A row of ``joined``."""
    return Subscription(
        id=row.id,
        subscriber=subscriber_of(row, row.person_id),
        newsletter=row.newsletter,
        state=SubscriptionState(row.state),
        cadence=row.cadence,
        topics=topics_of(row.topics),
        watermark=row.watermark,
        resume_at=row.resume_at,
        channel=Channel(row.channel),
    )
