"""Digests, their variants, and the audiences they were composed for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, and_, delete, func, insert, select, true, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql.elements import ColumnElement

from syndicate.errors import ConflictError, NotFoundError
from syndicate.model import DIGEST_TRANSITIONS, Channel, Digest, DigestState, Event, Parts, SubscriptionState, Variant
from syndicate.store import journal, outbox
from syndicate.store.engine import news
from syndicate.store.outbox import Happened
from syndicate.store.schema import (
    appearances,
    audiences,
    counters,
    digests,
    subscribers,
    subscriptions,
    variants,
    zones,
)

_COLUMNS = [digests.c[f.name] for f in fields(Digest)]
_NAMES = tuple(f.name for f in fields(Digest))
_LOOKS = ("subject", "html", "text")
WAITING = (DigestState.HELD, DigestState.REVIEW)


class Group(NamedTuple):
    """Readers who are owed the same: same cadence, same watermark, same topics (a key)."""

    cadence: str
    watermark: int
    topics: str
    readers: int


def groups(connection: Connection, newsletter: str, cadence: str | None, timezones: Sequence[str] = ()) -> list[Group]:
    """The active readers of a newsletter (of one cadence, or of all), grouped by what they are owed.

    ``timezones`` are those whose readers are meant, ``""`` for readers whose zone is not known; none means everyone.
    """
    c = subscriptions.c
    query = (
        select(c.cadence, c.watermark, c.topics, func.count().label("readers"))
        .where(c.newsletter == newsletter, c.state == SubscriptionState.ACTIVE, _living_in(timezones))
        .group_by(c.cadence, c.watermark, c.topics)
        .order_by(c.cadence, c.watermark, c.topics)
    )
    if cadence is not None:
        query = query.where(c.cadence == cadence)
    return [Group(row.cadence, row.watermark, row.topics, row.readers) for row in connection.execute(query)]


def readers_of(connection: Connection, digest: Digest) -> ColumnElement[bool]:
    """Whose turn a digest's slot is: active subscriptions to its newsletter, in its time zones if it has any."""
    c = subscriptions.c
    where = _living_in(zones_of(connection, digest.id))
    return and_(c.newsletter == digest.newsletter, c.state == SubscriptionState.ACTIVE, where)


def timezones(connection: Connection) -> list[str]:
    """Every time zone that somebody lives in, whatever they read."""
    zone = subscribers.c.timezone
    return list(connection.execute(select(zone).where(zone > "").distinct().order_by(zone)).scalars())


def zones_lived_in(
    connection: Connection, newsletter: str, cadence: str, timezones: Sequence[str] = ()
) -> dict[str, datetime]:
    """The time zones of a cadence's active readers, and when the first reader there chose it; ``""`` is not known.

    Of these ``timezones`` only, or of all.
    """
    c = subscriptions.c
    zone = func.coalesce(subscribers.c.timezone, "")
    chosen = func.min(func.coalesce(c.chosen_at, c.created_at), type_=c.created_at.type)
    query = (
        select(zone.label("zone"), chosen.label("since"))
        .join(subscribers, subscribers.c.id == c.subscriber_id)
        .where(c.newsletter == newsletter, c.cadence == cadence, c.state == SubscriptionState.ACTIVE)
        .group_by(zone)
    )
    if timezones:
        query = query.where(subscribers.c.timezone.in_(timezones))
    return {row.zone: row.since for row in connection.execute(query)}


def set_zones(connection: Connection, digest_id: int, timezones: Sequence[str]) -> None:
    """Notes that a digest is only for readers of those time zones."""
    if timezones:
        connection.execute(insert(zones), [{"digest_id": digest_id, "timezone": name} for name in timezones])


def zones_of(connection: Connection, digest_id: int) -> tuple[str, ...]:
    """The time zones whose readers a digest is for; none means everyone."""
    query = select(zones.c.timezone).where(zones.c.digest_id == digest_id).order_by(zones.c.timezone)
    return tuple(connection.execute(query).scalars())


