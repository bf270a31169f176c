"""``/console/health``: relays, pace, sources, what comes in, the database, versions, and the newest errors."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import Any

from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from syndicate.app import App
from syndicate.delivery.paced import Paced, all_paced
from syndicate.desk.recent import RECENT
from syndicate.desk.rights import Right
from syndicate.errors import NotFoundError
from syndicate.model import DeliveryState
from syndicate.settings import Smtp
from syndicate.store import (
    alerts,
    answers,
    audit,
    hubs,
    listeners,
    mailboxes,
    notices,
    paces,
    received,
    sources,
    standing,
    webhooks,
)
from syndicate.store.alerts import Alert
from syndicate.store.answers import Answer
from syndicate.watch import alarms
from syndicate.watch.alarms import Kind
from syndicate.web.console import words
from syndicate.web.console.desk import Desk
from syndicate.web.console.door import Door
from syndicate.web.console.visit import Visit

COUNTED = timedelta(days=30)
_DAY = 86400
_ALERTS = 20


@dataclass(frozen=True, slots=True)
class RelayState:
    """One relay. ``today`` and ``allowed`` are its warm-up's, None without one."""

    relay: Smtp
    answer: Answer | None
    pace: Paced | None
    allowed: int | None

    @property
    def state(self) -> tuple[str, str]:
        """In a word or two, and how serious it is."""
        if self.pace and self.pace.stopped_until:
            return "left alone", "wrong"
        if self.pace and self.pace.lowered:
            return "slowed down", "warn"
        return ("in use", "good") if self.answer else ("not used lately", "")


class Health:
    """How everything does that the service depends on."""

    def __init__(self, app: App, desk: Desk, door: Door) -> None:
        self._app, self._desk = app, desk
        door.get("/console/health", Right.VIEW, self.health)
        door.post("/console/health/senders", Right.SETTINGS, self.look)
        door.post("/console/health/pace/forget", Right.SEND, self.forget)
        door.post("/console/health/jobs/{number:int}/retry", Right.SEND, self.retry)

    def health(self, visit: Visit) -> Response:
        """One page, from one view of the database."""
        settings, now, store = self._app.settings, visit.now, self._app.store
        mailbox = settings.inbound.mailbox
        with store.read() as connection:
            paced = all_paced(connection, now)
            told = answers.last(connection)
            found: dict[str, Any] = {
                "alerts": [_shown(one) for one in alerts.told(connection, limit=_ALERTS)],
                "sources": sources.every(connection),
                "mailbox": mailboxes.status(connection, mailbox) if mailbox else None,
                "received": received.counts(connection, since=now - COUNTED),
                "webhooks": webhooks.counts(connection),
                "notices": notices.counts(connection),
                "listeners": listeners.every(connection),
                "hubs": [one for one in hubs.standing(connection) if one.address in settings.hubs],
                "equation": standing.overall(connection),
                "workload": self._app.carrier.workload(connection),
            }
        return self._desk.show(
            visit,
            "health/health.html",
            section="health",
            settings=settings,
            relays=[_relay(one, told, paced, now) for one in settings.every_relay],
            domains=[one for one in paced if one.kind == "domain"],
            database=store.facts(),
            versions={"syndicate": version("syndicate"), "Python": platform.python_version()},
            errors=RECENT.newest(),
            senders=self._app.jobs.senders,
            queued=DeliveryState.QUEUED,
            distance=lambda at: words.distance(at, now),
            speed=words.speed,
            size=words.size,
            **found,
        )

    async def look(self, visit: Visit) -> Response:
        """Asks the DNS about the senders' domains now."""
        await self._app.jobs.senders.look(visit.now)

        def told() -> Response:
            with self._app.store.write() as connection:
                audit.note(connection, visit.user.name, "looked up", about="sender domains", ip=visit.ip, now=visit.now)
            return self._desk.go(visit, "/console/health#senders", "The DNS was asked again.")

        return await run_in_threadpool(told)

    def retry(self, visit: Visit, number: int) -> Response:
        """Has a worker do a job again that failed."""
        with self._app.store.write() as connection:
            if not self._app.carrier.retry(connection, number):
                raise NotFoundError("job that failed", number)
            audit.note(connection, visit.user.name, "retried", about=f"job {number}", ip=visit.ip, now=visit.now)
        return self._desk.go(visit, "/console/health#workers", "It waits for a worker again.")

    def forget(self, visit: Visit) -> Response:
        """Starts anew with a domain or a relay: it is served as it is set."""
        kind: paces.Kind = "relay" if visit.form.one("kind") == "relay" else "domain"
        name = visit.form.one("name")
        with self._app.store.write() as connection:
            if not paces.forget(connection, kind, name):
                raise NotFoundError(f"{kind} with a pace of its own", name)
            audit.note(
                connection, visit.user.name, "forgot the pace of", about=f"{kind} {name}", ip=visit.ip, now=visit.now
            )
        return self._desk.go(visit, "/console/health", f"{name} is served as it is set.")


def _shown(alert: Alert) -> tuple[Alert, str, str]:
    """With its title, and the page that has more of it."""
    kind = Kind(alert.kind)
    return alert, alarms.title_of(kind, alert.about), alarms.path_of(kind, alert.about)


def _relay(relay: Smtp, told: dict[str, Answer], paced: list[Paced], now: datetime) -> RelayState:
    pace = next((one for one in paced if (one.kind, one.name) == ("relay", relay.label)), None)
    allowed = None
    if relay.warm_up:
        today = int(now.astimezone(UTC).timestamp() // _DAY)
        first = pace.first_day if pace and pace.first_day is not None else today
        allowed = relay.warm_up.allowed(max(0, today - first))
    return RelayState(relay, told.get(relay.label), pace, allowed)
