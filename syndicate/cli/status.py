"""The status command: the ledger's equation, what is due next, and what needs a person."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import NamedTuple

import typer

from syndicate.app import App
from syndicate.cli import hubs, inbound
from syndicate.cli.pace import tell_paces
from syndicate.cli.terminal import Json, local, opened, plural, show_json, tell
from syndicate.delivery.paced import all_paced
from syndicate.digest.cadence import next_slot, zone_of
from syndicate.model import DeliveryState, Digest, DigestState, Equation, SourceState, SubscriptionState
from syndicate.settings import INSTANT
from syndicate.store import Connection, copies, digests, notices, private, sources, standing, subscribers
from syndicate.store.workload import Workload

_OPEN = (DigestState.SENDING, DigestState.PAUSED, *digests.WAITING)


class Unfinished(NamedTuple):
    """A digest that is not finished; ``undecided`` of its deliveries wait for a person."""

    digest: Digest
    counts: Equation
    undecided: int


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(status)


def status(as_json: Json = False) -> None:
    """The ledger: planned = accepted + rejected + suppressed + expired + cancelled + uncertain + outstanding."""
    now = datetime.now(UTC)
    with opened() as app, app.store.read() as connection:
        copy = copies.read(connection)
        total = standing.overall(connection)
        unfinished = [
            Unfinished(one, standing.equation(connection, one.id), standing.undecided(connection, one.id))
            for one in digests.latest(connection, states=_OPEN, limit=1000)
        ]
        troubled = [
            one
            for one in (sources.status(connection, source.name) for source in app.settings.sources)
            if one.state is not SourceState.OK
        ]
        paced = [one for one in all_paced(connection, now) if one.is_remarkable]
        readers = _readers(connection)
        fed = private.readers(connection)
        told = notices.counts(connection)
        due = _next(app, connection, now)
        came_in = inbound.standing(app, connection, now)
        websub = hubs.standing(app, connection)
        workload = app.carrier.workload(connection)
    if as_json:
        show_json(
            asdict(total)
            | {
                "balances": total.balances,
                "copy": {"standing": copy.standing, "why": "" if copy.may_send else copy.why},
                "digests": [_facts(one) for one in unfinished],
                "sources": [{"name": one.name, "state": one.state, "error": one.error} for one in troubled],
                "pace": [asdict(one) for one in paced],
                "notices": told,
                "readers": readers,
                "private_feeds": fed,
                "inbound": came_in,
                "websub": websub,
                "queues": [one._asdict() for one in workload.queues] if workload else [],
                "workers": workload.workers if workload else [],
                "next": [{"newsletter": slug, "cadence": name, "due_at": at} for slug, name, at in due],
            }
        )
    else:
        if not copy.may_send:
            tell(copy.standing, copy.why, style="yellow")
        tell("deliveries", in_words(total))
        _tell_digests(unfinished)
        _tell_notices(told)
        for slug, count in readers.items():
            tell(
                slug, plural(count, "active reader") + (f", {fed[slug]} of them by private feed" if slug in fed else "")
            )
        for slug, name, at in due[:5]:
            tell("next", f"{slug}/{name} at {local(at)}")
        for one in troubled:
            tell(one.state, f"source {one.name}: {one.error or 'waits for an operator'}", style="yellow")
        inbound.tell_standing(came_in)
        hubs.tell_standing(websub)
        _tell_workload(workload)
        tell_paces(paced)
    if not all(counts.balances for counts in (total, *(one.counts for one in unfinished))):
        raise typer.Exit(1)


def in_words(counts: Equation) -> str:
    """The equation as a line: ``3 planned = 1 accepted + …``, or ``≠`` when it does not balance."""
    parts = asdict(counts)
    planned = parts.pop("planned")
    sign = "=" if counts.balances else "≠"
    return f"{planned} planned {sign} " + " + ".join(f"{count} {name}" for name, count in parts.items())


def _tell_digests(unfinished: list[Unfinished]) -> None:
    for one, counts, undecided in unfinished:
        slot = f"{one.newsletter}/{one.cadence} {local(one.due_at)}"
        tell("digest", f"{one.id}: {slot}, {one.state}{f' ({one.note})' if one.note else ''}: {in_words(counts)}")
        if undecided:
            choices = "--resend, --hold or --mark-sent"
            tell("uncertain", f"`syndicate digests resolve {one.id}` decides: {choices}", style="yellow")


def _tell_notices(told: dict[DeliveryState, int]) -> None:
    """Only what waits or went wrong: notices are forgotten after a while, so their sum says nothing."""
    names = {DeliveryState.QUEUED: "waiting", DeliveryState.BEGUN: "under way"}
    shown = [
        f"{count} {names.get(state, state)}" for state, count in told.items() if state is not DeliveryState.ACCEPTED
    ]
    if shown:
        tell("notices", ", ".join(sorted(shown)))


def _tell_workload(workload: Workload | None) -> None:
    if workload is None:
        return
    tell("workers", ", ".join(workload.workers) or "none runs; start `syndicate worker`")
    for one in workload.queues:
        waits = f"{one.waiting} waiting" + (f" since {local(one.oldest)}" if one.oldest else "")
        tell("queue", f"{one.name}: {waits}, {one.doing} under way, {one.failed} failed")


def _facts(unfinished: Unfinished) -> dict[str, object]:
    digest, counts, undecided = unfinished
    own = {name: getattr(digest, name) for name in ("id", "newsletter", "cadence", "slot", "due_at", "state", "note")}
    return own | asdict(counts) | {"balances": counts.balances, "undecided": undecided}


def _readers(connection: Connection) -> dict[str, int]:
    active: dict[str, int] = {}
    for (slug, _, state), count in subscribers.counts(connection).items():
        if state is SubscriptionState.ACTIVE:
            active[slug] = active.get(slug, 0) + count
    return active


def _next(app: App, connection: Connection, now: datetime) -> list[tuple[str, str, datetime]]:
    """The next slot of each cadence, wherever its readers live."""
    due = []
    for newsletter in app.settings.newsletters:
        for name, expression in newsletter.cadences.items():
            if expression != INSTANT:
                zones = {newsletter.zone}
                if newsletter.send_in == "subscriber":
                    lived_in = digests.zones_lived_in(connection, newsletter.slug, name)
                    zones |= {zone_of(zone, newsletter.zone) for zone in lived_in}
                at = min(next_slot(expression, zone, now).due_at for zone in zones)
                due.append((newsletter.slug, name, at))
    return sorted(due, key=lambda one: one[2])
