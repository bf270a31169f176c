"""Rows of a roster → the store, a batch at a time; only the import calls it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from syndicate.audience.row import Row
from syndicate.audience.traces import Traces
from syndicate.model import Consent, ConsentKind, Subscriber, SubscriptionState, Via
from syndicate.settings import Newsletter
from syndicate.store import Connection, consents, subscribers, subscriptions, suppressions

_OVER = SubscriptionState.UNSUBSCRIBED


class Standing(NamedTuple):
    """A subscription as it stands; ``id`` is None when it is new."""

    id: int | None
    state: str
    cadence: str
    topics: str
    watermark: int
    resume_at: datetime | None = None


def person_after(person: Subscriber, row: Row, *, first: bool) -> Subscriber:
    """The subscriber once ``row`` was read; the ``first`` row of an address decides, later ones fill what is empty."""
    said, known = (row, person) if first else (person, row)
    name = said.name or known.name
    language = said.language or known.language
    timezone = said.timezone or known.timezone
    if (name, language, timezone) == (person.name, person.language, person.timezone):
        return person
    return replace(person, name=name, language=language, timezone=timezone)


def standing_after(standing: Standing, row: Row, *, first: bool) -> Standing:
    """The subscription once ``row`` was read. It may end by that, it never comes back; see ``person_after``."""
    if standing.state == _OVER:
        return standing
    return standing._replace(
        state=_OVER if row.state == _OVER else standing.state,
        cadence=(first and row.cadence) or standing.cadence,
        topics=(row.topics or standing.topics) if first else (standing.topics or row.topics),
    )


class Merge:
    """Carries rows into the store and counts them in ``tally``, batch after batch of one file."""

    def __init__(self, newsletters: Sequence[Newsletter], traces: Traces, *, consent: str, now: datetime) -> None:
        self.tally: Counter[str] = Counter()
        self._traces, self._consent, self._now = traces, consent, now
        self._defaults = {newsletter.slug: newsletter.default_cadence for newsletter in newsletters}
        self._numbers = {slug: number for number, slug in enumerate(self._defaults)}
        self._people, self._subscriptions = _Seen(), _Seen()
        self._starts: dict[tuple[str, str], int] = {}

    def apply(self, connection: Connection, rows: Sequence[Row]) -> None:
        """Merges one batch, within the caller's transaction."""
        firsts: dict[str, Row] = {}
        for row in rows:
            firsts.setdefault(row.email, row)
        known = subscribers.people(connection, list(firsts))
        erased = self._erased(connection, [email for email in firsts if email not in known])
        if erased:
            gone = [row for row in rows if row.email in erased]
            self.tally.update(kept_out=len(gone), unchanged=len(gone))
            rows = [row for row in rows if row.email not in erased]
            firsts = {email: row for email, row in firsts.items() if email not in erased}
        had = subscribers.subscriptions_of(connection, [person.id for person in known.values()])
        newcomers = [row for email, row in firsts.items() if email not in known]
        subscribers.add_people(connection, [_person(row) for row in newcomers], now=self._now)
        people = known | subscribers.people(connection, [row.email for row in newcomers])
        banned = suppressions.suppressed(connection, list(firsts))
        before = {key: Standing(r.id, r.state, r.cadence, r.topics, r.watermark) for key, r in had.items()}

        people_after, after = dict(people), dict(before)
        for row in rows:
            person = people_after[row.email]
            first = self._people.add(person.id)
            people_after[row.email] = person_after(person, row, first=first)
            changed = people_after[row.email] is not person
            grown = kept_out = False
            for slug in row.newsletters:
                key = (person.id, slug)
                fresh = self._subscriptions.add(person.id * len(self._numbers) + self._numbers[slug])
                standing = after.get(key)
                if standing is None:
                    after[key] = self._new(connection, slug, row)
                    grown = True
                    continue
                kept_out |= standing.state == _OVER != row.state
                after[key] = standing_after(standing, row, first=fresh)
                changed |= after[key] != standing
            self.tally["suppressed"] += row.email in banned
            self.tally["kept_out"] += kept_out
            outcome = "added" if grown else "changed" if changed else "unchanged"
            self.tally[outcome if first else "merged"] += 1

        self._write_people(connection, people, people_after)
        self._write_subscriptions(connection, before, after)

    def _erased(self, connection: Connection, emails: Sequence[str]) -> set[str]:
        """Which of those addresses are nobody's because somebody was erased."""
        traces = {email: self._traces.of(email) for email in emails}
        found = suppressions.suppressed(connection, list(traces.values()))
        return {email for email, trace in traces.items() if trace in found}

    def _new(self, connection: Connection, slug: str, row: Row) -> Standing:
        cadence = row.cadence or self._defaults[slug]
        if (slug, cadence) not in self._starts:
            self._starts[slug, cadence] = subscribers.starting_watermark(connection, slug, cadence)
        return Standing(None, row.state, cadence, row.topics, self._starts[slug, cadence], row.resume_at)

    def _write_people(
        self, connection: Connection, before: dict[str, Subscriber], after: dict[str, Subscriber]
    ) -> None:
        changed = [person for email, person in after.items() if person is not before[email]]
        for person in changed:
            subscriptions.set_timezone(connection, person.id, person.timezone, now=self._now)
        subscribers.change_people(
            connection,
            [{"id": p.id, "name": p.name, "language": p.language, "timezone": p.timezone} for p in changed],
        )

    def _write_subscriptions(
        self,
        connection: Connection,
        before: dict[tuple[int, str], Standing],
        after: dict[tuple[int, str], Standing],
    ) -> None:
        new, changed, said = [], [], []
        for key, standing in after.items():
            if standing.id is None or standing.state != before[key].state:
                said.append(self._record(*key, standing))
            if standing.id is None:
                row = standing._asdict() | {"subscriber_id": key[0], "newsletter": key[1], "consent": self._consent}
                del row["id"]
                new.append(row)
            elif standing != before[key]:
                changed.append(standing)
        subscribers.add_subscriptions(connection, new, now=self._now)
        for standing in changed:
            if standing.state == _OVER and standing.id is not None:
                subscribers.end(connection, standing.id, now=self._now)
        subscribers.change_subscriptions(connection, [standing._asdict() for standing in changed], now=self._now)
        consents.add(connection, said)

    def _record(self, subscriber_id: int, slug: str, standing: Standing) -> Consent:
        return Consent(
            subscriber_id=subscriber_id,
            newsletter=slug,
            kind=ConsentKind.WITHDRAWN if standing.state == _OVER else ConsentKind.GIVEN,
            via=Via.IMPORT,
            source=self._consent,
            asked_at=self._now,
        )


class _Seen:
    """Which numbers came already, at little more than one bit each, so that a file of any length fits in memory."""

    def __init__(self) -> None:
        self._pages: defaultdict[int, int] = defaultdict(int)

    def add(self, number: int) -> bool:
        """Whether it comes for the first time."""
        page, bit = number >> 10, 1 << (number & 1023)
        new = not self._pages[page] & bit
        self._pages[page] |= bit
        return new


def _person(row: Row) -> dict[str, str | None]:
    return {"email": row.email, "name": row.name, "language": row.language, "timezone": row.timezone}
