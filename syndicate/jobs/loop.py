"""Runs coroutines: on uvloop where that is installed, for it costs less; else on asyncio's own loop."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

try:
    import uvloop as loops
except ImportError:
    import asyncio as loops  # type: ignore[no-redef]

Some = TypeVar("Some")


def run(coroutine: Coroutine[Any, Any, Some]) -> Some:
    """Like ``asyncio.run``."""
    with asyncio.Runner(loop_factory=loops.new_event_loop) as runner:
        return runner.run(coroutine)
