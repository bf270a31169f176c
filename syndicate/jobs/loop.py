"""Runs coroutines: on uvloop where that is installed, for it costs less; else on asyncio's own loop."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Coroutine
from typing import Any, TypeVar

try:
    import uvloop as loops
except ImportError:
    import asyncio as loops  # type: ignore[no-redef]

Some = TypeVar("Some")

_GARBAGE = 20_000
"""So many new objects before their garbage is looked for: what a run holds is held for long, and is little."""


def run(coroutine: Coroutine[Any, Any, Some]) -> Some:
    """Like ``asyncio.run``. What was made until now is taken for lasting, and never looked through again."""
    gc.freeze()
    gc.set_threshold(_GARBAGE)
    with asyncio.Runner(loop_factory=loops.new_event_loop) as runner:
        return runner.run(coroutine)
