"""When a program that did not take a message is told again, and when it is given up. Pure; ``chance`` is 0 to 1."""

from __future__ import annotations

from datetime import datetime, timedelta

GONE = 410
"""The status with which a program says that it wants nothing any more (Standard Webhooks)."""

_FIRST, _LONGEST = timedelta(seconds=5), timedelta(hours=6)


def next_try(failures: int, now: datetime, chance: float) -> datetime:
    """After so many failures, 1 or more: four times as long each time, up to a quarter longer by chance."""
    return now + _wait(failures) * (1 + chance / 4)


def is_worth_it(attempts: int, give_up_after: timedelta) -> bool:
    """Whether a message that failed so often is tried once more: it was not tried for so long yet."""
    return sum(map(_wait, range(1, attempts)), timedelta(0)) < give_up_after


def is_given_up(failing_since: datetime | None, now: datetime, give_up_after: timedelta) -> bool:
    """Whether a program that has failed since then is told nothing any more."""
    return failing_since is not None and now - failing_since >= give_up_after


def _wait(failures: int) -> timedelta:
    return min(_FIRST * (1 << min(2 * (failures - 1), 20)), _LONGEST)
