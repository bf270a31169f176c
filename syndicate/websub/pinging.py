"""Tells hubs of others which feeds changed, in the time that each one's failures leave. Called by ``websub``."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from datetime import datetime

import structlog

from syndicate.settings import Settings
from syndicate.store import Store, hubs
from syndicate.store.hubs import Taken
from syndicate.websub.announced import Announced
from syndicate.websub.caller import Caller, Said
from syndicate.websub.messages import ping
from syndicate.websub.patience import claimed_until, next_try

AT_ONCE = 50
"""Feeds in one request."""

log = structlog.get_logger()


class Pinging:
    """One run's pings; what it learns goes into ``done``."""

    def __init__(
        self, settings: Settings, store: Store, caller: Caller, clock: Callable[[], datetime], done: Announced
    ):
        self._settings, self._store, self._caller, self._clock, self._done = settings, store, caller, clock, done

    async def some(self) -> bool:
        """Tells each hub whose time has come of up to ``AT_ONCE`` feeds; false when there is none."""
        taken = await asyncio.to_thread(self._take)
        await asyncio.gather(*(self._tell(one) for one in taken))
        return bool(taken)

    def _take(self) -> list[Taken]:
        now = self._clock()
        until = claimed_until(now, self._settings.websub)
        with self._store.write() as connection:
            return hubs.take(connection, others(self._settings), now=now, until=until, limit=AT_ONCE)

    async def _tell(self, taken: Taken) -> None:
        said = await self._post(taken.hub, [feed for feed, _ in taken.pings])
        done = taken.pings if said.is_success else ()
        if 400 <= said.status < 500 and len(taken.pings) > 1:
            # What the hub does not want of one feed must not keep the others from it.
            each = [await self._post(taken.hub, [feed]) for feed, _ in taken.pings]
            done = tuple(one for one, answer in zip(taken.pings, each, strict=True) if answer.is_success)
            said = next((answer for answer in each if not answer.is_success), each[0])
        await asyncio.to_thread(self._record, taken, done, said)
        self._done.pinged += len(done)
        if not said.is_success:
            self._done.failed += len(taken.pings) - len(done)
            self._done.problems.append(f"{taken.hub}: {said.reason}")
            log.warning("a hub can't be told, and is tried again later", hub=taken.hub, reason=said.reason)

    async def _post(self, hub: str, feeds: list[str]) -> Said:
        headers, content = ping(feeds)
        return await self._caller.call("POST", hub, headers, content)

    def _record(self, taken: Taken, done: tuple[tuple[str, int], ...], said: Said) -> None:
        now = self._clock()
        failures = 0 if said.is_success else taken.failures + 1
        next_at = next_try(failures, now, random.random()) if failures else now  # noqa: S311 - jitter
        error = said.reason if failures else ""
        with self._store.write() as connection:
            hubs.told(connection, taken.hub, done)
            hubs.record(connection, taken.hub, failures=failures, error=error, next_at=next_at, now=now)


def others(settings: Settings) -> tuple[str, ...]:
    """The hubs that have to be pinged: all but the built-in one."""
    return tuple(one for one in settings.hubs if one != settings.own_hub)
