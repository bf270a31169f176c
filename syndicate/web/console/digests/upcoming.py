"""What stands on top of ``/console/digests``: digests that wait for a person, and those that come next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from syndicate.app import App
from syndicate.digest import drafting
from syndicate.digest.upcoming import upcoming
from syndicate.model import Digest
from syndicate.settings import MANUAL
from syndicate.store import digests
from syndicate.web.console.visit import Visit


@dataclass(frozen=True, slots=True)
class Waiting:
    """A digest that is held or in review, and how many mails it would be."""

    digest: Digest
    mails: int


def before_sending(app: App, visit: Visit) -> dict[str, Any]:
    """What ``digests/upcoming_list.html`` shows."""
    with app.store.read() as connection:
        found = digests.latest(connection, states=digests.WAITING)
        waiting = [Waiting(one, digests.owed(connection, one)) for one in found]
        coming = [
            (one, drafting.upcoming(connection, one.newsletter, one.cadence, visit.now))
            for one in upcoming(app.settings, connection, visit.now)
        ]
        by_hand = [(one, drafting.upcoming(connection, one, MANUAL, visit.now)) for one in app.settings.newsletters]
    return {"waiting": waiting, "coming": coming, "by_hand": by_hand}
