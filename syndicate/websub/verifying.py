"""Asks callbacks whether they meant it (WebSub §5.3), and does it when they did. Called by ``websub``."""

from __future__ import annotations

import random
import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum, auto
from functools import partial

import structlog

from syndicate.model import IntentMode
from syndicate.settings import Settings
from syndicate.store import Connection, followers, intents
from syndicate.store.intents import Intent
from syndicate.websub.announced import Announced
from syndicate.websub.caller import Caller, Said
from syndicate.websub.flow import Record, Work
from syndicate.websub.followable import Followable
from syndicate.websub.messages import question
from syndicate.websub.patience import MOST_ASKED, claimed_until, may_recover, next_try

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

    def __init__(self, settings: Settings, feeds: Followable, caller: Caller, done: Announced) -> None:
        self._settings, self._feeds, self._caller, self._done = settings, feeds, caller, done

    def take(self, connection: Connection, now: datetime, most: int) -> list[Work]:
        """Up to ``most`` questions whose time has come."""
        until = claimed_until(now, self._settings.websub)
        taken = intents.take(connection, now=now, until=until, limit=most)
        return [partial(self._ask, self._still_offered(connection, one, until), now) for one in taken]

    def _still_offered(self, connection: Connection, intent: Intent, until: datetime) -> Intent:
        """Who wants a feed that is gone meanwhile is denied (§5.2)."""
        if intent.mode is not IntentMode.SUBSCRIBE or self._feeds.file(intent.feed):
            return intent
        denied = replace(intent, mode=IntentMode.DENIED, failures=0)
        intents.put_off(connection, denied.id, mode=denied.mode, failures=0, next_at=until)
        return denied

    async def _ask(self, intent: Intent, asked_at: datetime) -> Record:
        challenge = secrets.token_urlsafe(32)
        headers, url = question(intent, challenge)
        said = await self._caller.call("GET", url, headers, most=len(challenge))
        return partial(self._settle, intent, asked_at, said, verdict(said, challenge, intent.failures))

    def _settle(
        self, intent: Intent, asked_at: datetime, said: Said, found: Verdict, connection: Connection, now: datetime
    ) -> None:
        if found is Verdict.LATER:
            failures = intent.failures + 1
            next_at = next_try(failures, now, random.random())  # noqa: S311 - jitter
            intents.put_off(connection, intent.id, mode=intent.mode, failures=failures, next_at=next_at)
            self._done.failed += 1
            return
        is_newest = intents.finish(connection, intent.id)
        if found is Verdict.MEANT and intent.mode is not IntentMode.DENIED:
            self._done.verified += 1
            if is_newest:
                _do(connection, intent, asked_at)
        else:
            self._done.refused += 1
            log.info("a callback may not, or does not want to", host=intent.host, reason=said.reason)


def _do(connection: Connection, intent: Intent, asked_at: datetime) -> None:
    """The lease begins when the callback was asked (§5.3)."""
    if intent.mode is IntentMode.UNSUBSCRIBE:
        followers.unfollow(connection, intent.feed, intent.callback)
        return
    lease_until = asked_at + timedelta(seconds=intent.seconds)
    followers.follow(
        connection, intent.feed, intent.callback, host=intent.host, secret=intent.secret, lease_until=lease_until
    )
