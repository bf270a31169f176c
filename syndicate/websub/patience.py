"""When to try again, and when to give up. Pure; ``chance`` is from 0 to 1."""

from __future__ import annotations

from datetime import datetime, timedelta

from syndicate.settings import WebSub

MOST_ASKED = 3
"""A callback that can't be asked, or says that something is wrong with it, is asked so often in all."""

MOST_FAILURES = 30
"""So many failures in a row end a follower: with the longest waits between them, more than five days.

WebSub §7 would keep it to the end of its lease. A callback that is gone for good would then be tried for weeks; one
that comes back later asks anew when its lease ends, as it has to anyway.
"""

_FIRST, _LONGEST = timedelta(minutes=1), timedelta(hours=6)


def next_try(failures: int, now: datetime, chance: float) -> datetime:
    """After so many failures in a row, 1 or more: twice as long each time, up to a quarter longer by chance."""
    wait = min(_FIRST * (1 << min(failures - 1, 20)), _LONGEST)
    return now + wait * (1 + chance / 4)


def claimed_until(now: datetime, settings: WebSub) -> datetime:
    """Until when nobody else tries what is taken now: longer than any one request takes."""
    return now + 2 * settings.timeout + timedelta(minutes=1)


def may_recover(status: int) -> bool:
    """Whether an answer of that status is about the server's state rather than about what was asked."""
    return status == 429 or status >= 500
