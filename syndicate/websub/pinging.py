"""Tells hubs of others which feeds changed, in the time that each one's failures leave. Called by ``websub``."""

from __future__ import annotations

import random
from datetime import datetime
from functools import partial

import structlog

from syndicate.settings import Settings
from syndicate.store import Connection, hubs
from syndicate.store.hubs import Taken
from syndicate.websub.announced import Announced
from syndicate.websub.caller import Caller, Said
from syndicate.websub.flow import Record, Work
from syndicate.websub.messages import ping
from syndicate.websub.patience import claimed_until, next_try

AT_ONCE = 50
"""Feeds in one request."""

log = structlog.get_logger()


class Pinging:
    """One run's pings; what it learns goes into ``done``."""

    def __init__(self, settings: Settings, caller: Caller, done: Announced) -> None:
        self._settings, self._caller, self._done = settings, caller, done

    def take(self, connection: Connection, now: datetime, most: int) -> list[Work]:
        """Up to ``most`` hubs whose time has come, each with up to ``AT_ONCE`` feeds to be told of."""
        until, named = claimed_until(now, self._settings.websub), others(self._settings)
        taken = hubs.take(connection, named, now=now, until=until, most=most, limit=AT_ONCE)
        return [partial(self._tell, one) for one in taken]

    async def _tell(self, taken: Taken) -> Record:
        said = await self._post(taken.hub, [feed for feed, _ in taken.pings])
        told = taken.pings if said.is_success else ()
        if 400 <= said.status < 500 and len(taken.pings) > 1:
            # What the hub does not want of one feed must not keep the others from it.
            each = [await self._post(taken.hub, [feed]) for feed, _ in taken.pings]
            told = tuple(one for one, answer in zip(taken.pings, each, strict=True) if answer.is_success)
            said = next((answer for answer in each if not answer.is_success), each[0])
        return partial(self._record, taken, told, said)

    async def _post(self, hub: str, feeds: list[str]) -> Said:
        headers, content = ping(feeds)
        return await self._caller.call("POST", hub, headers, content)

    def _record(
        self, taken: Taken, told: tuple[tuple[str, int], ...], said: Said, connection: Connection, now: datetime
    ) -> None:
        hubs.told(connection, taken.hub, told)
        self._done.pinged += len(told)
        if said.is_success:
            hubs.record(connection, taken.hub, failures=0, error="", next_at=now, now=now)
            return
        failures = taken.failures + 1
        next_at = next_try(failures, now, random.random())  # noqa: S311 - jitter
        hubs.record(connection, taken.hub, failures=failures, error=said.reason, next_at=next_at, now=now)
        self._done.failed += len(taken.pings) - len(told)
        self._done.problems.append(f"{taken.hub}: {said.reason}")
        log.warning("a hub can't be told, and is tried again later", hub=taken.hub, reason=said.reason)


def others(settings: Settings) -> tuple[str, ...]:
    """The hubs that have to be pinged: all but the built-in one."""
    return tuple(one for one in settings.hubs if one != settings.own_hub)
