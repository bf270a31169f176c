"""A run's part of the journal, where the ledger's database is elsewhere. Called by ``ledger``."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from syndicate.delivery.crowding import Crowding
from syndicate.delivery.hand import Hand
from syndicate.store import Connection, journal, steps
from syndicate.store.journal import Page
from syndicate.store.steps import Step

_ENOUGH = 8
"""So many need not wait for more where commits stand in line: a larger one costs hardly less for each."""

_POST_S = 0.25
"""Between two postings: they cost little, and what others read is no older than that."""

Noted = Callable[[set[int] | None, Exception | None], None]


class Noting:
    """Writes entries by one hand, for as long as it is on a page; a ``turn`` opens one."""

    def __init__(self, hand: Hand) -> None:
        self._hand = hand
        self._page: Page | None = None
        self._numbers = itertools.count()
        self._crowding = Crowding()
        self._noted = 0
        self._leaving = asyncio.Event()

    def turn(self, connection: Connection, sender_id: int) -> None:
        """Opens a new page."""
        self._page = journal.turn(connection, sender_id)

    def close(self) -> None:
        """Nothing more is noted before the next turn."""
        self._page = None

    def note(self, taken: Sequence[Step], tell: Noted) -> bool:
        """Begins an entry, where that can be; whether it did.

        ``tell`` hears which are begun, or None and a StoreError, or two None: the page is over.
        """
        if self._page is None:
            return False
        began = time.perf_counter()

        def told(begun: set[int] | None, error: Exception | None) -> None:
            self._hand.rest()
            if begun is not None:
                self._noted += 1
                self._crowding.took(time.perf_counter() - began)
            tell(begun, error)

        self._hand.begin()
        try:
            return steps.note(self._hand.hold(), self._page, next(self._numbers), taken, told)
        except BaseException:
            self._hand.rest()
            raise

    def pause(self, steps_at_hand: int) -> float:
        """Seconds that an entry about so many had better wait for more."""
        return 0 if self._page is None or steps_at_hand >= _ENOUGH else self._crowding.pause

    async def keep_posted(self, post: Callable[[], Awaitable[object]]) -> None:
        """Has what is noted posted now and then, and a last time once somebody is to ``leave``."""
        posted = 0
        while not self._leaving.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._leaving.wait(), _POST_S)
            if self._noted != posted:
                posted = self._noted
                await post()

    def leave(self) -> None:
        """Nothing is noted any more."""
        self._leaving.set()
