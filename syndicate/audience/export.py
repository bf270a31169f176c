"""The roster the other way: every subscription as CSV, or as JSON lines. The command line and the console call it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from io import StringIO
from itertools import groupby, islice
from typing import TextIO

from syndicate.audience.formats.own import COLUMNS
from syndicate.audience.sheet import Writer
from syndicate.model import Subscription
from syndicate.store import Connection, Store, seek, suppressions
from syndicate.store.seek import EVERYONE, Sought

_TOGETHER = 1000
_PIECE = 2000
"""Subscribers."""

Told = dict[str, str | list[str] | dict[str, str]]
"""One row: column → what it says."""


class Form(StrEnum):
    """How an export is written."""

    CSV = "csv"
    JSONL = "jsonl"


def export_roster(store: Store, out: TextIO, *, sought: Sought = EVERYONE, form: Form = Form.CSV) -> int:
    """Writes who gets what, by address, and says how many rows; of everyone, or of who is ``sought``.

    A subscriber has one row for all newsletters that they get with the same choices, so one row as a rule. What is
    written can be imported: the same subscribers, choices and states come of it.
    """
    write, count = _FORMS[form](out, True), 0
    with store.read() as connection:
        for row in _written(connection, seek.stream(connection, sought)):
            write(row)
            count += 1
    return count


def export_in_pieces(store: Store, *, sought: Sought = EVERYONE, form: Form = Form.CSV) -> Iterator[str]:
    """The same, as text, a piece at a time: the database is asked anew for each, so that no slow taker holds it up."""
    after, is_all = "", False
    while not is_all:
        piece = StringIO()
        write = _FORMS[form](piece, not after)
        with store.read() as connection:
            people = seek.addresses(connection, sought, after=after, limit=_PIECE)
            for row in _written(connection, seek.stream(connection, sought, people=list(people))):
                write(row)
        yield piece.getvalue()
        after, is_all = max(people.values(), default=""), len(people) < _PIECE


def _in_csv(out: TextIO, is_first: bool) -> Callable[[Told], None]:
    writer = Writer(out)
    if is_first:
        writer.write(COLUMNS)
    return lambda row: writer.write([_cell(row[name]) for name in COLUMNS])


def _in_json(out: TextIO, _is_first: bool) -> Callable[[Told], None]:
    return lambda row: print(json.dumps(row, ensure_ascii=False), file=out)


_FORMS = {Form.CSV: _in_csv, Form.JSONL: _in_json}


def _cell(told: str | list[str] | dict[str, str]) -> str:
    if isinstance(told, dict):
        return json.dumps(told, ensure_ascii=False) if told else ""
    return told if isinstance(told, str) else ";".join(told)


def _written(connection: Connection, found: Iterable[Subscription]) -> Iterator[Told]:
    groups = (list(group) for _, group in groupby(found, key=lambda one: one.subscriber.id))
    while some := list(islice(groups, _TOGETHER)):
        bans = suppressions.reasons(connection, [group[0].subscriber.email for group in some])
        for group in some:
            yield from _rows(group, bans.get(group[0].subscriber.email, ""))


def _rows(subscriptions: list[Subscription], ban: str) -> list[Told]:
    person = subscriptions[0].subscriber
    alike: dict[tuple[str, tuple[str, ...], str], list[str]] = {}
    for one in subscriptions:
        until = f" until {one.resume_at:%Y-%m-%dT%H:%M:%SZ}" if one.resume_at else ""
        alike.setdefault((one.cadence, one.topics, f"{one.state}{until}"), []).append(one.newsletter)
    return [
        {
            "email": person.email,
            "name": person.name,
            "newsletters": slugs,
            "cadence": cadence,
            "topics": [*topics],
            "language": person.language or "",
            "timezone": person.timezone or "",
            "state": state,
            "suppressed": ban,
            "tags": [*person.tags],
            "attributes": {**person.attributes},
        }
        for (cadence, topics, state), slugs in alike.items()
    ]
