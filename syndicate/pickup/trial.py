"""What a source would bring, without keeping any of it. Called by the console, before a source is saved."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

from syndicate.errors import PickupError
from syndicate.model import Content, SourceStatus
from syndicate.pickup.decide import Decision, Known, dated_at, decide, fingerprints
from syndicate.pickup.fetch import fetching
from syndicate.pickup.hosts import Hosts
from syndicate.pickup.look import Shown, look
from syndicate.settings import Fetch, PolledSource
from syndicate.store import Store, articles, sources


@dataclass(frozen=True, slots=True)
class Trial:
    """All that the source shows, newest first, what pick-up would make of it, and what of it could not be read."""

    contents: tuple[Content, ...]
    decision: Decision
    problems: tuple[PickupError, ...]


def try_source(source: PolledSource, store: Store, limits: Fetch) -> Trial:
    """Reads it as a pick-up would, within the same bounds. :raises PickupError: when it can't be read.

    It has an event loop of its own, so it is for threads without one.
    """

    async def look_once() -> Shown:
        async with fetching(limits, Hosts()) as fetcher:
            return await look(source, SourceStatus(name=source.name), fetcher, datetime.now(UTC))

    shown = asyncio.run(look_once())
    if shown.error:
        raise shown.error
    contents = shown.contents or ()
    with store.read() as connection:
        rows = articles.known(connection, source.name)
        seen = articles.holders(connection, [mark for one in contents for mark in fingerprints(one)])
        is_first = sources.status(connection, source.name).first_picked_up_at is None
    known = [
        Known(id=r.id, guid=r.guid, state=r.state, content_hash=r.content_hash, duplicate_of=r.duplicate_of)
        for r in rows
    ]
    decision = decide(
        contents,
        known,
        seen,
        first=is_first,
        first_pickup=source.first_pickup,
        hold_over=source.hold_over,
        complete=shown.complete,
        present=shown.present,
    )
    return Trial(tuple(sorted(contents, key=dated_at, reverse=True)), decision, shown.problems)
