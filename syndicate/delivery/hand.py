"""A run's connection to the ledger's database: taken when it is needed, given up and taken anew when that was away.

Called by ``ledger``, for one thing at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from typing import TypeVar

import structlog

from syndicate.errors import AwayError
from syndicate.store import Held, Store

ANSWERS_S = 60.0
"""Seconds for one transaction; longer than it may wait for locks. Who says nothing for so long hangs."""

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

    def hold(self) -> Held:
        """The connection. :raises StoreError: when there can't be one."""
        if self._connection is None:
            self._connection = self._stack.enter_context(self._store.held())
        return self._connection

    def let_go(self) -> None:
        """Gives it back."""
        self._stack.close()
        self._connection = None

    async def take(self, act: Callable[[], Some], ask: Callable[[Held], Awaitable[Some | None]] | None = None) -> Some:
        """What ``act`` returns, which is done in a thread; or ``ask``, without one, where that is not None.

        When the database goes away meanwhile ``act`` is done (again): after either it must do the same as once.
        :raises StoreError: when it can't be used.
        """
        away = 0.0
        while True:
            try:
                result = await self._take_once(act, ask)
            except AwayError as error:
                if self._connection:
                    self._connection.give_up()
                self.let_go()
                if self._is_ending():
                    raise
                if not away:
                    log.warning("the database is away, nothing is sent until it is back", reason=error.reason)
                away, ask = min(_LONGEST_S, 2 * away or _SHORTEST_S), None
                await asyncio.sleep(away)
            else:
                if away:
                    log.warning("the database is back, sending goes on")
                return result

    async def _take_once(self, act: Callable[[], Some], ask: Callable[[Held], Awaitable[Some | None]] | None) -> Some:
        """A server that does not answer is hung up on, and may do it yet."""
        self._hang_up_later()
        try:
            if ask and self._connection and self._store.is_shared:
                answer = await ask(self._connection)
                if answer is not None:
                    return answer
            return await asyncio.to_thread(self._take_patiently, act)
        finally:
            self._hanging.cancel()

    def _hang_up_later(self) -> None:
        self._hanging = asyncio.get_running_loop().call_later(ANSWERS_S, self._hang_up)

    def _hang_up(self) -> None:
        if self._connection:
            self._connection.cut()
        self._hang_up_later()

    def _take_patiently(self, act: Callable[[], Some]) -> Some:
        with self.hold().patiently():
            return act()
