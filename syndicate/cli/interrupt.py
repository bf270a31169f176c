"""SIGTERM and Ctrl-C → an event: what is in flight is finished, nothing new begins."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


@asynccontextmanager
async def until_signal() -> AsyncIterator[asyncio.Event]:
    """Gives an event that the first of these signals sets; a second one ends the process as usual."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()

    def on_signal() -> None:
        stop.set()
        _restore(loop)

    for number in _SIGNALS:
        loop.add_signal_handler(number, on_signal)
    try:
        yield stop
    finally:
        _restore(loop)


def _restore(loop: asyncio.AbstractEventLoop) -> None:
    for number in _SIGNALS:
        loop.remove_signal_handler(number)
