"""What becomes of alerts when it is known what is wrong now: which begin, are told, told again, and end. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from syndicate.store.alerts import Alert
from syndicate.watch.alarms import Alarm, Kind

AGAIN = timedelta(days=1)
"""What goes on is told once in this time."""

QUIET = timedelta(minutes=10)
"""What is no longer wrong is over after this; until then it may come back without anybody being told anew."""


@dataclass(slots=True)
class Changes:
    """``begin``: what is wrong since now. ``seen``: what still is. ``told``, ``again``, ``ended``: whom to tell of.

    ``passed`` ended before anybody had to be told.
    """

    begin: list[Alarm] = field(default_factory=list)
    seen: list[tuple[Alert, Alarm]] = field(default_factory=list)
    told: list[Alert] = field(default_factory=list)
    again: list[Alert] = field(default_factory=list)
    ended: list[Alert] = field(default_factory=list)
    passed: list[Alert] = field(default_factory=list)


def changes(
    known: Iterable[Alert], alarms: Iterable[Alarm], patience: Callable[[Kind], timedelta], now: datetime
) -> Changes:
    """``known`` are the alerts that have not ended."""
    wrong = {(one.kind, one.about): one for one in alarms}
    done = Changes()
    for alert in known:
        alarm = wrong.pop((Kind(alert.kind), alert.about), None)
        if alarm:
            done.seen.append((alert, alarm))
            if alert.told_at is None and now - alert.began_at >= patience(alarm.kind):
                done.told.append(alert)
            elif alert.told_at is not None and now - alert.told_at >= AGAIN:
                done.again.append(alert)
        elif now - alert.seen_at >= QUIET:
            (done.passed if alert.told_at is None else done.ended).append(alert)
    done.begin = list(wrong.values())
    return done
