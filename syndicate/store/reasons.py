"""Why deliveries of a digest were not accepted: by what servers said, and by domain. Reads only.

A digest that a million servers refuse has a million reasons, so only the first ``LOOKED_AT`` of them are looked at.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, Subquery, and_, func, select, union_all

from syndicate.model import DeliveryState
from syndicate.store.schema import QUEUED, TROUBLED, deliveries, subscribers, subscriptions

LOOKED_AT = 20_000
GAP = "…"
"""Stands where each reader's answer has something else."""

_REASONED = (DeliveryState.REJECTED, DeliveryState.EXPIRED, DeliveryState.UNCERTAIN)
_CODE = re.compile(r"(?:\d{3}[ -])?\d\.\d{1,3}\.\d{1,3}|(?:\d{1,3}\.){3}\d{1,3}")
_OWN = re.compile(r"(?=.*\d)[\w.:=+/-]{6,}")
_GAPS = re.compile(rf"{GAP}(?:\W+{GAP})+")


class Reason(NamedTuple):
    """What servers said to so many; ``words`` has gaps for addresses and numbers. ``state`` is what came of it."""

    state: DeliveryState
    words: str
    mails: int


class DomainCount(NamedTuple):
    """How many deliveries to a domain are in that state."""

    domain: str
    state: DeliveryState
    mails: int


def by_words(connection: Connection, digest_id: int, *, now: datetime, limit: int) -> list[Reason]:
    """What was said most often of what is rejected, expired, uncertain, or tried again later."""
    looked_at = _looked_at(digest_id, now)
    query = select(looked_at.c.state, looked_at.c.reply, func.count().label("n"))
    found: Counter[tuple[str, str]] = Counter()
    for state, reply, count in connection.execute(query.group_by(looked_at.c.state, looked_at.c.reply)):
        found[state, pattern(reply)] += count
    most = sorted(found.items(), key=lambda one: (-one[1], one[0]))[:limit]
    return [Reason(DeliveryState(state), words, count) for (state, words), count in most]


def by_trouble(connection: Connection, digest_id: int, *, now: datetime, limit: int) -> list[DomainCount]:
    """To which domains most of that was."""
    looked_at = _looked_at(digest_id, now)
    count = func.count().label("n")
    query = (
        select(subscribers.c.domain, looked_at.c.state, count)
        .select_from(looked_at)
        .join(subscriptions, subscriptions.c.id == looked_at.c.subscription_id)
        .join(subscribers, subscribers.c.id == subscriptions.c.subscriber_id)
        .group_by(subscribers.c.domain, looked_at.c.state)
        .order_by(count.desc(), subscribers.c.domain, looked_at.c.state)
    )
    return [DomainCount(row[0], DeliveryState(row[1]), row[2]) for row in connection.execute(query.limit(limit))]


def by_domain(connection: Connection, digest_id: int) -> list[DomainCount]:
    """How every delivery stands, by domain. It reads all of them: about a second for a million."""
    d = deliveries.c
    query = (
        select(subscribers.c.domain, d.state, func.count())
        .select_from(deliveries)
        .join(subscriptions, subscriptions.c.id == d.subscription_id)
        .join(subscribers, subscribers.c.id == subscriptions.c.subscriber_id)
        .where(d.digest_id == digest_id)
        .group_by(subscribers.c.domain, d.state)
    )
    return [DomainCount(row[0], DeliveryState(row[1]), row[2]) for row in connection.execute(query)]


def pattern(reply: str) -> str:
    """A server's words without what is about one mail alone: addresses, queue ids, times.

    ``550 5.1.1 <ana@reader.example>: no such user 4Xy7k2`` → ``550 5.1.1 …: no such user …``
    """
    return _GAPS.sub(GAP, " ".join(_common(word) for word in reply.split()))


def _common(word: str) -> str:
    core = word.strip("<>()[]{}\"',;:.!?")
    if not core or _CODE.fullmatch(core) or "://" in core:
        return word
    if "@" in core:
        return GAP + (":" if word.endswith(":") else "")
    return word.replace(core, GAP) if _OWN.fullmatch(core) else word


def _looked_at(digest_id: int, now: datetime) -> Subquery:
    d = deliveries.c
    ended = select(d.state, d.reply, d.subscription_id).where(
        d.digest_id == digest_id, TROUBLED, d.state.in_(_REASONED)
    )
    later = select(d.state, d.reply, d.subscription_id).where(
        and_(d.digest_id == digest_id, QUEUED, d.next_at > now, d.attempts > 0)
    )
    return union_all(ended.limit(LOOKED_AT).subquery().select(), later.limit(LOOKED_AT).subquery().select()).subquery()
