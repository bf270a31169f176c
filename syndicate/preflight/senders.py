"""What the DNS says of the domains that newsletters come from, looked up now and then. The jobs look; pages show it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from datetime import datetime

from syndicate.preflight.deliverability import domain
from syndicate.preflight.finding import Section
from syndicate.reach.names import Look, Names


class Senders:
    """What was found last, and when; None before anybody looked. ``keys`` is selector → the record that it needs."""

    def __init__(self, domains: Iterable[str], keys: Mapping[str, str]) -> None:
        self._domains = sorted({one.lower() for one in domains if not domain.is_reserved(one)})
        self._keys = keys
        self.sections: tuple[Section, ...] = ()
        self.looked_at: datetime | None = None

    async def look(self, now: datetime, look: Look | None = None) -> None:
        """Asks about all of them at once; nobody who reads meanwhile waits."""
        look = look or Names().look
        found = await asyncio.gather(*(domain.known(one, [*self._keys], look) for one in self._domains))
        self.sections = tuple(Section(one.domain, tuple(domain.judge(one, self._keys))) for one in found)
        self.looked_at = now
