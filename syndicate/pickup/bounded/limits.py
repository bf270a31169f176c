"""What parsing one document may cost. Read by both processes."""

from __future__ import annotations

from dataclasses import dataclass

WALL_S = 120.0
"""Time on the clock for one document, on a machine that has other things to do as well."""
WORN = 192 * 2**20
"""A process that once held so many bytes does not give them back: another one takes its place."""
IDLE_S = 90.0
"""A process that nobody asks for so long ends."""
AT_ONCE = 2
"""Processes."""


@dataclass(frozen=True, slots=True)
class Limits:
    """``seconds`` of CPU time for one document, ``megabytes`` of address space for the process that parses it."""

    seconds: int = 15
    megabytes: int = 512


LIMITS = Limits()
"""Those of pick-up."""
