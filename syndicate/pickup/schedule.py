"""When a source is looked at next, and why then. Pure; pick-up keeps the answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

LONGEST_WISH = timedelta(days=1)
"""However seldom a server or a feed asks to be looked at."""
LONGEST_WAIT = timedelta(hours=12)
"""However often a source has failed."""
_PER_POST = 4
"""So many looks for each time that a source posts something."""
_OF_LATE = 20
"""So many of the newest articles tell the rhythm."""


@dataclass(frozen=True, slots=True)
class Next:
    """When to look, and why then."""

    at: datetime | None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """How often a source posts: the usual ``gap`` between two articles, and when the ``newest`` was."""

    gap: timedelta
    newest: datetime


def rhythm_of(dates: Iterable[datetime | None], now: datetime) -> Rhythm | None:
    """The rhythm of articles with those dates; None when there are not two of them."""
    past = sorted((date for date in dates if date and date <= now), reverse=True)[:_OF_LATE]
    if len(past) < 2:
        return None
    return Rhythm(gap=timedelta(seconds=median((b - a).total_seconds() for b, a in pairwise(past))), newest=past[0])


def after_success(
    *,
    now: datetime,
    rhythm: Rhythm | None,
    floor: timedelta,
    ceiling: timedelta,
    max_age: timedelta | None,
    asks_every: timedelta | None,
    is_told: bool = False,
) -> Next:
    """Four looks for each post, from ``floor`` to ``ceiling``; and no sooner than server and document ask for.

    When ``is_told``, its hub brings what is new, and looks are only there to catch what that loses.

    A source that has been silent for longer than it usually is slows down with its silence.
    """
    if rhythm is None:
        every, why = floor, "nothing tells how often it posts"
    else:
        silence = max(rhythm.gap, now - rhythm.newest)
        every = min(max(silence / _PER_POST, floor), max(ceiling, floor))
        why = f"it posts about every {span(rhythm.gap)}"
        if silence > 2 * rhythm.gap:
            why = f"its newest article is {span(silence)} old"
        if every in (floor, ceiling):
            why += f"; looks are {span(floor)} to {span(max(ceiling, floor))} apart"
    if is_told and every < ceiling:
        every, why = ceiling, "its hub tells us of changes (WebSub)"
    for wish, who in (
        (max_age, "its server asks for that (Cache-Control)"),
        (asks_every, "the feed itself asks for that"),
    ):
        if wish and min(wish, LONGEST_WISH) > every:
            every, why = min(wish, LONGEST_WISH), who
    return Next(now + every, why)


def after_failure(*, now: datetime, floor: timedelta, failures: int, retry_after: timedelta | None) -> Next:
    """Twice as long each time, up to ``LONGEST_WAIT``; or as long as the server asks for. ``failures`` is from 1 on."""
    if retry_after is not None:
        return Next(now + max(floor, min(retry_after, LONGEST_WISH)), "its server asked to be left alone so long")
    wait = min(LONGEST_WAIT, floor * (1 << min(failures - 1, 10)))
    times = "once" if failures == 1 else f"{failures} times in a row"
    return Next(now + wait, f"it failed {times}")


def span(length: timedelta) -> str:
    """A length of time as people say it, in its two largest units: ``2h 30m``."""
    seconds = int(length.total_seconds())
    units = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))
    parts: list[str] = []
    for unit, size in units:
        if seconds >= size and len(parts) < 2:
            parts.append(f"{seconds // size}{unit}")
            seconds %= size
    return " ".join(parts) or "0s"
