"""A run's connection to the ledger's database: taken when it is needed, given up and taken anew when that was away.

Called by ``ledger``, for one thing at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from typing import TypeVar

import structlog

from syndicate.errors import AwayError
from syndicate.store import Held, Store

ANSWERS_S = 60.0
"""Seconds for one transaction; longer than it may wait for locks. Who says nothing for so long hangs."""

_LOOK_S = 0.5
"""Between two looks whether it hangs: a timer of its own for each transaction costs more than many of them do."""

_SHORTEST_S, _LONGEST_S = 0.25, 5.0
"""Between two looks whether the database is back."""

Some = TypeVar("Some")

log = structlog.get_logger()


class Hand:
    """Holds the connection. While the database is away it waits, until ``is_ending`` says that the run is to end."""

    def __init__(self, store: Store, is_ending: Callable[[], bool]) -> None:
        self._store, self._is_ending = store, is_ending
        self._stack = ExitStack()
        self._connection: Held | None = None
        self._loop = asyncio.get_running_loop()
        self._since: float | None = None
        self._watch: asyncio.TimerHandle | None = None

    def hold(self) -> Held:
        """The connection. :raises StoreError: when there can't be one."""
        if self._connection is None:
            self._connection = self._stack.enter_context(self._store.held())
        return self._connection

    def let_go(self) -> None:
        """Gives it back."""
        self.rest()
        if self._watch:
            self._watch.cancel()
        self._stack.close()
        self._connection = None

    def begin(self) -> None:
        """From now until it may ``rest`` the server owes an answer; who says nothing for too long is hung up on."""
        self._since = self._loop.time()
        if self._watch is None:
            self._watch = self._loop.call_later(_LOOK_S, self._look)

    def rest(self) -> None:
        """Nothing is asked any more."""
        self._since = None

    async def take(self, act: Callable[[], Some], failure: AwayError | None = None) -> Some:
        """What ``act`` returns, which is done in a thread. ``failure`` is with what it, or the same, failed just now.

        When the database goes away meanwhile it is done again: after that it must be as if it was done once. A server
        that does not answer is hung up on, and may do it yet.
        :raises StoreError: when it can't be used.
        """
        away = 0.0
        while True:
            if failure is not None:
                if self._connection:
                    self._connection.give_up()
                self.let_go()
                if self._is_ending():
                    raise failure
                if not away:
                    log.warning("the database is away, nothing is sent until it is back", reason=failure.reason)
                away = min(_LONGEST_S, 2 * away or _SHORTEST_S)
                await asyncio.sleep(away)
            if self._connection:
                self._connection.hush()
            self.begin()
            try:
                result = await asyncio.to_thread(self._take_patiently, act)
            except AwayError as error:
                failure = error
                continue
            finally:
                self.rest()
            if away:
                log.warning("the database is back, sending goes on")
            return result

    def _look(self) -> None:
        self._watch, now = None, self._loop.time()
        if self._since is None:
            return
        if now - self._since > ANSWERS_S:
            self._since = now
            if self._connection:
                self._connection.cut()
        self._watch = self._loop.call_later(_LOOK_S, self._look)

    def _take_patiently(self, act: Callable[[], Some]) -> Some:
        with self.hold().patiently():
            return act()
