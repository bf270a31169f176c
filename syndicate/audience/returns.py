"""What mail that came back means for its reader: banned at once, counted towards it, or gone of their own will.

Called with what is certain to be about our mail: by the reception for reports, and by webhooks for providers' events.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from syndicate.audience.subscribe import Evidence, leave
from syndicate.model import Return, ReturnKind, SubscriptionState, Via
from syndicate.settings import Bounces
from syndicate.store import Connection, consents, returns, subscribers, suppressions
from syndicate.store.returns import Mailed

_LONGEST_REASON = 200


def take_back(connection: Connection, settings: Bounces, mailed: Mailed, came: Return) -> bool:
    """Keeps what came back and acts on it; whether the address is banned because of it.

    What is about an address that its reader has left since is only kept.
    """
    returns.add(connection, came)
    if mailed.planned_at and consents.moved_since(connection, mailed.subscriber_id, mailed.planned_at):
        return False
    match came.kind:
        case ReturnKind.HARD:
            return _ban(connection, mailed, came, f"bounced: {came.reason}")
        case ReturnKind.SOFT:
            since = came.came_at - settings.within
            weight = weigh(
                returns.soft_bounces(connection, mailed.subscriber_id, since=since), settings.within, came.came_at
            )
            if weight >= settings.soft:
                return _ban(connection, mailed, came, f"bounced again and again: {came.reason}")
        case ReturnKind.COMPLAINT:
            _leave_all(connection, mailed, came)
            return _ban(connection, mailed, came, "complained")
        case ReturnKind.LATE:
            pass
    return False


def weigh(came_at: Iterable[datetime], within: timedelta, now: datetime) -> float:
    """What soft bounces weigh together: each day on which one came weighs 1 at first, and nothing after ``within``."""
    days = {at.date(): at for at in sorted(came_at)}
    return sum(max(0.0, 1 - max(now - at, timedelta()) / within) for at in days.values())


def _ban(connection: Connection, mailed: Mailed, came: Return, why: str) -> bool:
    reason = " ".join(filter(None, (why, f"({came.status})" if came.status else "", f"told by {came.source}")))
    return suppressions.add(connection, mailed.email, reason[:_LONGEST_REASON], now=came.came_at)


def _leave_all(connection: Connection, mailed: Mailed, came: Return) -> None:
    evidence = Evidence(via=Via.MAIL, source=f"complaint, told by {came.source}", asked_at=came.came_at)
    for held in subscribers.of_address(connection, mailed.email):
        if held.state is not SubscriptionState.UNSUBSCRIBED:
            leave(connection, held, evidence, now=came.came_at)
