"""The deliveries that this process has leased and not begun, with what they are made of. Called by ``send``."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import structlog

from syndicate.delivery.fair import Turns
from syndicate.delivery.ledger import Ledger
from syndicate.delivery.letter import Letter, counted
from syndicate.delivery.tickets import Share, Source
from syndicate.delivery.traffic import Traffic
from syndicate.errors import RelayError, StoreError
from syndicate.model import Delivery, Digest
from syndicate.render.links import Links
from syndicate.settings import Newsletter, Settings
from syndicate.store import Connection, digests, leases

_HELD = 100
"""So many deliveries of a domain that must wait are kept at hand; the others are due later."""

_LOW = 125
"""With so few left, more are leased meanwhile, where that takes as long as sending so many."""

_DRY_SECONDS = 0.05

log = structlog.get_logger()


@dataclass(slots=True)
class Due:
    """One delivery with its digest as frozen, its newsletter as it is set now, and what all its readers get alike."""

    delivery: Delivery
    digest: Digest
    newsletter: Newsletter
    letter: Letter


class DueQueue:
    """Hands out due deliveries to the connections of each relay, fairly by domain; leases more when it runs out.

    ``share`` names the relay that the next delivery goes to, out of those that its newsletter may use.
    """

    def __init__(
        self,
        settings: Settings,
        links: Links,
        ledger: Ledger,
        traffic: Traffic,
        *,
        clock: Callable[[], datetime],
        share: Callable[[Newsletter], str | None],
        source: Source,
    ) -> None:
        self._settings, self._links, self._ledger, self._traffic = settings, links, ledger, traffic
        self._clock, self._share, self._source = clock, share, source
        self._lines: dict[str, Turns[Due]] = {relay.label: Turns(traffic.may_go) for relay in settings.every_relay}
        self._leasing = asyncio.Lock()
        self._ahead: asyncio.Task[None] | None = None
        self._news = asyncio.Event()
        self._digests: dict[int, Digest] = {}
        self._letters: dict[int, Letter] = {}
        self._dry_at = 0.0
        self.departs: datetime | None = None

    def at_hand(self, relay: str) -> int:
        """How many deliveries wait for that relay."""
        return len(self._lines[relay])

    async def fill(self, relay: str) -> int:
        """Leases more when nothing waits for that relay; returns how many do."""
        line = self._lines[relay]
        async with self._leasing:
            if not self._is_dry() and (not line or not self.could_go(relay)):
                await self._lease()
        return len(line)

    async def _fill_ahead(self, line: Turns[Due]) -> None:
        async with self._leasing:
            if not self._is_dry() and len(line) <= _LOW:
                with suppress(StoreError):  # who needs them will find the same, and say so
                    await self._lease()

    async def _lease(self) -> None:
        claimed = await self._ledger.run(self._claim)
        leased = [due for _, found in claimed for due in found]
        self._dry_at = 0.0 if leased else asyncio.get_running_loop().time()
        self._ledger.held.update(one.delivery.id for one in leased)
        for share, found in claimed:
            self._source.took(share, [one.delivery.id for one in found])
        await self._place(leased)
        self._tell()

    def _is_dry(self) -> bool:
        """Whether it was seen just now that nothing is due; at the end of a run every connection asks."""
        return asyncio.get_running_loop().time() - self._dry_at < _DRY_SECONDS

    def take(self, relay: str) -> Due | None:
        """The next one that may go over that relay now."""
        line = self._lines[relay]
        due = line.take()
        if due:
            self._traffic.go(due.delivery.domain)
            if len(line) == _LOW and self._ledger.is_shared:
                self._ahead = asyncio.ensure_future(self._fill_ahead(line))
        return due

    async def close(self) -> None:
        """Returns when nothing is leased any more."""
        if self._ahead:
            await self._ahead

    def done(self, due: Due) -> None:
        """What was taken is not under way any more."""
        domain = due.delivery.domain
        self._traffic.back(domain)
        for line in self._lines.values():
            line.recall(domain)
        self._tell()

    def put_back(self, due: Due, relay: str) -> None:
        """Takes back what could not be begun; it is its domain's next one."""
        self.done(due)
        self._lines[relay].put(due.delivery.domain, due, first=True)

    def drop(self, due: Due) -> None:
        """Forgets a delivery that may not begin, and all of its digest, which is not sent any more.

        They stay leased for now, so that nobody has one twice.
        """
        self.done(due)
        lines = self._lines.values()
        forgotten = [one for line in lines for one in line.forget(lambda one: one.digest.id != due.digest.id)]
        self._source.dropped([due.delivery.id, *(one.delivery.id for one in forgotten)])

    def ended(self, leased: Sequence[tuple[int, int]]) -> None:
        """These are recorded: a delivery and the sender that had leased it each, who may be known as another by now."""
        mine = self._ledger.sender_id
        self._ledger.held.difference_update([one for one, sender in leased if sender == mine])
        self._source.ended([one for one, _ in leased])

    async def settle(self) -> None:
        """Gives back what was dropped, and can be."""
        if ids := self._source.returnable():
            await self._ledger.run(lambda c: leases.give_back(c, self._ledger.sender_id, ids))
            self._ledger.held.difference_update(ids)

    def recall(self) -> None:
        """Time has passed: domains that were set aside are asked again."""
        for line in self._lines.values():
            line.recall()
        self._tell()

    async def stop(self, domain: str) -> None:
        """Puts off all that waits for a domain."""
        excess = [due for line in self._lines.values() for due in line.drain(domain, 0)]
        await self._put_off(excess)

    async def move(self, relay: str) -> None:
        """Gives what waits for a relay to the others, where its newsletter may use them; the rest is given back."""
        line, others = self._lines[relay], []
        for domain in line.domains():
            others += line.drain(domain, 0)
        await self._place(others)

    def could_go(self, relay: str) -> bool:
        """Whether one of those that wait for a relay may go now."""
        return any(self._traffic.may_go(domain) for domain in self._lines[relay].domains())

    async def news(self, seconds: float) -> None:
        """Returns when something may have changed, or after a while."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._news.wait()

    def _tell(self) -> None:
        self._news.set()
        self._news.clear()

    async def _place(self, leased: Sequence[Due]) -> None:
        homeless = []
        for due in leased:
            relay = self._share(due.newsletter)
            if relay is None:
                homeless.append(due.delivery.id)
            else:
                self._lines[relay].put(due.delivery.domain, due)
        excess = []
        for line in self._lines.values():
            for domain in line.domains():
                if self._traffic.is_noticed(domain):
                    excess += line.drain(domain, 0 if self._traffic.is_stopped(domain) else _HELD)
        await self._put_off(excess)
        if homeless:
            await self._ledger.run(lambda c: leases.give_back(c, self._ledger.sender_id, homeless))
            self._ledger.held.difference_update(homeless)
            self._source.refused(homeless, RelayError("of the newsletter", "is left alone after a failure"))

    async def _put_off(self, excess: Sequence[Due]) -> None:
        if not excess:
            return
        until = [(due.delivery.id, self._traffic.departure(due.delivery.domain)) for due in excess]
        await self._ledger.run(lambda c: leases.put_off(c, self._ledger.sender_id, until))
        self.ended([(due.delivery.id, due.delivery.sender_id) for due in excess])
        self.departs = min([at for _, at in until] + ([self.departs] if self.departs else []))

    def _claim(self, connection: Connection) -> list[tuple[Share, list[Due]]]:
        due, found = self._clock(), []
        self._ledger.stay(connection)
        for share in self._source.shares(leases.sending(connection)):
            newsletter = self._load(connection, share.digest_id)
            if newsletter is None:
                found.append((share, list[Due]()))
                continue
            claimed = leases.claim(
                connection,
                self._ledger.sender_id,
                share.digest_id,
                due=due,
                limit=share.limit,
                now=due,
                provider=share.provider,
            )
            digest = self._digests[share.digest_id]
            found.append((share, [Due(one, digest, newsletter, self._letters[one.variant_id]) for one in claimed]))
        if self.departs and self.departs <= due:
            self.departs = None
        return found

    def _load(self, connection: Connection, digest_id: int) -> Newsletter | None:
        if digest_id in self._digests:
            return self._settings.newsletter(self._digests[digest_id].newsletter)
        digest = self._digests[digest_id] = digests.get(connection, digest_id)
        newsletter = self._settings.newsletter(digest.newsletter)
        if newsletter is None:
            log.warning("a newsletter is not in the settings", newsletter=digest.newsletter, digest=digest_id)
            return None
        for one in digests.variants_of(connection, digest_id):
            self._letters[one.id] = Letter(
                newsletter,
                self._links,
                counted(newsletter, self._links, one.parts, digest_id),
                sending=str(digest_id),
                date=digest.composed_at,
                returns=self._settings.has_return_paths,
                counted_in=digest_id if newsletter.personal else None,
            )
        return newsletter
