"""Wakes whoever watches when the database says that something changed. Called by ``progress``."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress

from syndicate.store import Store
from syndicate.store.engine import news

_AT_MOST_EVERY_S = 0.25
"""Every worker tells four times a second."""


class News:
    """Listens while anybody watches; ``on_change`` is called before they are woken."""

    def __init__(self, store: Store, on_change: Callable[[], None]) -> None:
        self._store, self._on_change = store, on_change
        self._hearing: asyncio.Task[None] | None = None
        self._waking: asyncio.TimerHandle | None = None
        self._watchers: dict[asyncio.Event, None] = {}

    @asynccontextmanager
    async def watched(self) -> AsyncGenerator[asyncio.Event]:
        """An event that is set when something changed; who waits for it clears it."""
        changed = asyncio.Event()
        self._watchers[changed] = None
        if self._hearing is None and self._store.is_shared:
            self._hearing = asyncio.create_task(news.hear(self._store.address, self._heard))
        try:
            yield changed
        finally:
            del self._watchers[changed]
            if not self._watchers:
                await self._stop()

    async def _stop(self) -> None:
        if self._waking:
            self._waking.cancel()
        hearing, self._hearing, self._waking = self._hearing, None, None
        if hearing:
            hearing.cancel()
            with suppress(asyncio.CancelledError):
                await hearing

    def _heard(self) -> None:
        if self._waking is None:
            self._waking = asyncio.get_running_loop().call_later(_AT_MOST_EVERY_S, self._wake)

    def _wake(self) -> None:
        self._waking = None
        self._on_change()
        for changed in self._watchers:
            changed.set()
