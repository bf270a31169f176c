"""The roster the other way: every subscription as CSV. `syndicate subscribers export` and the console call it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import StringIO
from itertools import groupby, islice
from typing import TextIO

from syndicate.audience.formats.own import COLUMNS
from syndicate.audience.sheet import Writer
from syndicate.model import Subscriber, Subscription
from syndicate.store import Connection, Store, seek, suppressions
from syndicate.store.seek import EVERYONE, Sought

_TOGETHER = 1000
_PIECE = 5000
"""Subscriptions; nobody has so many."""


def export_roster(store: Store, out: TextIO, *, sought: Sought = EVERYONE) -> int:
    """Writes who gets what, by address, and says how many rows; of everyone, or of who is ``sought``.

    A subscriber has one row for all newsletters that they get with the same choices, so one row as a rule. What is
    written can be imported: the same subscribers, choices and states come of it.
    """
    writer, count = Writer(out), 0
    writer.write(COLUMNS)
    with store.read() as connection:
        for row in _written(connection, seek.stream(connection, sought)):
            writer.write(row)
            count += 1
    return count


def export_in_pieces(store: Store, *, sought: Sought = EVERYONE) -> Iterator[str]:
    """The same, as text, a piece at a time: the database is asked anew for each, so that no slow taker holds it up."""
    after, is_all = "", False
    while not is_all:
        piece = StringIO()
        writer = Writer(piece)
        if not after:
            writer.write(COLUMNS)
        with store.read() as connection:
            found = list(seek.stream(connection, sought, after=after, limit=_PIECE))
            is_all = len(found) < _PIECE
            if not is_all:
                last = found[-1].subscriber.id
                found = [one for one in found if one.subscriber.id != last]
            for row in _written(connection, found):
                writer.write(row)
        yield piece.getvalue()
        after = found[-1].subscriber.email if found else after


def _written(connection: Connection, found: Iterable[Subscription]) -> Iterator[tuple[str, ...]]:
    groups = (list(group) for _, group in groupby(found, key=lambda one: one.subscriber.id))
    while some := list(islice(groups, _TOGETHER)):
        bans = suppressions.reasons(connection, [group[0].subscriber.email for group in some])
        for group in some:
            yield from _rows(group, bans.get(group[0].subscriber.email, ""))


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
