"""Private feeds: who has one, what its address is made of, and what was given into it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, delete, func, insert, literal, or_, select, tuple_, update
from sqlalchemy.sql.elements import ColumnElement

from syndicate.model import Channel, Digest, DigestState, Parts, SubscriptionState
from syndicate.store.digests import parts_of
from syndicate.store.schema import (
    FED,
    articles,
    audiences,
    counters,
    digests,
    pieces,
    private_feeds,
    subscriptions,
    variants,
)


class PrivateFeed(NamedTuple):
    """Of what its address is made, and since when nothing more comes, for mail does again."""

    nonce: str
    ended_at: datetime | None


class Given(NamedTuple):
    """One digest's share of a reader, with holes for what is theirs; ``titles`` are those of its articles."""

    digest_id: int
    given_at: datetime
    titles: tuple[str, ...]
    parts: Parts


def take_turn(connection: Connection) -> None:
    """Until the transaction ends, nobody else plans a digest, or moves a reader between mail and feed.

    Planning takes several statements; a reader who moved in between would get both, or neither.
    """
    connection.execute(select(counters.c.name).where(counters.c.name == "digest").with_for_update())


def begin(connection: Connection, subscription_id: int, nonce: str) -> None:
    """From now on a subscription comes in a feed. One that it had keeps its address; ``nonce`` is for a new one."""
    take_turn(connection)
    _set(connection, subscription_id, Channel.FEED)
    f = private_feeds.c
    again = update(private_feeds).where(f.subscription_id == subscription_id).values(ended_at=None)
    if not connection.execute(again).rowcount:
        connection.execute(insert(private_feeds), {"subscription_id": subscription_id, "nonce": nonce})


def end(connection: Connection, subscription_id: int, *, now: datetime) -> None:
    """From now on a subscription comes by mail. What the feed has stays there for a while."""
    take_turn(connection)
    _set(connection, subscription_id, Channel.MAIL)
    f = private_feeds.c
    open_ = update(private_feeds).where(f.subscription_id == subscription_id, f.ended_at.is_(None))
    connection.execute(open_.values(ended_at=now))


def renew(connection: Connection, subscription_id: int, nonce: str) -> None:
    """Gives a feed another address; what it has stays."""
    mine = update(private_feeds).where(private_feeds.c.subscription_id == subscription_id)
    connection.execute(mine.values(nonce=nonce))


def forget(connection: Connection, subscription_ids: Sequence[int]) -> None:
    """Removes the feeds of those subscriptions, with all that they have."""
    for table in (pieces, private_feeds):
        connection.execute(delete(table).where(table.c.subscription_id.in_(subscription_ids)))


def of(connection: Connection, subscription_id: int) -> PrivateFeed | None:
    """The feed of a subscription, if it has one."""
    f = private_feeds.c
    row = connection.execute(select(f.nonce, f.ended_at).where(f.subscription_id == subscription_id)).one_or_none()
    return PrivateFeed(row.nonce, row.ended_at) if row else None


def give(connection: Connection, digest: Digest, whose: ColumnElement[bool], *, now: datetime) -> int:
    """Puts a digest into the feeds of the readers whose turn it is; returns into how many."""
    a, s = audiences.c, subscriptions.c
    chosen = (
        select(s.id, literal(digest.id), a.variant_id, literal(now, pieces.c.given_at.type))
        .select_from(subscriptions)
        .join(audiences, whose)
        .where(FED, a.variant_id.is_not(None))
    )
    names = ["subscription_id", "digest_id", "variant_id", "given_at"]
    writing = insert(pieces).from_select(names, chosen)
    return int(connection.execute(writing, execution_options={"preserve_rowcount": True}).rowcount)


def given(connection: Connection, subscription_id: int, *, limit: int) -> list[Given]:
    """What a feed has, newest first; digests that were cancelled since are gone."""
    p = pieces.c
    query = (
        select(p.digest_id, p.given_at, *variants.c)
        .join(variants, variants.c.id == p.variant_id)
        .join(digests, digests.c.id == p.digest_id)
        .where(p.subscription_id == subscription_id, digests.c.state != DigestState.CANCELLED)
        .order_by(p.given_at.desc(), p.digest_id.desc())
        .limit(limit)
    )
    rows = connection.execute(query).all()
    shown = {article_id for row in rows for article_id in row.articles}
    named = select(articles.c.id, articles.c.title).where(articles.c.id.in_(shown))
    titles = {row.id: row.title for row in connection.execute(named)}
    return [
        Given(row[0], row[1], tuple(titles[one] for one in row.articles if titles.get(one)), parts_of(row))
        for row in rows
    ]


class Received(NamedTuple):
    """One digest that came in a reader's feed."""

    newsletter: str
    digest: int
    given_at: datetime


def received(connection: Connection, subscriber_id: int) -> list[Received]:
    """What the feeds of a person have, oldest first."""
    p, s = pieces.c, subscriptions.c
    query = (
        select(s.newsletter, p.digest_id, p.given_at)
        .join(subscriptions, s.id == p.subscription_id)
        .where(s.subscriber_id == subscriber_id)
        .order_by(p.given_at, p.digest_id)
    )
    return [Received(*row) for row in connection.execute(query)]


def readers(connection: Connection) -> dict[str, int]:
    """Newsletter → how many active subscriptions come in a feed."""
    s = subscriptions.c
    query = select(s.newsletter, func.count()).where(FED, s.state == SubscriptionState.ACTIVE).group_by(s.newsletter)
    return {row[0]: row[1] for row in connection.execute(query)}


def tidy(connection: Connection, *, keep: int, ended_before: datetime) -> int:
    """Removes all but the newest ``keep`` pieces of each feed, and feeds that ended before; returns how many pieces."""
    p, f = pieces.c, private_feeds.c
    place = func.row_number().over(partition_by=p.subscription_id, order_by=(p.given_at.desc(), p.digest_id.desc()))
    placed = select(p.subscription_id, p.digest_id, place.label("place")).subquery()
    old = select(placed.c.subscription_id, placed.c.digest_id).where(placed.c.place > keep)
    over = select(f.subscription_id).where(f.ended_at < ended_before)
    gone = delete(pieces).where(or_(tuple_(p.subscription_id, p.digest_id).in_(old), p.subscription_id.in_(over)))
    removed = int(connection.execute(gone).rowcount)
    connection.execute(delete(private_feeds).where(f.ended_at < ended_before))
    return removed


def _set(connection: Connection, subscription_id: int, channel: Channel) -> None:
    mine = update(subscriptions).where(subscriptions.c.id == subscription_id)
    connection.execute(mine.values(channel=channel))
