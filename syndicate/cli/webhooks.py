"""Programs that are told what happens, by signed webhooks."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from syndicate.cli.terminal import Json, opened, show_json, show_table, tell
from syndicate.desk import listeners as desk
from syndicate.errors import SyndicateError
from syndicate.jobs import loop
from syndicate.model import Event
from syndicate.outbox.sending import Outbox
from syndicate.outbox.signing import secret_of
from syndicate.reach.addresses import without_userinfo
from syndicate.render.tokens import listener_key
from syndicate.store import listeners, outbox
from syndicate.store.audit import SHELL
from syndicate.store.outbox import Fate

group = typer.Typer(help="Programs that are told what happens.", invoke_without_command=True)

Number = Annotated[int, typer.Argument(min=1, metavar="WEBHOOK", help="Its number.")]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(group, name="webhooks")


@group.callback()
def list_webhooks(context: typer.Context, as_json: Json = False) -> None:
    """List the programs that are told what happens, and how that goes."""
    if context.invoked_subcommand:
        return
    with opened() as app, app.store.read() as connection:
        found = listeners.every(connection)
    if as_json:
        show_json([{name: value for name, value in asdict(one).items() if name != "nonce"} for one in found])
        return
    columns = ("number", "address", "events", "told", "waiting", "failures", "error", "given up")
    lines = [
        (
            str(one.id),
            without_userinfo(one.address),
            ", ".join(one.events),
            one.told_at,
            str(one.waiting),
            str(one.failures),
            one.error,
            one.ended_at,
        )
        for one in found
    ]
    show_table("", columns, lines, empty="There is no webhook; `syndicate webhooks add` adds one.")


@group.command()
def add(
    address: Annotated[str, typer.Argument(help="Where its messages are posted to.")],
    event: Annotated[list[Event], typer.Option(help="What it is told; may be given several times.")],
) -> None:
    """Have a program told what happens, and print its secret, once."""
    with opened() as app:
        one = desk.add(app.store, address, event, by=SHELL, now=datetime.now(UTC))
        key = listener_key(app.settings.site.secret.get_secret_value(), one.nonce)
    tell("added", f"webhook {one.id}, {', '.join(one.events)}", style="green")
    tell("secret", secret_of(key))


@group.command()
def remove(number: Number) -> None:
    """Tell it nothing any more."""
    with opened() as app, app.store.write() as connection:
        desk.remove(connection, desk.get(connection, number), by=SHELL, now=datetime.now(UTC))
    tell("removed", f"webhook {number}")


@group.command()
def test(number: Number) -> None:
    """Send it a test, and say what it answered."""
    with opened() as app:
        message_id = desk.test(app.store, number, by=SHELL, now=datetime.now(UTC))
        loop.run(Outbox(app.settings, app.store).send_due(clock=app.jobs.clock, stop=asyncio.Event()))
        with app.store.read() as connection:
            [found] = [one for one in outbox.messages(connection, number, limit=50) if one.id == message_id]
    if found.fate is not Fate.TOLD:
        raise SyndicateError(f"webhook {number}: {found.said or 'what came before it has to be told first'}")
    tell("told", found.said, style="green")


@group.command()
def replay(
    number: Number,
    days: Annotated[float, typer.Option(min=0.001, max=30, help="All that happened within so many days.")] = 1.0,
) -> None:
    """Tell it again what happened, under the same ids; `serve` or `run` sends it."""
    now = datetime.now(UTC)
    with opened() as app:
        count = desk.replay(app.store, number, now - timedelta(days=days), by=SHELL, now=now)
    tell("queued", f"{count} {'message' if count == 1 else 'messages'}", style="green")
