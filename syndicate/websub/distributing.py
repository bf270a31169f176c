"""Gives followers their feeds, as they are in the published files (WebSub §7). Called by ``websub``."""

from __future__ import annotations

import asyncio
import random
from datetime import datetime
from functools import partial

import structlog

from syndicate.model import IntentMode
from syndicate.settings import Settings
from syndicate.store import Connection, followers, intents
from syndicate.store.followers import Follower
from syndicate.store.intents import Intent
from syndicate.websub.announced import Announced
from syndicate.websub.caller import Caller, Said
from syndicate.websub.flow import Record, Work
from syndicate.websub.followable import Followable
from syndicate.websub.messages import distribution
from syndicate.websub.patience import MOST_FAILURES, claimed_until, next_try

GONE = 410
"""The callback's own word that it no longer follows."""

log = structlog.get_logger()


class Distributing:
    """One run's distribution; what it learns goes into ``done``."""

    def __init__(self, settings: Settings, feeds: Followable, caller: Caller, done: Announced) -> None:
        self._settings, self._feeds, self._caller, self._done = settings, feeds, caller, done

    def take(self, connection: Connection, now: datetime, most: int) -> list[Work]:
        """Up to ``most`` followers whose time has come; those whose lease is over end."""
        followers.end_leases(connection, now=now)
        until = claimed_until(now, self._settings.websub)
        return [partial(self._give, one) for one in followers.take(connection, now=now, until=until, limit=most)]

    async def _give(self, follower: Follower) -> Record:
        found = await asyncio.to_thread(self._feeds.read, follower.feed)
        if found is None:
            return partial(self._deny, follower)
        media_type, content = found
        headers = distribution(self._settings.hubs, follower.feed, media_type, content, follower.secret)
        said = await self._caller.call("POST", follower.callback, headers, content)
        return partial(self._record, follower, said)

    def _deny(self, follower: Follower, connection: Connection, now: datetime) -> None:
        """There is no such feed any more; the callback is told so (§5.2)."""
        followers.drop(connection, follower.id)
        denial = Intent(mode=IntentMode.DENIED, feed=follower.feed, callback=follower.callback, host=follower.host)
        intents.put(connection, denial, now=now)
        self._done.dropped += 1

    def _record(self, follower: Follower, said: Said, connection: Connection, now: datetime) -> None:
        if said.is_success:
            followers.delivered(connection, follower, now=now)
            self._done.distributed += 1
        elif said.status == GONE or follower.failures + 1 >= MOST_FAILURES:
            followers.drop(connection, follower.id)
            self._done.dropped += 1
            log.warning("a callback is no longer tried", host=follower.host, feed=follower.feed, reason=said.reason)
        else:
            next_at = next_try(follower.failures + 1, now, random.random())  # noqa: S311 - jitter
            followers.failed(connection, follower, error=said.reason, next_at=next_at)
            self._done.failed += 1
