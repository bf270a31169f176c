"""Looks at what is wrong, writes it down, and tells operators by mail and webhook. Called by the jobs, once a minute.

What is told is decided and written in one transaction, the mails queued in the same one. The webhook is called after
that, and until it takes it: what it is owed stands with each alert.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import structlog

from syndicate.delivery.paced import all_paced
from syndicate.model import DigestState
from syndicate.preflight.finding import Section
from syndicate.reach.request import Bounds, open_client, user_agent
from syndicate.settings import Settings
from syndicate.store import (
    Connection,
    Store,
    alerts,
    audit,
    copies,
    digests,
    mailboxes,
    notices,
    returns,
    sources,
    standing,
)
from syndicate.store.alerts import Alert, Owed
from syndicate.store.notices import ALERT, Notice
from syndicate.watch import alarms
from syndicate.watch.alarms import Alarm, Kind
from syndicate.watch.changes import changes
from syndicate.watch.logs import scrubbed
from syndicate.websub.caller import Caller

LATELY = timedelta(days=3)
"""Digests are watched for what comes back for so long."""

KEPT = timedelta(days=30)
_MOST = 100
_PATIENCE_S = 10.0
_BY = "the watch"
_WORDS: dict[Owed, str] = {"began": "Now", "goes on": "Still", "ended": "Over"}

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Telling:
    """One alert of which somebody is told: that it began, goes on or ended."""

    what: Owed
    alert: Alert

    def facts(self, site: str) -> dict[str, str]:
        """For templates and for JSON."""
        kind = Kind(self.alert.kind)
        return {
            "what": _WORDS[self.what],
            "title": alarms.title_of(kind, self.alert.about),
            "said": self.alert.said,
            "url": f"{site}{alarms.path_of(kind, self.alert.about)}",
        }


async def watch(settings: Settings, store: Store, senders: Sequence[Section], free: int | None, now: datetime) -> int:
    """Tells what there is to tell; returns of how many alerts. ``senders`` is what the DNS says of their domains.

    ``free`` are the bytes that are left where the database lies, None when nobody knows.
    """
    told = await asyncio.to_thread(_decide, settings, store, senders, free, now)
    owed = await asyncio.to_thread(_owed, store)
    if owed and settings.alerts.webhook:
        reason = await call(settings, [Telling(one.owed, one) for one in owed])
        if reason:
            log.warning("the webhook for alerts can't be told, and is tried again", reason=reason)
        else:
            await asyncio.to_thread(_pay, store, owed)
    return len(told)


def _decide(
    settings: Settings, store: Store, senders: Sequence[Section], free: int | None, now: datetime
) -> list[Telling]:
    """What is wrong, compared with what was. A copy that may not send tells nobody anything."""
    with store.read() as connection:
        found = [one._replace(said=scrubbed(one.said)) for one in _wrong(settings, connection, senders, free, now)]
        if not copies.read(connection).may_send or not (found or alerts.open_(connection)):
            return []
    patience = partial(alarms.patience_of, settings=settings.alerts)
    with store.write() as connection:
        done = changes(alerts.open_(connection, to_change=True), found, patience, now)
        for alert, alarm in done.seen:
            alerts.see(connection, alert.id, alarm.said, now=now)
        new = [alerts.begin(connection, *one, now=now) for one in done.begin]
        at_once = [one for one in new if one and not patience(Kind(one.kind))]
        alerts.drop(connection, [one.id for one in done.passed])
        alerts.forget(connection, before=now - KEPT)
        told = [
            *_tell(connection, settings, "began", [*done.told, *at_once], now),
            *_tell(connection, settings, "goes on", done.again, now),
            *_tell(connection, settings, "ended", done.ended, now),
        ]
        if told:
            mail(connection, settings, told, now)
        return told


def _tell(
    connection: Connection, settings: Settings, what: Owed, some: Sequence[Alert], now: datetime
) -> list[Telling]:
    owed: Owed = what if settings.alerts.webhook else ""
    alerts.tell(connection, [one.id for one in some], what, owed, now=now)
    for one in some:
        audit.note(
            connection, _BY, f"{what} to be wrong", about=f"{one.kind} {one.about}".strip(), detail=one.said, now=now
        )
        log.warning("alert", what=what, kind=one.kind, about=one.about, reason=one.said)
    return [Telling(what, one) for one in some]


def mail(connection: Connection, settings: Settings, told: Sequence[Telling], now: datetime) -> None:
    """Queues one mail to each of the operators' addresses."""
    site = settings.site.url
    lines = [one.facts(site) for one in told]
    first = lines[0]["title"] if told[0].what == "began" else f"{lines[0]['what'].lower()}: {lines[0]['title']}"
    title = first if len(lines) == 1 else f"{first}, and {len(lines) - 1} more"
    facts = {"title": title, "told": lines, "url": f"{site}/console/health#alerts"}
    sender = next((one.slug for one in settings.newsletters), "")
    for email in settings.alerts.addresses:
        notice = Notice(kind=ALERT, email=email, newsletter=sender, language="en", facts=facts, planned_at=now)
        notices.queue(connection, notice)


async def call(settings: Settings, told: Sequence[Telling]) -> str:
    """Posts it to the webhook; returns why that failed, or nothing. ``text`` is what chat programs show."""
    webhook = settings.alerts.webhook
    assert webhook
    lines = [one.facts(settings.site.url) for one in told]
    text = "\n".join(f"{one['what']}: {one['title']}. {one['said']} {one['url']}" for one in lines)
    body = json.dumps({"text": f"{settings.site.name}\n{text}", "site": settings.site.name, "alerts": lines})
    bounds = Bounds(_PATIENCE_S, 0, settings.alerts.allow_private, "[alerts] allow_private")
    headers = {"Content-Type": "application/json", "User-Agent": user_agent("alerts")}
    async with open_client(bounds) as client:
        said = await Caller(client, bounds).call("POST", webhook.get_secret_value(), headers, body.encode())
    return "" if said.is_success else said.reason


def _wrong(
    settings: Settings, connection: Connection, senders: Sequence[Section], free: int | None, now: datetime
) -> Iterator[Alarm]:
    mine = settings.alerts
    held = digests.latest(connection, states=(DigestState.HELD,), limit=_MOST)
    yield from alarms.of_digests(held, standing.undecided_by_digest(connection))
    under_way = (DigestState.SENDING, DigestState.PAUSED, DigestState.SENT)
    latest = [one for one in digests.latest(connection, states=under_way, limit=_MOST) if now - one.due_at < LATELY]
    if latest:
        ids = [one.id for one in latest]
        counts, came = standing.by_digest(connection, ids), returns.counts(connection, ids)
        yield from alarms.of_returns([alarms.Sent(one, counts[one.id], came[one.id]) for one in latest], mine)
    yield from alarms.of_paces(all_paced(connection, now), [one.label for one in settings.every_relay])
    known = sources.every(connection)
    yield from alarms.of_sources([known[one.name] for one in settings.sources if one.name in known], mine, now)
    mailbox = settings.inbound.mailbox
    yield from alarms.of_mailbox(mailboxes.status(connection, mailbox) if mailbox else None)
    yield from alarms.of_disk(free, mine)
    yield from alarms.of_senders(senders)


def _owed(store: Store) -> list[Alert]:
    with store.read() as connection:
        return alerts.owed(connection) if copies.read(connection).may_send else []


def _pay(store: Store, owed: Sequence[Alert]) -> None:
    with store.write() as connection:
        for one in owed:
            alerts.paid(connection, one)
