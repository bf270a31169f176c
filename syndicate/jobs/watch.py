"""Watches folders, so that what is dropped into one is picked up at once. Called by ``ticks``."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from pathlib import Path

import structlog
from watchfiles import awatch

_SETTLES_MS = 100
"""Changes that follow each other so closely are told together."""
_AGAIN_AFTER_S = 60.0
"""After so long, folders that could not be watched are tried again."""

log = structlog.get_logger()


async def changes(folders: Mapping[str, Path], stop: asyncio.Event) -> AsyncGenerator[set[str], None]:
    """The names of the folders in which something has changed, whenever something has, until ``stop`` is set.

    What can't be watched, or not by this system, is left to the clock; and so is a folder on another machine.
    """
    while not stop.is_set():
        there = {name: path for name, path in folders.items() if path.is_dir()}
        if there:
            try:
                async for found in awatch(
                    *there.values(), stop_event=stop, debounce=_SETTLES_MS, step=_SETTLES_MS // 2, watch_filter=None
                ):
                    paths = [Path(path) for _, path in found]
                    yield {name for name, folder in there.items() if any(path.is_relative_to(folder) for path in paths)}
            except (OSError, RuntimeError) as error:
                log.warning("folders can't be watched, the clock looks at them", reason=str(error))
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _AGAIN_AFTER_S)
