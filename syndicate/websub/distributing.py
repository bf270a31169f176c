"""Gives followers their feeds, as they are in the published files (WebSub §7). Called by ``websub``."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal

import structlog

from syndicate.model import IntentMode
from syndicate.settings import Settings
from syndicate.store import Connection, Store, announced, followers, intents
from syndicate.store.followers import Follower
from syndicate.store.intents import Intent
from syndicate.websub.announced import Announced
from syndicate.websub.caller import Caller, Said
from syndicate.websub.followable import Followable
from syndicate.websub.messages import distribution
from syndicate.websub.patience import MOST_FAILURES, claimed_until, next_try, portion

GONE = 410
"""The callback's own word that it no longer follows."""

_Ending = Literal["distributed", "failed", "dropped"]

log = structlog.get_logger()


class Distributing:
    """One run's distribution; what it learns goes into ``done``."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        feeds: Followable,
        caller: Caller,
        clock: Callable[[], datetime],
        done: Announced,
    ) -> None:
        self._settings, self._store, self._feeds = settings, store, feeds
        self._caller, self._clock, self._done = caller, clock, done

    async def some(self) -> bool:
        """Gives a portion of the followers what they are owed; false when nobody is owed anything."""
        taken = await asyncio.to_thread(self._take)
        contents = await asyncio.to_thread(self._read, {one.feed for one in taken})
        answers = await asyncio.gather(*(self._give(one, contents) for one in taken))
        for ending in await asyncio.to_thread(self._record, taken, answers):
            setattr(self._done, ending, getattr(self._done, ending) + 1)
        return bool(taken)

    def _take(self) -> list[Follower]:
        now, settings = self._clock(), self._settings.websub
        with self._store.write() as connection:
            followers.end_leases(connection, now=now)
            return followers.take(connection, now=now, until=claimed_until(now, settings), limit=portion(settings))

    def _read(self, feeds: set[str]) -> dict[str, tuple[str, bytes]]:
        """Media type and bytes of each that is still there."""
        found = {feed: file for feed in feeds if (file := self._feeds.file(feed))}
        contents: dict[str, tuple[str, bytes]] = {}
        for feed, file in found.items():
            content = _bytes_of(file)
            if content is not None:
                contents[feed] = (self._feeds.media_types[file.name], content)
        return contents

    async def _give(self, follower: Follower, contents: dict[str, tuple[str, bytes]]) -> Said | None:
        """What the callback said; None when there is no such feed any more."""
        if follower.feed not in contents:
            return None
        media_type, content = contents[follower.feed]
        headers = distribution(self._settings.hubs, follower.feed, media_type, content, follower.secret)
        return await self._caller.call("POST", follower.callback, headers, content)

    def _record(self, taken: Sequence[Follower], answers: Sequence[Said | None]) -> list[_Ending]:
        if not taken:
            return []
        now = self._clock()
        with self._store.write() as connection:
            announced.take_turn(connection)
            return [self._end(connection, one, said, now) for one, said in zip(taken, answers, strict=True)]

    def _end(self, connection: Connection, follower: Follower, said: Said | None, now: datetime) -> _Ending:
        if said is None:
            followers.drop(connection, follower.id)
            intents.put(connection, _denial(follower), now=now)
            return "dropped"
        if said.is_success:
            followers.delivered(connection, follower, now=now)
            return "distributed"
        if said.status == GONE or follower.failures + 1 >= MOST_FAILURES:
            followers.drop(connection, follower.id)
            log.warning("a callback is no longer tried", host=follower.host, feed=follower.feed, reason=said.reason)
            return "dropped"
        next_at = next_try(follower.failures + 1, now, random.random())  # noqa: S311 - jitter
        followers.failed(connection, follower, error=said.reason, next_at=next_at)
        return "failed"


def _bytes_of(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None


def _denial(follower: Follower) -> Intent:
    return Intent(mode=IntentMode.DENIED, feed=follower.feed, callback=follower.callback, host=follower.host)