def _living_in(timezones: Sequence[str]) -> ColumnElement[bool]:
    if not timezones:
        return true()
    there = select(subscribers.c.id).where(func.coalesce(subscribers.c.timezone, "").in_(timezones))
    return subscriptions.c.subscriber_id.in_(there)


def has_slot(connection: Connection, newsletter: str, cadence: str, slot: str) -> bool:
    """Whether that slot was composed already."""
    return id_of_slot(connection, newsletter, cadence, slot) is not None


def id_of_slot(connection: Connection, newsletter: str, cadence: str, slot: str) -> int | None:
    """The digest of that slot, None when it was not composed yet."""
    c = digests.c
    query = select(c.id).where(c.newsletter == newsletter, c.cadence == cadence, c.slot == slot)
    return connection.execute(query).scalar()


def take_id(connection: Connection) -> int:
    """The id of the next digest, before it is composed: its pages' addresses are in what is rendered."""
    query = update(counters).where(counters.c.name == "digest").values(value=counters.c.value + 1)
    return int(connection.execute(query.returning(counters.c.value)).scalar_one())


def add(connection: Connection, digest: Digest) -> bool:
    """Takes the slot; false when another process has. The unique constraint decides, and nothing else is undone."""
    values = {f.name: getattr(digest, f.name) for f in fields(Digest)}
    try:
        with connection.begin_nested():
            connection.execute(insert(digests), values)
    except IntegrityError:
        return False
    return True


def add_variant(connection: Connection, digest_id: int, article_ids: Sequence[int], parts: Parts) -> int:
    """Freezes one distinct set of articles with how it looks; returns the variant's id.

    The digest's first variant is the one on its page: its articles appear in the digest.
    """
    _appear(connection, digest_id, article_ids)
    values = {
        "digest_id": digest_id,
        "articles": list(article_ids),
        "subject": parts.subject,
        "html": parts.html,
        "text": parts.text,
        "nonce": parts.nonce,
        "unnamed": parts.unnamed and {name: getattr(parts.unnamed, name) for name in _LOOKS},
    }
    return int(connection.execute(insert(variants).returning(variants.c.id), values).scalar_one())


def _appear(connection: Connection, digest_id: int, article_ids: Sequence[int]) -> None:
    is_first = not connection.execute(select(variants.c.id).where(variants.c.digest_id == digest_id).limit(1)).first()
    if is_first and article_ids:
        places = enumerate(dict.fromkeys(article_ids))
        rows = [{"digest_id": digest_id, "place": place, "article_id": one} for place, one in places]
        connection.execute(insert(appearances), rows)


def add_audience(connection: Connection, digest_id: int, group: Group, variant_id: int | None) -> None:
    """Notes which variant a group of readers gets; None: nothing in it is for them."""
    values = {
        "digest_id": digest_id,
        "cadence": group.cadence,
        "watermark": group.watermark,
        "topics": group.topics,
        "variant_id": variant_id,
    }
    connection.execute(insert(audiences), values)


def owed(connection: Connection, digest: Digest) -> int:
    """How many mails a digest that waits would be planned for now."""
    a, s = audiences.c, subscriptions.c
    same = and_(a.cadence == s.cadence, a.watermark == s.watermark, a.topics == s.topics)
    query = (
        select(func.count())
        .select_from(subscriptions)
        .join(audiences, same)
        .where(readers_of(connection, digest))
        .where(a.digest_id == digest.id, a.variant_id.is_not(None), s.channel == Channel.MAIL)
    )
    return int(connection.execute(query).scalar_one())


