"""The roster the other way: every subscription as CSV. `syndicate subscribers export` calls it."""

from __future__ import annotations

from itertools import groupby, islice
from typing import TextIO

from syndicate.audience.formats.own import COLUMNS
from syndicate.audience.sheet import Writer
from syndicate.model import Subscriber, Subscription
from syndicate.store import Store, seek, suppressions
from syndicate.store.seek import EVERYONE, Sought

_TOGETHER = 1000


def export_roster(store: Store, out: TextIO, *, sought: Sought = EVERYONE) -> int:
    """Writes who gets what, by address, and says how many rows; of everyone, or of who is ``sought``.

    A subscriber has one row for all newsletters that they get with the same choices, so one row as a rule. What is
    written can be imported: the same subscribers, choices and states come of it.
    """
    writer, count = Writer(out), 0
    writer.write(COLUMNS)
    with store.read() as connection:
        everyone = seek.stream(connection, sought)
        groups = (list(group) for _, group in groupby(everyone, key=lambda one: one.subscriber.id))
        while some := list(islice(groups, _TOGETHER)):
            bans = suppressions.reasons(connection, [group[0].subscriber.email for group in some])
            for group in some:
                for row in _rows(group, bans.get(group[0].subscriber.email, "")):
                    writer.write(row)
                    count += 1
    return count


def _rows(subscriptions: list[Subscription], ban: str) -> list[tuple[str, ...]]:
    alike: dict[tuple[str, tuple[str, ...], str], list[str]] = {}
    for one in subscriptions:
        until = f" until {one.resume_at:%Y-%m-%dT%H:%M:%SZ}" if one.resume_at else ""
        alike.setdefault((one.cadence, one.topics, f"{one.state}{until}"), []).append(one.newsletter)
    return [_row(subscriptions[0].subscriber, slugs, *choice, ban) for choice, slugs in alike.items()]


def _row(
    person: Subscriber, slugs: list[str], cadence: str, topics: tuple[str, ...], state: str, ban: str
) -> tuple[str, ...]:
    return (
        person.email,
        person.name,
        ";".join(slugs),
        cadence,
        ";".join(topics),
        person.language or "",
        person.timezone or "",
        state,
        ban,
    )
