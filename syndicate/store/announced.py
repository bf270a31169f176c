"""The feeds as hubs and followers last heard of them. An announcement has a number; the counter's row is its lock."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from syndicate.store.schema import announced_feeds as feeds
from syndicate.store.schema import counters


def take_turn(connection: Connection) -> int:
    """The next announcement's number. Until the transaction ends nobody else has a turn, nor changes who follows."""
    query = update(counters).where(counters.c.name == "announcement").values(value=counters.c.value + 1)
    return int(connection.execute(query.returning(counters.c.value)).scalar_one())


def fingerprints(connection: Connection) -> dict[str, str]:
    """Each feed's address, and what it was when it was last announced."""
    return {row.address: row.fingerprint for row in connection.execute(select(feeds))}


def note(connection: Connection, changed: Mapping[str, str], gone: Collection[str]) -> None:
    """Keeps what feeds are now, by address, and forgets those that are gone."""
    forgotten = [{"old": address} for address in (*changed, *gone)]
    if forgotten:
        connection.execute(delete(feeds).where(feeds.c.address == bindparam("old")), forgotten)
    if changed:
        connection.execute(insert(feeds), [{"address": one, "fingerprint": print_} for one, print_ in changed.items()])
