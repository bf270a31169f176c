"""The status command: the ledger's equation, what is due next, and what needs a person."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime

import typer

from syndicate.app import App
from syndicate.cli.terminal import Json, local, opened, plural, show_json, show_table, tell
from syndicate.digest.cadence import next_slot
from syndicate.model import Digest, DigestState, Equation, SourceState, SubscriptionState
from syndicate.settings import INSTANT
from syndicate.store import Connection, digests, sources, standing, subscribers

_OPEN = (DigestState.SENDING, *digests.WAITING)


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(status)


def status(as_json: Json = False) -> None:
    """The ledger: planned = accepted + rejected + suppressed + expired + cancelled + uncertain + outstanding."""
    now = datetime.now(UTC)
    with opened() as app, app.store.read() as connection:
        total = standing.equation(connection)
        unfinished = [
            (one, standing.equation(connection, one.id)) for one in digests.latest(connection, states=_OPEN, limit=1000)
        ]
        troubled = [
            one
            for one in (sources.status(connection, source.name) for source in app.settings.sources)
            if one.state is not SourceState.OK
        ]
        readers = _readers(connection)
        due = _next(app, now)
    if as_json:
        show_json(
            asdict(total)
            | {
                "balances": total.balances,
                "digests": [_facts(one, counts) for one, counts in unfinished],
                "sources": [{"name": one.name, "state": one.state, "error": one.error} for one in troubled],
                "readers": readers,
                "next": [{"newsletter": slug, "cadence": name, "due_at": at} for slug, name, at in due],
            }
        )
    else:
        tell("deliveries", _in_words(total))
        _tell_digests(unfinished)
        for slug, count in readers.items():
            tell(slug, plural(count, "active reader"))
        for slug, name, at in due[:5]:
            tell("next", f"{slug}/{name} at {local(at)}")
        for one in troubled:
            tell(one.state, f"source {one.name}: {one.error or 'waits for an operator'}", style="yellow")
    if not total.balances:
        raise typer.Exit(1)


def _in_words(counts: Equation) -> str:
    parts = asdict(counts)
    planned = parts.pop("planned")
    sign = "=" if counts.balances else "≠"
    return f"{planned} planned {sign} " + " + ".join(f"{count} {name}" for name, count in parts.items())


def _tell_digests(unfinished: list[tuple[Digest, Equation]]) -> None:
    rows = [
        (
            one.id,
            f"{one.newsletter}/{one.cadence}",
            one.due_at,
            one.state,
            counts.accepted,
            counts.outstanding,
            counts.uncertain,
            one.note,
        )
        for one, counts in unfinished
    ]
    if rows:
        columns = ("digest", "of", "due", "state", "accepted", "outstanding", "uncertain", "note")
        show_table("", columns, rows, empty="")


def _facts(digest: Digest, counts: Equation) -> dict[str, object]:
    own = {name: getattr(digest, name) for name in ("id", "newsletter", "cadence", "slot", "due_at", "state", "note")}
    return own | asdict(counts) | {"balances": counts.balances}


def _readers(connection: Connection) -> dict[str, int]:
    active: dict[str, int] = {}
    for (slug, _, state), count in subscribers.counts(connection).items():
        if state is SubscriptionState.ACTIVE:
            active[slug] = active.get(slug, 0) + count
    return active


def _next(app: App, now: datetime) -> list[tuple[str, str, datetime]]:
    due = [
        (newsletter.slug, name, next_slot(expression, newsletter.zone, now).due_at)
        for newsletter in app.settings.newsletters
        for name, expression in newsletter.cadences.items()
        if expression != INSTANT
    ]
    return sorted(due, key=lambda one: one[2])
