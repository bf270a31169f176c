"""Rows of a roster beside what is known: what would they change? The roster asks it, batch after batch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from syndicate.audience.attributes import joined
from syndicate.audience.diff import Mark, Tally
from syndicate.audience.row import Row
from syndicate.audience.seen import Seen
from syndicate.audience.traces import PREFIX, Traces
from syndicate.model import Subscriber, SubscriptionState
from syndicate.settings import Newsletter
from syndicate.store import Connection, subscribers, suppressions
from syndicate.store.subscribers import topics_key, topics_of

_OVER = SubscriptionState.UNSUBSCRIBED


class Standing(NamedTuple):
    """A subscription as it stands; ``id`` is None when it is new."""

    id: int | None
    state: str
    cadence: str
    topics: str
    watermark: int
    resume_at: datetime | None = None


Key = tuple[str, str]
"""Address and newsletter."""


@dataclass(slots=True)
class Step:
    """What some rows change: people and subscriptions as they were and as they will be, by address.

    ``bans`` are new ones with their reasons, ``lifted`` those that end.
    """

    people: dict[str, Subscriber] = field(default_factory=dict)
    people_after: dict[str, Subscriber] = field(default_factory=dict)
    standings: dict[Key, Standing] = field(default_factory=dict)
    standings_after: dict[Key, Standing] = field(default_factory=dict)
    bans: dict[str, str] = field(default_factory=dict)
    lifted: set[str] = field(default_factory=set)


def person_after(person: Subscriber, row: Row, *, first: bool) -> Subscriber:
    """The subscriber once ``row`` was read; the ``first`` row of an address decides, later ones fill what is empty.

    Tags add up.
    """
    said, known = (row, person) if first else (person, row)
    name = said.name or known.name
    language = said.language or known.language
    timezone = said.timezone or known.timezone
    after = person
    if (name, language, timezone) != (person.name, person.language, person.timezone):
        after = replace(person, name=name, language=language, timezone=timezone)
    if row.tags and not {*topics_of(row.tags)} <= {*person.tags}:
        after = replace(after, tags=topics_of(topics_key([*person.tags, *topics_of(row.tags)])))
    if row.attributes:
        attributes = joined(person.attributes, dict(row.attributes), first=first)
        if attributes != person.attributes:
            after = replace(after, attributes=attributes)
    return after


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
    """Decides batch after batch of one file, and counts into ``tally``. With ``revive``, who left or is banned returns.

    Whoever was erased stays out all the same.
    """

    def __init__(self, newsletters: Sequence[Newsletter], traces: Traces, tally: Tally, *, revive: bool) -> None:
        self._traces, self._tally, self._revive = traces, tally, revive
        self._defaults = {newsletter.slug: newsletter.default_cadence for newsletter in newsletters}
        self._seen = Seen()
        self._usual: tuple[str, ...] = ()
        self._starts: dict[tuple[str, str], int] = {}

    def skip(self, rows: Iterable[Row]) -> None:
        """Takes note of rows that were dealt with before."""
        for row in rows:
            self._note(row)

    def decide(self, connection: Connection, rows: Sequence[Row]) -> Step:
        """What these rows change."""
        emails = list(dict.fromkeys(row.email for row in rows))
        known = subscribers.people(connection, emails)
        banned = suppressions.reasons(connection, emails)
        erased = self._erased(connection, [email for email in emails if email not in known])
        had = subscribers.subscriptions_of(connection, [person.id for person in known.values()])
        address = {person.id: email for email, person in known.items()}
        before = {
            (address[person], slug): Standing(r.id, r.state, r.cadence, r.topics, r.watermark)
            for (person, slug), r in had.items()
        }
        step = Step(known, dict(known), before, dict(before))
        for row in rows:
            first, fresh = self._note(row)
            if row.email in erased:
                self._count(Mark.SUPPRESSED, row, first, "erased; only they can come back")
                continue
            self._take(connection, step, row, first, fresh, banned.get(row.email))
        return step

    def _note(self, row: Row) -> tuple[bool, list[bool]]:
        """Whether it is the first row of its address, and of each of its newsletters.

        Those of the file's first row are the usual ones: of who has them, the address alone is kept in mind.
        """
        first, count = self._seen.add(row.email), len(row.newsletters)
        self._usual = self._usual or row.newsletters
        if first:
            if row.newsletters != self._usual:
                self._seen.add((row.email,))
                return True, [self._seen.add((row.email, slug)) for slug in row.newsletters]
            return True, [True] * count
        had = () if (row.email,) in self._seen else self._usual
        return False, [slug not in had and self._seen.add((row.email, slug)) for slug in row.newsletters]

    def _take(
        self, connection: Connection, step: Step, row: Row, first: bool, fresh: Sequence[bool], banned: str | None
    ) -> None:
        if first and row.email not in step.people and not (banned or row.ban):
            self._begin(connection, step, row)
            return
        begun, left, changes, back = self._subscribe(connection, step, row, fresh)
        person = step.people_after.get(row.email)
        after = _person(row) if person is None else person_after(person, row, first=first)
        step.people_after[row.email] = after
        if person is not None and person is not after:
            changes = _changes(person, after, "name", "language", "timezone", "tags", "attributes") + changes
        if banned and self._revive and _wanted(row):
            step.lifted.add(row.email)
            banned, back = None, back or first
        elif row.ban and not banned:
            step.bans.setdefault(row.email, row.ban)
        if back:
            self._tally.count("revived")
        if banned or row.ban:
            self._count(Mark.SUPPRESSED, row, first, banned or row.ban)
        elif left:
            self._count(Mark.SUPPRESSED, row, first, f"left {', '.join(left)}")
        elif begun:
            self._count(Mark.NEW, row, first, ", ".join(begun))
        else:
            self._count(Mark.CHANGED if changes else Mark.SAME, row, first, "; ".join(changes))

    def _begin(self, connection: Connection, step: Step, row: Row) -> None:
        """Takes in somebody of whom nothing is known."""
        step.people_after[row.email] = _person(row)
        for slug in row.newsletters:
            step.standings_after[row.email, slug] = self._new(connection, slug, row)
        self._tally.add(Mark.NEW, row.line, row.email, ", ".join(_told(slug, row) for slug in row.newsletters))

    def _subscribe(
        self, connection: Connection, step: Step, row: Row, fresh: Sequence[bool]
    ) -> tuple[list[str], list[str], list[str], bool]:
        """What begins, which newsletters the reader left, what changes, and whether somebody comes back."""
        begun, left, changes, back = [], [], [], False
        for slug, is_fresh in zip(row.newsletters, fresh, strict=True):
            standing = step.standings_after.get((row.email, slug))
            if standing is None:
                step.standings_after[row.email, slug] = self._new(connection, slug, row)
                begun.append(_told(slug, row))
                continue
            returns = standing.state == _OVER and _wanted(row)
            if returns and not self._revive:
                left.append(slug)
                continue
            then = (
                self._again(connection, slug, standing, row)
                if returns
                else standing_after(standing, row, first=is_fresh)
            )
            if then != standing:
                changes += [f"{slug}: {change}" for change in _changes(standing, then, "state", "cadence", "topics")]
                step.standings_after[row.email, slug] = then
            back |= returns and is_fresh
        return begun, left, changes, back

    def _count(self, mark: Mark, row: Row, first: bool, about: str) -> None:
        if first:
            self._tally.add(mark, row.line, row.email, about)
        else:
            self._tally.count("repeated")

    def _erased(self, connection: Connection, emails: Sequence[str]) -> set[str]:
        """Which of those addresses are nobody's because somebody was erased."""
        if not suppressions.begins_with(connection, PREFIX):
            return set()
        traces = {email: self._traces.of(email) for email in emails}
        found = suppressions.suppressed(connection, list(traces.values()))
        return {email for email, trace in traces.items() if trace in found}

    def _new(self, connection: Connection, slug: str, row: Row) -> Standing:
        cadence = row.cadence or self._defaults[slug]
        return Standing(None, row.state, cadence, row.topics, self._start(connection, slug, cadence), row.resume_at)

    def _again(self, connection: Connection, slug: str, standing: Standing, row: Row) -> Standing:
        """One that had ended begins anew, in step with its newsletter."""
        cadence = row.cadence or standing.cadence
        start = max(standing.watermark, self._start(connection, slug, cadence))
        topics = row.topics or standing.topics
        return Standing(standing.id, row.state, cadence, topics, start, row.resume_at)

    def _start(self, connection: Connection, slug: str, cadence: str) -> int:
        if (slug, cadence) not in self._starts:
            self._starts[slug, cadence] = subscribers.starting_watermark(connection, slug, cadence)
        return self._starts[slug, cadence]


def _wanted(row: Row) -> bool:
    return row.state != _OVER and not row.ban


def _told(slug: str, row: Row) -> str:
    return slug if row.state is SubscriptionState.ACTIVE else f"{slug} ({row.state})"


def _person(row: Row) -> Subscriber:
    return Subscriber(
        id=0,
        email=row.email,
        name=row.name,
        language=row.language,
        timezone=row.timezone,
        tags=topics_of(row.tags) if row.tags else (),
        attributes=dict(row.attributes),
    )


def _changes(before: object, after: object, *names: str) -> list[str]:
    told = []
    for name in names:
        was, becomes = getattr(before, name), getattr(after, name)
        if was != becomes:
            told.append(f"{name} {_shown(was)} → {_shown(becomes)}")
    return told


def _shown(value: str | Mapping[str, str] | Sequence[str] | None) -> str:
    if isinstance(value, Mapping):
        value = [f"{name}={said}" for name, said in value.items()]
    return (value.replace("\n", "; ") if isinstance(value, str) else "; ".join(value or ())) or "–"
