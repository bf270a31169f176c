"""What needs a person, each with the page that mends it. Reads only. Called by *Today*."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from syndicate.delivery.paced import Paced, all_paced
from syndicate.model import Digest, DigestState, SourceState
from syndicate.preflight.finding import Section, Verdict
from syndicate.settings import Settings
from syndicate.store import Connection, alerts, digests, hubs, listeners, mailboxes, sources, standing
from syndicate.watch import alarms
from syndicate.watch.alarms import Kind
from syndicate.web.console import words

_OPEN = (DigestState.HELD, DigestState.REVIEW, DigestState.PAUSED)
_MOST = 50
_TOLD_BY_ALERTS = (Kind.BOUNCES, Kind.COMPLAINTS, Kind.DISK)
"""What nothing else here tells of."""


@dataclass(frozen=True, slots=True)
class Matter:
    """One thing that does not go on by itself. ``is_urgent``: mail waits for it.

    ``path`` is where it is mended, ``said`` why it is so: words of a server or of a source, as they came.
    """

    title: str
    said: str
    path: str
    is_urgent: bool = False


def matters(
    settings: Settings, connection: Connection, now: datetime, wrong: Sequence[str], found: Sequence[Section]
) -> list[Matter]:
    """All of them, the urgent first.

    ``wrong`` is why the settings file can't be used, if it can't; ``found`` is what the DNS says of senders' domains.
    """
    all_ = [
        *(Matter("The settings file can't be used", one, "/console/settings", True) for one in wrong),
        *_digests(connection, now),
        *_sources(settings, connection, now),
        *(_paced(one, now) for one in all_paced(connection, now) if one.is_remarkable),
        *_connected(settings, connection, now),
        *_alerted(connection),
        *(
            Matter(f"{one.check.title} of {section.about}", f"{one.said}; {one.remedy}", "/console/health#senders")
            for section in found
            for one in section.findings
            if one.verdict in (Verdict.BLOCKS, Verdict.WARNS)
        ),
    ]
    return sorted(all_, key=lambda one: not one.is_urgent)


def _digests(connection: Connection, now: datetime) -> Iterator[Matter]:
    for digest in digests.latest(connection, states=_OPEN, limit=_MOST):
        yield _waiting(digest, now)
    for digest_id, count in standing.undecided_by_digest(connection).items():
        title = f"{count:,} uncertain {'delivery' if count == 1 else 'deliveries'} of digest {digest_id}"
        said = "The connection broke after the mail was handed over. Decide whether it goes out once more."
        yield Matter(title, said, f"/console/digests/{digest_id}", True)


def _waiting(digest: Digest, now: datetime) -> Matter:
    subject, path = digest.subject or f"Digest {digest.id}", f"/console/digests/{digest.id}"
    due = f"{digest.newsletter}, {digest.cadence}, due {words.distance(digest.due_at, now)}"
    if digest.state is DigestState.PAUSED:
        return Matter(f"Paused: {subject}", due, path)
    title = "Held" if digest.state is DigestState.HELD else "Waits for approval"
    said = f"{due}; {digest.note}" if digest.note else due
    return Matter(f"{title}: {subject}", said, path, True)


def _sources(settings: Settings, connection: Connection, now: datetime) -> Iterator[Matter]:
    known = sources.every(connection)
    for one in settings.sources:
        status = known.get(one.name)
        if status is None or status.state is SourceState.OK:
            continue
        if status.state is SourceState.HELD:
            said = status.error or "It brought more at once than `hold_over` allows. See whether that is right."
            path = f"/console/articles?state=held&source={one.name}"
            yield Matter(f"Source {one.name} is held", said, path, True)
        elif status.state is SourceState.RETIRED:
            said = f"{status.error}. It is asked no more: take it out, or set its new address."
            yield Matter(f"Source {one.name} is gone for good", said, f"/console/settings/sources/{one.name}", True)
        else:
            again = f" Next try {words.distance(status.next_at, now)}." if status.next_at else ""
            since = f" Read last {words.distance(status.succeeded_at, now)}." if status.succeeded_at else ""
            said = f"{status.error}.{since}{again}"
            yield Matter(f"Source {one.name} can't be read", said, f"/console/settings/sources/{one.name}")


def _paced(one: Paced, now: datetime) -> Matter:
    said = f"“{one.words}”" if one.words else ""
    if one.blocked_until:
        title = f"{one.name} refuses our mail; one is tried {words.distance(one.blocked_until, now)}"
        return Matter(title, said, "/console/health#pace", True)
    if one.resting_until:
        title = f"Relay {one.name} is left alone; it is tried {words.distance(one.resting_until, now)}"
        return Matter(title, one.words, "/console/health#relays", True)
    what = f"Relay {one.name}" if one.kind == "relay" else one.name
    rate = f"{words.speed(one.rate)} at most" if one.rate else "slower"
    return Matter(f"{what} asked us to slow down: {rate}", said, "/console/health#pace")


def _connected(settings: Settings, connection: Connection, now: datetime) -> Iterator[Matter]:
    if settings.inbound.mailbox:
        status = mailboxes.status(connection, settings.inbound.mailbox)
        if status.error:
            yield Matter("The mailbox can't be read", status.error, "/console/health#inbound")
    for hub in hubs.standing(connection):
        if hub.failures and hub.address in settings.hubs:
            said = f"{hub.error}. Next try {words.distance(hub.next_at, now)}."
            yield Matter(f"Hub {hub.address} can't be told of new articles", said, "/console/health")
    for one in listeners.every(connection):
        if one.ended_at:
            said = f"{one.error}. `syndicate webhooks test {one.id}` has it go on."
            yield Matter(f"Webhook {one.id} to {one.host} was given up", said, "/console/health#inbound")


def _alerted(connection: Connection) -> Iterator[Matter]:
    for one in alerts.open_(connection):
        kind = Kind(one.kind)
        if kind in _TOLD_BY_ALERTS:
            yield Matter(alarms.title_of(kind, one.about), one.said, alarms.path_of(kind, one.about), True)
