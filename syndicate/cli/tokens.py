"""Commands for tokens of programs: tokens, tokens add, revoke."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from syndicate.cli.terminal import Json, opened, show_json, show_table, tell
from syndicate.desk import tokens as desk
from syndicate.store import tokens as rows
from syndicate.store.audit import SHELL

tokens = typer.Typer(help="Tokens with which programs use the API.", invoke_without_command=True)

Name = Annotated[str, typer.Argument(help="What the program is called.")]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(tokens, name="tokens")


@tokens.callback()
def listed(context: typer.Context, as_json: Json = False) -> None:
    """List the tokens: what each allows, who made it, until when it is good, and when it was used."""
    if context.invoked_subcommand:
        return
    with opened() as app, app.store.read() as connection:
        found = rows.everyone(connection)
    if as_json:
        show_json([asdict(one) for one in found])
        return
    columns = ("name", "scopes", "made by", "made", "good until", "last used")
    lines = [(t.name, ", ".join(t.scopes), t.created_by, t.created_at, t.expires_at, t.used_at) for t in found]
    show_table("", columns, lines, empty="there is no token; `syndicate tokens add NAME --scope SCOPE` makes one")


@tokens.command()
def add(
    name: Name,
    scope: Annotated[list[desk.Scope], typer.Option(help="What it allows; may be given several times.")],
    days: Annotated[int, typer.Option(min=1, max=desk.LONGEST_DAYS, help="So long it is good.")] = 365,
) -> None:
    """Make a token for a program and print it, once: only its hash is kept."""
    with opened() as app:
        token, text = desk.add(app.store, name, scope, days, by=SHELL.name, now=datetime.now(UTC))
    tell("added", f"{token.name}, {', '.join(token.scopes)}, good for {days} days", style="green")
    tell("token", text)


@tokens.command()
def revoke(name: Name) -> None:
    """Make a token useless from now on."""
    with opened() as app:
        desk.revoke(app.store, name, by=SHELL.name, now=datetime.now(UTC))
    tell("revoked", name)
