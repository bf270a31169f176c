"""How many requests are taken. Counted in the memory of this process, so a restart begins anew.

The pages call ``Gate.admit`` before ``requests.ask`` and ``requests.move``, and answer the same to every refusal:
a count tells nothing about who is subscribed. The hub, which is asked without an email address, has a ``Turnstile``.
"""

from __future__ import annotations

from enum import StrEnum

from limits import RateLimitItem, RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from syndicate.audience.networks import counted
from syndicate.settings import Limits, Rate
from syndicate.store.notices import mailbox_of


class Refusal(StrEnum):
    """Which limit was reached, in the order in which they are looked at."""

    IP = "ip"
    NETWORK = "network"
    OVERALL = "overall"
    DOMAIN = "domain"
    ADDRESS = "address"


class Gate:
    """Counts requests. One for the whole process; calls may come from several threads."""

    def __init__(self, limits: Limits) -> None:
        self._limits = {
            Refusal.IP: _item(limits.per_ip),
            Refusal.NETWORK: _item(limits.per_network),
            Refusal.OVERALL: _item(limits.overall),
            Refusal.DOMAIN: _item(limits.per_domain),
            Refusal.ADDRESS: _item(limits.per_address),
        }
        self._counted = SlidingWindowCounterRateLimiter(MemoryStorage())

    def admit(self, ip: str | None, email: str) -> Refusal | None:
        """Counts a request for a normalised address from ``ip`` (None: not over IP); says why it is refused, if it is.

        A refused request counts for whom it came from, not for the address that it was for.
        """
        network = counted(ip)
        names = {Refusal.OVERALL: "", Refusal.DOMAIN: email.rpartition("@")[2], Refusal.ADDRESS: mailbox_of(email)}
        if network:
            names = {Refusal.IP if network.version == 4 else Refusal.NETWORK: network.name} | names
        for which, name in names.items():
            if not self._counted.hit(self._limits[which], which, name):
                return which
        return None


class Turnstile:
    """Counts at one rate, in the manner of ``Gate``: who asks, and whatever else a request is about."""

    def __init__(self, rate: Rate) -> None:
        self._limit = _item(rate)
        self._counted = SlidingWindowCounterRateLimiter(MemoryStorage())

    def admit(self, ip: str | None, about: str | None = None) -> bool:
        """Counts a request from ``ip``, maybe about something; false when there were too many of either."""
        network = counted(ip)
        names = [("from", network.name)] if network else []
        names += [("about", about)] if about is not None else []
        return all(self._counted.hit(self._limit, *name) for name in names)


def _item(rate: Rate) -> RateLimitItem:
    return RateLimitItemPerSecond(rate.count, rate.seconds)
