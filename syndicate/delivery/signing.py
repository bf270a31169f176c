"""Signs messages in threads, while the connections go on. Called by ``outgoing``.

Threads of one's own and one word for all that was finished meanwhile: an executor costs as much as a fifth of an RSA
signature, where two cores have all the rest to do too.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import NamedTuple

from syndicate.delivery.dkim import Draft, seal
from syndicate.render.message import Message


class _Order(NamedTuple):
    draft: Draft
    message: Message
    signed: asyncio.Future[bytes]


class Signing:
    """The threads; they belong to the running event loop. ``on_idle`` is called when nothing is under way any more."""

    def __init__(self, on_idle: Callable[[], None]) -> None:
        self._on_idle = on_idle
        self._loop = asyncio.get_running_loop()
        self._orders: SimpleQueue[_Order | None] = SimpleQueue()
        self._done: deque[tuple[asyncio.Future[bytes], bytes | Exception]] = deque()
        self._under_way = 0
        self._is_called = False
        self._threads = [
            Thread(target=self._work, name=f"signing-{at}") for at in range(max(1, (os.cpu_count() or 1) - 1))
        ]
        for thread in self._threads:
            thread.start()

    def sign(self, draft: Draft, message: Message) -> asyncio.Future[bytes]:
        """The whole message with its signatures."""
        signed: asyncio.Future[bytes] = self._loop.create_future()
        self._under_way += 1
        self._orders.put(_Order(draft, message, signed))
        return signed

    def is_busy(self) -> bool:
        """Whether a signature is under way, or waits for a thread."""
        return self._under_way > 0

    def close(self) -> None:
        """Ends the threads; what was ordered is signed before."""
        for _ in self._threads:
            self._orders.put(None)
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while order := self._orders.get():
            try:
                made: bytes | Exception = seal(order.draft, order.message.body_digest) + order.message.whole
            except Exception as error:  # noqa: BLE001 - who waits for it must hear of it
                made = error
            self._done.append((order.signed, made))
            if not self._is_called:
                self._is_called = True
                self._loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        # First, so that who finishes one from now on calls again.
        self._is_called = False
        while self._done:
            signed, made = self._done.popleft()
            self._under_way -= 1
            if signed.done():
                continue
            if isinstance(made, Exception):
                signed.set_exception(made)
            else:
                signed.set_result(made)
        if not self._under_way:
            self._on_idle()