def supersedes(connection: Connection, newsletter: str, cadence: str, timezones: Sequence[str]) -> list[int]:
    """The digests that still wait, and whose readers a new one for these time zones (none: all) serves, oldest first.

    One that is for some time zones stays, unless the new one is for all of those.
    """
    c = digests.c
    same = and_(c.newsletter == newsletter, c.cadence == cadence, c.state.in_(WAITING))
    waiting = connection.execute(select(c.id).where(same).order_by(c.id)).scalars().all()
    theirs = {one: zones_of(connection, one) for one in waiting}
    return [one for one, where in theirs.items() if not timezones or (where and set(where) <= set(timezones))]


def supersede(connection: Connection, digest: Digest, *, now: datetime) -> list[int]:
    """Cancels the digests that this one supersedes: it carries what they would have."""
    c = digests.c
    mine = zones_of(connection, digest.id)
    carried = [one for one in supersedes(connection, digest.newsletter, digest.cadence, mine) if one != digest.id]
    query = (
        update(digests)
        .where(c.id.in_(carried), c.state.in_(WAITING))
        .values(state=DigestState.CANCELLED, note=f"superseded by digest {digest.id}", finished_at=now)
        .returning(c.id)
    )
    return list(connection.execute(query).scalars())


def lock_waiting(connection: Connection, digest_id: int) -> Digest:
    """A digest that waits, and does until the transaction ends.

    :raises NotFoundError: when there is none of that id.
    :raises ConflictError: when it does not wait.
    """
    connection.execute(select(digests.c.id).where(digests.c.id == digest_id).with_for_update())
    digest = get(connection, digest_id)
    if digest.state not in WAITING:
        raise ConflictError(f"digest {digest_id} is {digest.state}: only one that waits can be edited")
    return digest


def empty(connection: Connection, digest_id: int, subject: str) -> None:
    """Takes out what a digest that waits holds, so that it can be composed anew, under another subject."""
    for table in (appearances, audiences, variants):
        connection.execute(delete(table).where(table.c.digest_id == digest_id))
    connection.execute(update(digests).where(digests.c.id == digest_id).values(subject=subject))


def get(connection: Connection, digest_id: int) -> Digest:
    """:raises NotFoundError: when there is none of that id."""
    row = connection.execute(select(*_COLUMNS).where(digests.c.id == digest_id)).one_or_none()
    if row is None:
        raise NotFoundError("digest", digest_id)
    return digest_of(row)


def latest(
    connection: Connection,
    *,
    newsletter: str | None = None,
    cadence: str | None = None,
    states: Sequence[DigestState] = (),
    before_id: int | None = None,
    limit: int = 50,
) -> list[Digest]:
    """The newest digests, newest first; ``before_id`` is the last of the page before."""
    query = select(*_COLUMNS).order_by(digests.c.id.desc()).limit(limit)
    if newsletter:
        query = query.where(digests.c.newsletter == newsletter)
    if cadence:
        query = query.where(digests.c.cadence == cadence)
    if states:
        query = query.where(digests.c.state.in_(states))
    if before_id is not None:
        query = query.where(digests.c.id < before_id)
    return [digest_of(row) for row in connection.execute(query)]


def for_feeds(
    connection: Connection, cadences: Mapping[str, Sequence[str]], states: Sequence[DigestState], limit: int
) -> dict[str, list[tuple[Digest, tuple[int, ...]]]]:
    """Newsletter → its newest digests of these ``cadences``, newest first, each with its first variant's articles.

    Of those that are the same for readers in other time zones, the first one stands for all.
    """
    own = variants.alias()
    first = select(func.min(own.c.id)).where(own.c.digest_id == digests.c.id).scalar_subquery()
    query = (
        select(*_COLUMNS, variants.c.articles)
        .select_from(digests)
        .join(variants, variants.c.id == first)
        .where(digests.c.state.in_(states), digests.c.newsletter.in_(cadences))
        .order_by(digests.c.id.desc())
    )
    found: dict[str, dict[tuple[str, str, tuple[int, ...]], tuple[Digest, tuple[int, ...]]]] = {}
    for row in connection.execute(query, execution_options={"yield_per": 1000}):
        if row.cadence not in cadences[row.newsletter]:
            continue
        *values, shown = row
        digest = Digest(**dict(zip(_NAMES, values, strict=True)) | {"state": DigestState(row.state)})
        key = digest.cadence, digest.subject, tuple(shown)
        theirs = found.setdefault(digest.newsletter, {})
        if key in theirs or len(theirs) < limit:
            theirs[key] = digest, tuple(shown)
    return {slug: sorted(one.values(), key=lambda pair: -pair[0].id) for slug, one in found.items()}


