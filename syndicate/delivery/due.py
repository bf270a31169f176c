"""The deliveries that this process has leased and not begun, with what they are made of. Called by ``send``."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

import structlog

from syndicate.delivery.ledger import Ledger
from syndicate.delivery.letter import Letter
from syndicate.model import Delivery, Digest
from syndicate.render.links import Links
from syndicate.settings import Newsletter, Settings
from syndicate.store import Store, digests

BATCH = 500
"""Deliveries leased at a time: small beside a digest, large beside the connections."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Due:
    """One delivery with its digest as frozen, its newsletter as it is set now, and what all its readers get alike."""

    delivery: Delivery
    digest: Digest
    newsletter: Newsletter
    letter: Letter


class DueQueue:
    """Hands out due deliveries to all connections of a run, and leases more when it has none left."""

    def __init__(self, settings: Settings, store: Store, links: Links, ledger: Ledger, digest_id: int | None) -> None:
        self._settings, self._store, self._links = settings, store, links
        self._ledger, self._digest_id = ledger, digest_id
        self._leased: deque[Delivery] = deque()
        self._leasing = asyncio.Lock()
        self._digests: dict[int, Digest] = {}
        self._letters: dict[int, Letter] = {}

    async def fill(self) -> int:
        """Leases more when nothing is left; returns how many deliveries are at hand."""
        async with self._leasing:
            if not self._leased:
                self._leased.extend(await self._ledger.claim(BATCH, self._digest_id))
                await asyncio.to_thread(self._load)
        return len(self._leased)

    async def take(self) -> Due | None:
        """The next one, None when nothing is due any more."""
        while self._leased or await self.fill():
            if not self._leased:
                continue
            delivery = self._leased.popleft()
            digest = self._digests[delivery.digest_id]
            if newsletter := self._settings.newsletter(digest.newsletter):
                return Due(delivery, digest, newsletter, self._letters[delivery.variant_id])
        return None

    def put_back(self, due: Due) -> None:
        """Takes back what could not be begun; it is the next one."""
        self._leased.appendleft(due.delivery)

    def drop(self, digest_id: int) -> None:
        """Forgets a digest's deliveries: it was cancelled meanwhile."""
        self._leased = deque(one for one in self._leased if one.digest_id != digest_id)

    def _load(self) -> None:
        with self._store.read() as connection:
            for digest_id in {one.digest_id for one in self._leased} - self._digests.keys():
                digest = digests.get(connection, digest_id)
                self._digests[digest_id] = digest
                newsletter = self._settings.newsletter(digest.newsletter)
                if newsletter is None:
                    log.warning("a newsletter is not in the settings", newsletter=digest.newsletter, digest=digest_id)
                    continue
                sending, date = str(digest_id), digest.composed_at
                for one in digests.variants_of(connection, digest_id):
                    self._letters[one.id] = Letter(newsletter, self._links, one.parts, sending=sending, date=date)
