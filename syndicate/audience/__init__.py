"""Who is written to: readers come, change their minds and leave, one by one or by the file."""

from syndicate.audience.address import normalise
from syndicate.audience.export import export_roster
from syndicate.audience.roster import Roster, RosterResult, Terms, import_roster
from syndicate.audience.subscribe import Joined, remove, subscribe, unsubscribe

__all__ = [
    "Joined",
    "Roster",
    "RosterResult",
    "Terms",
    "export_roster",
    "import_roster",
    "normalise",
    "remove",
    "subscribe",
    "unsubscribe",
]
