"""Which relays and recipient domains are not served as usual, from what was kept of them. Pure but for one query."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from syndicate.store import Connection, paces
from syndicate.store.paces import Kind, PaceRow

LATELY = timedelta(minutes=15)
"""As long as a relay is left alone at most; one that failed is tried again within this while there is mail for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paced:
    """One relay or domain. ``rate`` is in messages a second, None where nothing limits it; past instants are None.

    ``is_down``: a relay failed lately, and has carried nothing since. ``words`` are the server's last ones about it.
    ``sent_today`` and ``first_day``, counted from 1970, are None where no warm-up counts.
    """

    kind: Kind
    name: str
    rate: float | None
    lowered: bool
    blocked_until: datetime | None
    resting_until: datetime | None
    sent_today: int | None
    first_day: int | None
    words: str
    is_down: bool = False

    @property
    def is_remarkable(self) -> bool:
        """Whether it is lowered, stopped or left alone now."""
        return self.lowered or self.stopped_until is not None

    @property
    def stopped_until(self) -> datetime | None:
        """Until when nothing goes there."""
        return self.blocked_until or self.resting_until


def all_paced(connection: Connection, now: datetime) -> list[Paced]:
    """Everything that has a pace of its own, by kind and name."""
    return [_paced(row, now) for row in paces.read(connection)]


def _paced(row: PaceRow, now: datetime) -> Paced:
    facts = row.facts
    return Paced(
        kind=row.kind,
        name=row.name,
        rate=facts["bucket"][0] if facts["bucket"] else None,
        lowered=facts["lowered_at"] is not None,
        blocked_until=_future(facts["blocked_until"], now),
        resting_until=_future(facts.get("resting_until"), now),
        sent_today=facts["today"][1] if facts["first_day"] is not None else None,
        first_day=facts["first_day"],
        words=facts["words"] or facts.get("error", ""),
        is_down=_future(facts.get("resting_until"), now) is not None or _is_recent(facts.get("failed_at"), now),
    )


def _future(text: str | None, now: datetime) -> datetime | None:
    instant = datetime.fromisoformat(text) if text else None
    return instant if instant and instant > now else None


def _is_recent(text: str | None, now: datetime) -> bool:
    return text is not None and now - datetime.fromisoformat(text) < LATELY
