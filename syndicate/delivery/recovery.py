"""What dead processes left, taken over; and digests that are done, ended. Called by ``send`` and by the jobs."""

from __future__ import annotations

from datetime import UTC, datetime

import structlog

from syndicate.delivery.owner import is_dead
from syndicate.model import DeliveryState
from syndicate.settings import Settings
from syndicate.store import Store, copies, deliveries, leases, remedies, standing

log = structlog.get_logger()


def recover(settings: Settings, store: Store, *, now: datetime) -> int:
    """Takes over from senders that are dead: the leased goes back, the begun is *uncertain*, or is sent again.

    Returns how many had been begun. Processes that do it at the same moment take turns.

    :raises HeldError: when nothing is sent from this copy.
    """
    real = datetime.now(UTC)
    with store.write() as connection:
        copies.check(connection)
        gone = leases.inherit(connection, lambda one: one.lease_until <= real or is_dead(one.name))
        orphans = leases.orphans(connection, gone)
        for orphan in orphans:
            newsletter = settings.newsletter(orphan.newsletter)
            resend = newsletter is None or newsletter.uncertain == "resend"
            state = DeliveryState.QUEUED if resend else DeliveryState.UNCERTAIN
            deliveries.abandon(connection, [orphan.id], state, now=now)
        if gone:
            leases.bury(connection, gone)
    if orphans:
        log.warning("a process died while sending", begun=len(orphans))
    return len(orphans)


def finish(store: Store, *, now: datetime) -> list[int]:
    """Ends the digests that have nothing outstanding; returns them."""
    with store.write() as connection:
        remedies.sweep(connection, now=now)
        found = standing.finished(connection)
        return [one for one in found if remedies.finish(connection, one, now=now)]
