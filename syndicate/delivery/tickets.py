"""What a run may claim: all that is due, or what tickets allow, which workers are given. Called by ``due``."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from syndicate.errors import RelayError

BATCH = 500
"""Deliveries leased at a time: small beside a digest, large beside the connections."""


class Share(NamedTuple):
    """So many deliveries of a digest, of one provider or of all, that may be claimed."""

    digest_id: int
    limit: int
    provider: str | None = None
    ticket: Ticket | None = None


class Source(Protocol):
    """Where a run's work comes from; it hears what became of it, by the deliveries' ids."""

    def shares(self, sending: Sequence[int]) -> list[Share]:
        """What may be claimed now, out of the digests that are being sent."""

    def took(self, share: Share, ids: Sequence[int]) -> None:
        """So much of a share was there."""

    def ended(self, ids: Iterable[int]) -> None:
        """These are recorded, or are nobody's again."""

    def refused(self, ids: Iterable[int], error: RelayError) -> None:
        """These are nobody's again, for no relay takes them now."""

    def dropped(self, ids: Iterable[int]) -> None:
        """These may not begin, and stay leased."""

    def returnable(self) -> list[int]:
        """Dropped ones that can be given back, for nothing that came with them is at hand any more."""


class Whole:
    """All that is due, of one digest or of all."""

    def __init__(self, digest_id: int | None = None) -> None:
        self._digest_id = digest_id

    def shares(self, sending: Sequence[int]) -> list[Share]:
        """Each digest gets the same."""
        chosen = [one for one in sending if self._digest_id in (None, one)]
        return [Share(one, max(50, BATCH // len(chosen))) for one in chosen]

    def took(self, share: Share, ids: Sequence[int]) -> None:
        """There is always more."""

    def ended(self, ids: Iterable[int]) -> None:
        """Nobody waits for it."""

    def refused(self, ids: Iterable[int], error: RelayError) -> None:
        """The next run tries them."""

    def dropped(self, ids: Iterable[int]) -> None:
        """They are given back when the run ends."""

    def returnable(self) -> list[int]:
        """None before that."""
        return []


@dataclass(eq=False, slots=True)
class Ticket:
    """``left`` is how many more may be claimed, ``over`` is set when all that were are done with."""

    digest_id: int
    provider: str
    left: int
    over: asyncio.Future[None]
    held: set[int] = field(default_factory=set)
    dropped: set[int] = field(default_factory=set)

    @property
    def is_done(self) -> bool:
        """Whether nothing of it is at hand, nor will be."""
        return not (self.left or self.held)


class Tickets:
    """What several tickets allow, the oldest first: so while one ends, the next is at work already."""

    def __init__(self) -> None:
        self._open: list[Ticket] = []
        self._whose: dict[int, Ticket] = {}

    def __bool__(self) -> bool:
        return bool(self._open)

    def add(self, digest_id: int, provider: str, size: int) -> asyncio.Future[None]:
        """Opens one; returns what ends with it, or raises what it failed with."""
        over = asyncio.get_running_loop().create_future()
        self._open.append(Ticket(digest_id, provider, size, over))
        return over

    def shares(self, sending: Sequence[int]) -> list[Share]:
        """Tickets of digests that are not sent any more have nothing left."""
        found, room = [], BATCH
        for ticket in tuple(self._open):
            if ticket.digest_id not in sending:
                ticket.left = 0
                self._close_if_done(ticket)
            elif room and ticket.left:
                limit = min(room, ticket.left)
                room -= limit
                found.append(Share(ticket.digest_id, limit, ticket.provider, ticket))
        return found

    def took(self, share: Share, ids: Sequence[int]) -> None:
        """A ticket for which nothing is there has nothing left."""
        ticket = share.ticket
        assert ticket is not None
        ticket.left = ticket.left - len(ids) if ids else 0
        ticket.held.update(ids)
        self._whose.update(dict.fromkeys(ids, ticket))
        self._close_if_done(ticket)

    def ended(self, ids: Iterable[int]) -> None:
        """Ends the tickets of which that was the last."""
        for one in ids:
            if ticket := self._whose.pop(one, None):
                ticket.held.discard(one)
                self._close_if_done(ticket)

    def refused(self, ids: Iterable[int], error: RelayError) -> None:
        """Their tickets fail, and are tried again later; what else of them is at hand goes on."""
        for one in ids:
            if ticket := self._whose.pop(one, None):
                self._close(ticket, error)

    def dropped(self, ids: Iterable[int]) -> None:
        """They end with their ticket: before that, one that is given back could come to this run a second time."""
        for one in ids:
            if ticket := self._whose.pop(one, None):
                ticket.held.discard(one)
                ticket.dropped.add(one)

    def returnable(self) -> list[int]:
        """Those of tickets that are done otherwise; these end with this."""
        done = [ticket for ticket in self._open if ticket.is_done]
        ids = [one for ticket in done for one in ticket.dropped]
        for ticket in done:
            ticket.dropped.clear()
            self._close_if_done(ticket)
        return ids

    def reopen(self) -> None:
        """The run ended, and has given back what it held: that may be claimed again."""
        for ticket in self._open:
            ticket.left += len(ticket.held) + len(ticket.dropped)
            ticket.held.clear()
            ticket.dropped.clear()
        self._whose.clear()

    def close(self, error: BaseException | None = None) -> None:
        """The run ended: so do the tickets of which it claimed anything, or all of them, with that error."""
        for ticket in tuple(self._open):
            if error is not None or ticket.held or ticket.dropped:
                self._close(ticket, error)
        self._whose.clear()

    def _close_if_done(self, ticket: Ticket) -> None:
        if ticket.is_done and not ticket.dropped:
            self._close(ticket)

    def _close(self, ticket: Ticket, error: BaseException | None = None) -> None:
        if ticket in self._open:
            self._open.remove(ticket)
        if ticket.over.done():
            return
        if error is None:
            ticket.over.set_result(None)
        else:
            ticket.over.set_exception(error)
