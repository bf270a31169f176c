"""Makes what an import has decided so, within its transaction; only the roster calls it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from syndicate.audience.merge import Key, Standing, Step
from syndicate.model import Consent, ConsentKind, SubscriptionState, Via
from syndicate.store import Connection, audit, consents, subscribers, subscriptions, suppressions

_OVER = SubscriptionState.UNSUBSCRIBED


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """Carries steps into the store. ``consent`` is what readers agreed by, ``reason`` why ``who`` brings some back."""

    consent: str
    reason: str
    who: str
    now: datetime

    def carry(self, connection: Connection, step: Step) -> None:
        """Writes all that is new or changed."""
        ids = self._people(connection, step)
        self._subscriptions(connection, step, ids)
        suppressions.add_new(connection, step.bans, now=self.now)
        for email in step.lifted:
            suppressions.lift(connection, email)
        for email in step.lifted | {key[0] for key in _returned(step)}:
            about = f"subscriber {ids[email]}"
            audit.note(connection, self.who, "revived", about=about, detail=self.reason, now=self.now)

    def _people(self, connection: Connection, step: Step) -> dict[str, int]:
        """Writes the people; returns their ids by address."""
        new = {email: person for email, person in step.people_after.items() if email not in step.people}
        ids = dict(zip(new, subscribers.fill(connection, list(new.values()), now=self.now), strict=True))
        changed = [
            person for email, person in step.people_after.items() if step.people.get(email, person) is not person
        ]
        for person in changed:
            subscriptions.set_timezone(connection, person.id, person.timezone, now=self.now)
        subscribers.change_people(connection, [asdict(person) for person in changed])
        subscribers.describe(connection, changed)
        return ids | {email: person.id for email, person in step.people.items()}

    def _subscriptions(self, connection: Connection, step: Step, ids: dict[str, int]) -> None:
        new, changed, said = [], [], []
        returned = _returned(step)
        for (email, slug), standing in step.standings_after.items():
            before = step.standings.get((email, slug))
            if before == standing:
                continue
            if before is None or before.state != standing.state:
                said.append(self._record(ids[email], slug, standing, again=(email, slug) in returned))
            if before is None:
                new.append(self._begun(ids[email], slug, standing))
            else:
                changed.append(standing)
        subscribers.begin(connection, new, now=self.now)
        for standing in changed:
            if standing.state == _OVER and standing.id is not None:
                subscribers.end(connection, standing.id, now=self.now)
        subscribers.change_subscriptions(connection, [one._asdict() for one in changed], now=self.now)
        for standing in returned.values():
            subscriptions.begin_again(connection, standing.id or 0, standing.resume_at, consent=self.consent)
        consents.add(connection, said)

    def _begun(self, subscriber_id: int, slug: str, standing: Standing) -> subscribers.Begun:
        _, state, cadence, topics, watermark, resume_at = standing
        return subscribers.Begun(subscriber_id, slug, state, cadence, topics, watermark, resume_at, self.consent)

    def _record(self, subscriber_id: int, slug: str, standing: Standing, *, again: bool) -> Consent:
        return Consent(
            subscriber_id=subscriber_id,
            newsletter=slug,
            kind=ConsentKind.WITHDRAWN if standing.state == _OVER else ConsentKind.GIVEN,
            via=Via.IMPORT,
            source=f"{self.consent}; brought back by {self.who}: {self.reason}" if again else self.consent,
            asked_at=self.now,
        )


def _returned(step: Step) -> dict[Key, Standing]:
    """The subscriptions that had ended and go on."""
    return {
        key: after
        for key, after in step.standings_after.items()
        if after.state != _OVER and (before := step.standings.get(key)) and before.state == _OVER
    }
