"""Tells programs what happened, in the time that each one's failures leave. Called by the jobs.

What is told stands in a table before, so a restart loses nothing; what was told when a process died, and not noted, is
told once more, under the same id.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import structlog

from syndicate.outbox.patience import GONE, is_given_up, is_worth_it, next_try
from syndicate.outbox.signing import headers
from syndicate.reach.addresses import without_userinfo
from syndicate.reach.request import Bounds, open_client, user_agent
from syndicate.render.tokens import listener_key
from syndicate.settings import Settings
from syndicate.store import Connection, Store, listeners, outbox
from syndicate.store.outbox import Taken
from syndicate.websub.caller import Caller, Said
from syndicate.websub.flow import Record, Work, flow

KEPT = timedelta(days=30)
"""So long messages can be replayed."""

AT_ONCE = 16
EACH = 4
"""Requests at the same time: in all, and to one program."""

SECONDS = 15.0
"""So long a program may take to answer."""

_LEASE = timedelta(minutes=1)

log = structlog.get_logger()


@dataclass(slots=True)
class Done:
    """What one run did."""

    told: int = 0
    failed: int = 0

    def __bool__(self) -> bool:
        return bool(self.told or self.failed)


class Outbox:
    """Messages to programs, sent."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings, self._store = settings, store
        self._secret = settings.site.secret.get_secret_value()
        self._bounds = Bounds(SECONDS, 0, settings.outbox.allow_private, "[outbox] allow_private")

    async def send_due(self, *, clock: Callable[[], datetime], stop: asyncio.Event) -> Done:
        """Tells what is due; once ``stop`` is set, what is under way is finished."""
        done = Done()
        if not await asyncio.to_thread(self.is_due, clock()):
            return done
        async with open_client(self._bounds) as client:
            caller = Caller(client, self._bounds)

            def step(ended: Sequence[Record], free: int) -> list[Work]:
                with self._store.write() as connection:
                    for record in ended:
                        record(connection, clock())
                    now = clock()
                    taken = outbox.take(connection, now=now, until=now + _LEASE, most=free, each=EACH) if free else ()
                return [partial(self._tell, caller, one, done, now) for one in taken]

            await flow(step, connections=AT_ONCE, stop=stop)
        return done

    def tidy(self, now: datetime) -> None:
        """Forgets what was told long ago."""
        with self._store.write() as connection:
            outbox.tidy(connection, before=now - KEPT)

    def is_due(self, now: datetime) -> bool:
        """Whether something is to be told whose time has come."""
        with self._store.read() as connection:
            due = outbox.next_due(connection)
        return due is not None and due <= now

    async def _tell(self, caller: Caller, one: Taken, done: Done, now: datetime) -> Record:
        body = one.body.encode()
        signed = headers(f"msg_{one.id}", body, listener_key(self._secret, one.nonce), now)
        given = {"Content-Type": "application/json", "User-Agent": user_agent("webhooks"), **signed}
        said = await caller.call("POST", one.address, given, body)
        return partial(self._record, one, said, done)

    def _record(self, one: Taken, said: Said, done: Done, connection: Connection, now: datetime) -> None:
        if said.is_success:
            outbox.told(connection, one.id, said.reason, now=now)
            listeners.succeeded(connection, one.listener_id, now=now)
            done.told += 1
            return
        done.failed += 1
        patience = self._settings.outbox.give_up_after
        reason = said.reason.replace(one.address, without_userinfo(one.address))
        next_at = next_try(one.attempts + 1, now, random.random())  # noqa: S311 - jitter
        if is_worth_it(one.attempts + 1, patience):
            outbox.try_again(connection, one.id, reason, next_at=next_at)
        else:
            outbox.give_up(connection, one.id, reason, now=now)
        again_at = next_try(one.failures + 1, now, random.random())  # noqa: S311 - jitter
        listeners.failed(connection, one.listener_id, reason, next_at=again_at, now=now)
        if said.status == GONE or is_given_up(one.failing_since, now, patience):
            listeners.end(connection, one.listener_id, now=now)
            log.warning("a webhook is told nothing any more", webhook=one.listener_id, reason=reason)
