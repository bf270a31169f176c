"""How often links of a digest were followed, and its mails shown: numbers only, of nobody in particular."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from syndicate.store.schema import engagement


class Counted(NamedTuple):
    """What is counted: of a digest, a link's print or ``OPENED``, and whether a machine did it."""

    digest_id: int
    link: int
    by_machine: bool


OPENED = 0
"""Stands where a link's print would."""


def add(connection: Connection, counts: Mapping[Counted, int]) -> None:
    """Adds to what there is."""
    c = engagement.c
    for one, number in counts.items():
        which = (c.digest_id == one.digest_id, c.link == one.link, c.by_machine == one.by_machine)
        more = update(engagement).where(*which).values(count=c.count + number)
        if not connection.execute(more).rowcount:
            try:
                with connection.begin_nested():
                    connection.execute(insert(engagement).values(**one._asdict(), count=number))
            except IntegrityError:
                connection.execute(more)


def of_digest(connection: Connection, digest_id: int) -> dict[Counted, int]:
    """All that was counted of one digest."""
    c = engagement.c
    query = select(c.link, c.by_machine, c.count).where(c.digest_id == digest_id)
    rows = connection.execute(query)
    return {Counted(digest_id, link, by_machine): number for link, by_machine, number in rows}