def last_upto(connection: Connection, newsletter: str, cadence: str) -> int:
    """The newest sequence number that a digest of this cadence was composed over, 0 when there was none."""
    c = digests.c
    query = select(func.max(c.upto)).where(c.newsletter == newsletter, c.cadence == cadence)
    return int(connection.execute(query.where(c.state != DigestState.CANCELLED)).scalar() or 0)


def set_state(connection: Connection, digest_id: int, state: DigestState, *, now: datetime, note: str = "") -> None:
    """Moves a digest on. :raises ConflictError: when it is in a state from which it can't."""
    c = digests.c
    before = [one for one, after in DIGEST_TRANSITIONS.items() if state in after]
    was = connection.execute(select(c.state).where(c.id == digest_id).with_for_update()).scalar()
    values: dict[str, Any] = {"state": state} | ({"note": note} if note else {})
    if state is DigestState.SENT or not DIGEST_TRANSITIONS[state]:
        values["finished_at"] = now
    changed = connection.execute(update(digests).where(and_(c.id == digest_id, c.state.in_(before))).values(values))
    if not changed.rowcount:
        found = get(connection, digest_id)
        raise ConflictError(f"digest {digest_id} is {found.state}, so it can't become {state}")
    news.tell(connection)
    if was == DigestState.SENDING:
        journal.close(connection)
    if state is DigestState.SENT:
        _sent(connection, get(connection, digest_id), now=now)


def _sent(connection: Connection, digest: Digest, *, now: datetime) -> None:
    """Has programs told."""
    facts = {
        "digest_id": digest.id,
        "newsletter": digest.newsletter,
        "cadence": digest.cadence,
        "subject": digest.subject,
    }
    outbox.note(connection, [Happened(Event.DIGEST_SENT, f"digest {digest.id}", facts)], now=now)


def variants_of(connection: Connection, digest_id: int) -> list[Variant]:
    """How the digest looks, one row per distinct set of articles."""
    query = select(variants).where(variants.c.digest_id == digest_id).order_by(variants.c.id)
    return [_variant(row) for row in connection.execute(query)]


class Look(NamedTuple):
    """A variant without what was rendered."""

    id: int
    articles: tuple[int, ...]
    subject: str


def looks_of(connection: Connection, digest_id: int, *, limit: int) -> list[Look]:
    """A digest's first variants, in the order in which they were composed."""
    v = variants.c
    query = select(v.id, v.articles, v.subject).where(v.digest_id == digest_id).order_by(v.id).limit(limit)
    return [Look(row.id, tuple(row.articles), row.subject) for row in connection.execute(query)]


def digest_of(row: Row[Any]) -> Digest:
    """The digest in a row that has all its columns."""
    values = {f.name: getattr(row, f.name) for f in fields(Digest)}
    return Digest(**(values | {"state": DigestState(values["state"])}))


def _variant(row: Row[Any]) -> Variant:
    return Variant(
        id=row.id,
        digest_id=row.digest_id,
        articles=tuple(row.articles),
        parts=parts_of(row),
    )


def parts_of(row: Row[Any]) -> Parts:
    """How a row of ``variants`` looks."""
    return Parts(
        row.subject,
        row.html,
        row.text,
        row.nonce,
        unnamed=Parts(**row.unnamed, nonce=row.nonce) if row.unnamed else None,
    )
