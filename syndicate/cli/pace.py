"""The pace command, and what ``status`` says of relays and recipient domains that are not served as usual."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from syndicate.cli.terminal import Json, local, opened, show_json, show_table, tell
from syndicate.errors import NotFoundError
from syndicate.store import Connection, paces
from syndicate.store.paces import PaceRow


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(pace)


def pace(
    forget: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Start anew with this relay or domain: it is served as it is set."),
    ] = None,
    as_json: Json = False,
) -> None:
    """How fast relays and recipient domains are served where that is limited, lowered or stopped."""
    now = datetime.now(UTC)
    with opened() as app:
        if forget is not None:
            with app.store.write() as connection:
                known = [row.name for row in paces.read(connection)]
                if not any([paces.forget(connection, "relay", forget), paces.forget(connection, "domain", forget)]):
                    raise NotFoundError("relay or domain with a pace of its own", forget, known)
            tell("forgotten", forget)
            return
        with app.store.read() as connection:
            found = paces.read(connection)
    if as_json:
        show_json([facts(row, now) for row in found])
        return
    rows = [
        (row.kind, row.name, words(row.facts, now), row.facts["words"] or row.facts.get("error", "")) for row in found
    ]
    show_table("", ("kind", "name", "pace", "the server's words"), rows, empty="nothing is limited, lowered or stopped")


def facts(row: PaceRow, now: datetime) -> dict[str, Any]:
    """One relay or domain, for machines; ``rate`` is in messages a second, null where nothing limits it."""
    bucket = row.facts["bucket"]
    return {
        "kind": row.kind,
        "name": row.name,
        "rate": bucket[0] if bucket else None,
        "lowered": row.facts["lowered_at"] is not None,
        "blocked_until": _future(row.facts["blocked_until"], now),
        "resting_until": _future(row.facts.get("resting_until"), now),
        "sent_today": row.facts["today"][1] if row.facts["first_day"] is not None else None,
        "words": row.facts["words"] or row.facts.get("error", ""),
    }


def words(found: Mapping[str, Any], now: datetime) -> str:
    """The same for people, in a few words."""
    for name, said in (("blocked_until", "stopped until"), ("resting_until", "left alone until")):
        if until := _future(found.get(name), now):
            return f"{said} {local(until)}"
    bucket = found["bucket"]
    if not bucket:
        return "as usual"
    return f"{bucket[0]:.3g} a second" + (", lowered" if found["lowered_at"] else "")


def remarkable(connection: Connection, now: datetime) -> list[PaceRow]:
    """Those that are lowered, stopped or left alone now."""
    return [
        row
        for row in paces.read(connection)
        if row.facts["lowered_at"]
        or _future(row.facts["blocked_until"], now)
        or _future(row.facts.get("resting_until"), now)
    ]


def tell_paces(found: list[PaceRow], now: datetime) -> None:
    """Says it, a line each."""
    for row in found:
        said = row.facts["words"] or row.facts.get("error", "")
        tell("pace", f"{row.kind} {row.name}: {words(row.facts, now)}{f' ({said})' if said else ''}", style="yellow")


def _future(text: str | None, now: datetime) -> datetime | None:
    instant = datetime.fromisoformat(text) if text else None
    return instant if instant and instant > now else None
