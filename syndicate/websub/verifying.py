"""Asks callbacks whether they meant it (WebSub §5.3), and does it when they did. Called by ``websub``."""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum, auto

import structlog

from syndicate.model import IntentMode
from syndicate.settings import Settings
from syndicate.store import Connection, Store, announced, followers, intents
from syndicate.store.intents import Intent
from syndicate.websub.announced import Announced
from syndicate.websub.caller import Caller, Said
from syndicate.websub.followable import Followable
from syndicate.websub.messages import question
from syndicate.websub.patience import MOST_ASKED, claimed_until, may_recover, next_try, portion

log = structlog.get_logger()


class Verdict(Enum):
    """What becomes of an intent."""

    MEANT = auto()
    NOT_MEANT = auto()
    LATER = auto()


def verdict(said: Said, challenge: str, failures: int) -> Verdict:
    """Whether a callback meant it: 2xx and the challenge, exactly. Only what may pass by itself is asked again."""
    if said.is_success:
        return Verdict.MEANT if said.body == challenge.encode() else Verdict.NOT_MEANT
    is_passing = said.status == 0 or may_recover(said.status)
    return Verdict.LATER if is_passing and failures + 1 < MOST_ASKED else Verdict.NOT_MEANT


class Verifying:
    """One run's questions; what it learns goes into ``done``."""

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
        """Asks a portion of the callbacks that wait; false when there is none."""
        taken = await asyncio.to_thread(self._take)
        await asyncio.gather(*(self._ask(one) for one in taken))
        return bool(taken)

    def _take(self) -> list[Intent]:
        now, settings = self._clock(), self._settings.websub
        until = claimed_until(now, settings)
        with self._store.write() as connection:
            taken = intents.take(connection, now=now, until=until, limit=portion(settings))
            return [self._still_offered(connection, one, until) for one in taken]

    def _still_offered(self, connection: Connection, intent: Intent, until: datetime) -> Intent:
        """Who wants a feed that is gone meanwhile is denied (§5.2)."""
        if intent.mode is not IntentMode.SUBSCRIBE or self._feeds.file(intent.feed):
            return intent
        denied = replace(intent, mode=IntentMode.DENIED, failures=0)
        intents.put_off(connection, denied.id, mode=denied.mode, failures=0, next_at=until)
        return denied

    async def _ask(self, intent: Intent) -> None:
        challenge, asked_at = secrets.token_urlsafe(32), self._clock()
        headers, url = question(intent, challenge)
        said = await self._caller.call("GET", url, headers, most=len(challenge))
        found = verdict(said, challenge, intent.failures)
        await asyncio.to_thread(self._settle, intent, found, asked_at)
        if found is Verdict.LATER:
            self._done.failed += 1
        elif found is Verdict.MEANT and intent.mode is not IntentMode.DENIED:
            self._done.verified += 1
        else:
            self._done.refused += 1
            log.info("a callback may not, or does not want to", host=intent.host, reason=said.reason)

    def _settle(self, intent: Intent, found: Verdict, asked_at: datetime) -> None:
        now = self._clock()
        with self._store.write() as connection:
            announced.take_turn(connection)
            if found is Verdict.LATER:
                failures = intent.failures + 1
                next_at = next_try(failures, now, random.random())  # noqa: S311 - jitter
                intents.put_off(connection, intent.id, mode=intent.mode, failures=failures, next_at=next_at)
            elif intents.finish(connection, intent.id) and found is Verdict.MEANT:
                self._do(connection, intent, asked_at)

    def _do(self, connection: Connection, intent: Intent, asked_at: datetime) -> None:
        """The lease begins when the callback was asked (§5.3)."""
        if intent.mode is IntentMode.SUBSCRIBE:
            lease_until = asked_at + timedelta(seconds=intent.seconds)
            followers.follow(
                connection,
                intent.feed,
                intent.callback,
                host=intent.host,
                secret=intent.secret,
                lease_until=lease_until,
            )
        elif intent.mode is IntentMode.UNSUBSCRIBE:
            followers.unfollow(connection, intent.feed, intent.callback)
