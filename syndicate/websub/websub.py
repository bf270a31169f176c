"""WebSub as the jobs and the pages use it: what changed is noted with its publishing, and told of later.

Everything that is owed stands in tables before anything is sent, so a restart loses nothing; what was sent when a
process died, and not noted, is sent once more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from syndicate.errors import HubError
from syndicate.settings import Settings
from syndicate.store import Connection, Store, announced, followers, hubs, intents
from syndicate.store.intents import Intent
from syndicate.websub.announced import Announced
from syndicate.websub.ask import read_ask
from syndicate.websub.caller import calling
from syndicate.websub.distributing import Distributing
from syndicate.websub.flow import Record, Work, flow
from syndicate.websub.followable import Followable
from syndicate.websub.pinging import Pinging, others
from syndicate.websub.verifying import Verifying


@dataclass(frozen=True, slots=True)
class WebSub:
    """The site's feeds, their hubs and their followers. Without hubs it does nothing."""

    settings: Settings
    store: Store
    feeds: Followable

    def announce(self, now: datetime) -> int:
        """Has hubs and followers told of the feeds that were written since the last time; returns how many those are.

        It looks at the files, so what a process published and did not live to announce is announced by the next one.
        """
        if not self.settings.hubs:
            return 0
        found = dict(self.feeds.all())
        with self.store.read() as connection:
            if announced.fingerprints(connection) == found:
                return 0
        with self.store.write() as connection:
            number = announced.take_turn(connection)
            known = announced.fingerprints(connection)
            changed = {feed: now_is for feed, now_is in found.items() if known.get(feed) != now_is}
            announced.note(connection, changed, known.keys() - found.keys())
            if changed:
                hubs.queue(connection, others(self.settings), list(changed), number, now)
                followers.owe(connection, list(changed), number, now=now)
        return len(changed)

    def follow(self, one: Callable[[str], str], now: datetime) -> bool:
        """Takes a request to follow, or no longer to; ``one`` gives the field of a name. False when the hub is full.

        :raises HubError: when it is no such request, or is about something that is not published here.
        """
        ask = read_ask(one, self.settings.websub)
        intent = Intent(
            mode=ask.mode,
            feed=ask.feed,
            callback=ask.callback,
            host=ask.host,
            secret=ask.secret,
            seconds=int(ask.lease.total_seconds()),
        )
        with self.store.write() as connection:
            announced.take_turn(connection)
            if not followers.follows(connection, ask.feed, ask.callback):
                if self.feeds.file(ask.feed) is None:
                    raise HubError("hub.topic is no feed of this site; take the rel=self address that stands in it")
                if self._is_full(connection, ask.host, now):
                    return False
            intents.put(connection, intent, now=now)
        return True

    def _is_full(self, connection: Connection, host: str, now: datetime) -> bool:
        followers.end_leases(connection, now=now)
        limits = self.settings.websub
        at_host = followers.count(connection, host) + intents.count_new(connection, host)
        in_all = followers.count(connection) + intents.count_new(connection)
        return at_host >= limits.followers_per_host or in_all >= limits.followers

    def is_due(self, now: datetime) -> bool:
        """Whether a hub, a callback or a follower waits whose time has come."""
        with self.store.read() as connection:
            due = [hubs.next_due(connection, others(self.settings))]
            if self.settings.websub.is_internal:
                due += [intents.next_due(connection), followers.next_due(connection)]
        return any(at is not None and at <= now for at in due)

    async def send_due(self, *, clock: Callable[[], datetime], stop: asyncio.Event) -> Announced:
        """Tells everybody whose time has come; what fails is tried again later.

        Once ``stop`` is set, what is under way is finished, which takes as long as one request may.
        """
        done, settings = Announced(), self.settings
        if not await asyncio.to_thread(self.is_due, clock()):
            return done
        async with calling(settings.websub) as caller:
            kinds: list[Pinging | Verifying | Distributing] = [Pinging(settings, caller, done)]
            if settings.websub.is_internal:
                kinds += [kind(settings, self.feeds, caller, done) for kind in (Verifying, Distributing)]

            def step(ended: Sequence[Record], free: int) -> list[Work]:
                works: list[Work] = []
                with self.store.write() as connection:
                    announced.take_turn(connection)
                    for record in ended:
                        record(connection, clock())
                    for kind in kinds:
                        works += kind.take(connection, clock(), free - len(works))
                return works

            await flow(step, connections=settings.websub.connections, stop=stop)
        return done

    def tidy(self, now: datetime) -> int:
        """Ends the leases that are over; returns how many."""
        with self.store.write() as connection:
            announced.take_turn(connection)
            return followers.end_leases(connection, now=now)
