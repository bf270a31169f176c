"""Which readers of a newsletter a digest would not reach by mail. Reads only."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, func, select

from syndicate.model import Channel, SubscriptionState
from syndicate.store.schema import FED, subscribers, subscriptions, suppressions

Key = tuple[str, int, str]
"""Cadence, watermark and topics: what a ``Group`` of readers has in common."""


class Aside(NamedTuple):
    """How many of a group have a private feed instead, and how many have an address that is suppressed."""

    fed: int = 0
    suppressed: int = 0


def aside(connection: Connection, newsletter: str) -> dict[Key, Aside]:
    """Of the active readers, by group; groups that are mailed as a whole are left out.

    It costs as much as there are private feeds and suppressed addresses, however many readers there are.
    """
    c = subscriptions.c
    group, active = (
        (c.cadence, c.watermark, c.topics),
        (c.newsletter == newsletter, c.state == SubscriptionState.ACTIVE),
    )
    fed = select(*group, func.count()).where(*active, FED).group_by(*group)
    suppressed = (
        select(*group, func.count())
        .select_from(suppressions)
        .join(subscribers, subscribers.c.email == suppressions.c.email)
        .join(subscriptions, c.subscriber_id == subscribers.c.id)
        .where(*active, c.channel == Channel.MAIL)
        .group_by(*group)
    )
    found: dict[Key, Aside] = {}
    for cadence, watermark, topics, count in connection.execute(fed):
        found[cadence, watermark, topics] = Aside(fed=count)
    for cadence, watermark, topics, count in connection.execute(suppressed):
        key = cadence, watermark, topics
        found[key] = found.get(key, Aside())._replace(suppressed=count)
    return found
