"""The pace command, and what ``status`` says of relays and recipient domains that are not served as usual."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from syndicate.cli.terminal import Json, local, opened, show_json, show_table, tell
from syndicate.delivery.paced import Paced, all_paced
from syndicate.errors import NotFoundError
from syndicate.store import paces


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
            found = all_paced(connection, now)
    if as_json:
        show_json([asdict(one) for one in found])
        return
    rows = [(one.kind, one.name, words(one), one.words) for one in found]
    show_table("", ("kind", "name", "pace", "the server's words"), rows, empty="nothing is limited, lowered or stopped")


def words(one: Paced) -> str:
    """How it is served, in a few words."""
    for until, said in ((one.blocked_until, "stopped until"), (one.resting_until, "left alone until")):
        if until:
            return f"{said} {local(until)}"
    if one.rate is None:
        return "as usual"
    return f"{one.rate:.3g} a second" + (", lowered" if one.lowered else "")


def tell_paces(found: Iterable[Paced]) -> None:
    """Says it, a line each."""
    for one in found:
        said = f" ({one.words})" if one.words else ""
        tell("pace", f"{one.kind} {one.name}: {words(one)}{said}", style="yellow")
