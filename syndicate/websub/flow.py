"""Works on what is due, so much at once; who is slow holds up nobody else. Called by ``websub``."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from typing import Any

from syndicate.store import Connection

Record = Callable[[Connection, datetime], None]
"""Keeps what became of a work, in the transaction and at the instant that it is given."""

Work = Callable[[], Coroutine[Any, Any, Record]]
"""Asks somebody, and returns how to record what was answered."""


async def flow(step: Callable[[Sequence[Record], int], list[Work]], *, connections: int, stop: asyncio.Event) -> None:
    """Runs until nothing is due; once ``stop`` is set, what is under way is finished and nothing is begun.

    ``step`` records what has ended and takes up to so many works, in a thread: whatever ended since the last step
    shares one transaction.
    """
    under_way: set[asyncio.Task[Record]] = set()
    ended: set[asyncio.Task[Record]] = set()
    try:
        while True:
            free = 0 if stop.is_set() else connections - len(under_way)
            works = await asyncio.to_thread(step, [one.result() for one in ended], free)
            under_way |= {asyncio.create_task(work()) for work in works}
            if not under_way:
                return
            ended, under_way = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in under_way:
            one.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
