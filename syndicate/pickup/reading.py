"""What a parser makes of a source's bytes. The parsers return it, from the process that they run in to pick-up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from syndicate.model import Content


@dataclass(frozen=True, slots=True)
class Hub:
    """Where a feed's changes are told (WebSub §4), and the address by which the hub knows the feed."""

    address: str
    topic: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """``contents`` in the source's order; ``asks_every`` is how seldom the document itself asks to be looked at.

    ``left_out`` counts articles beyond the most that are read of one document. ``elsewhere`` is where the feed is that
    a web page names instead of being one.
    """

    contents: tuple[Content, ...] = ()
    asks_every: timedelta | None = None
    left_out: int = 0
    elsewhere: str = ""
    hub: Hub | None = None
