"""Commands for those who run the service: users, users add, role, reset, remove."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from syndicate.app import App
from syndicate.cli.terminal import Json, ask, opened, show_json, show_table, tell
from syndicate.desk import people
from syndicate.model import Role
from syndicate.store import users as rows
from syndicate.store.audit import SHELL

users = typer.Typer(help="Who may sign in to the console.", invoke_without_command=True)

Name = Annotated[str, typer.Argument(help="What they sign in with.")]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(users, name="users")


@users.callback()
def listed(context: typer.Context, as_json: Json = False) -> None:
    """List the users: role, whether they can sign in, with codes or without, and where they are signed in now."""
    if context.invoked_subcommand:
        return
    with opened() as app, app.store.read() as connection:
        found = rows.everyone(connection)
    if as_json:
        show_json([_facts(one) for one in found])
        return
    lines = [
        (
            one.user.name,
            one.user.role,
            "can sign in" if one.has_password else "no password yet",
            "yes" if one.has_codes else "no",
            one.created_at,
            one.seen_at,
        )
        for one in found
    ]
    columns = ("name", "role", "state", "codes", "added", "signed in, last seen")
    show_table("", columns, lines, empty="there is nobody; `syndicate users add NAME --role operator` adds somebody")


@users.command()
def add(name: Name, role: Annotated[Role, typer.Option(help="What they may do.")] = Role.VIEWER) -> None:
    """Add somebody, and print the link with which they choose a password; it can be used once, for a day."""
    with opened() as app:
        token = people.add(app.store, name, role, by=SHELL.name, now=datetime.now(UTC))
        tell("added", f"{people.folded(name)}, {role}", style="green")
        show_link(app, token)


@users.command()
def role(name: Name, role: Annotated[Role, typer.Argument(help="What they may do from now on.")]) -> None:
    """Give somebody another role; they have to sign in again."""
    with opened() as app:
        people.give_role(app.store, name, role, by=SHELL.name, now=datetime.now(UTC))
    tell("changed", f"{people.folded(name)}, {role}")


@users.command()
def reset(
    name: Name,
    codes: Annotated[bool, typer.Option("--codes", help="They lost their app too: ask for no code any more.")] = False,
) -> None:
    """End somebody's password and sessions, and print a link with which they choose another, once, within a day."""
    with opened() as app:
        token = people.reset(app.store, name, by=SHELL.name, now=datetime.now(UTC))
        if codes:
            people.forget_codes(app.store, name, by=SHELL.name, now=datetime.now(UTC))
        show_link(app, token)


@users.command()
def remove(name: Name, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Remove somebody, who can't sign in any more; what they did stays on record."""
    with opened() as app:
        ask(f"Remove {people.folded(name)}?", yes=yes)
        people.remove(app.store, name, by=SHELL.name, now=datetime.now(UTC))
    tell("removed", people.folded(name))


def tell_first(app: App, invited: tuple[str, str] | None) -> None:
    """Prints the link for the first operator, if one was invited because nobody can sign in."""
    if invited:
        name, token = invited
        tell("set up", f"nobody can sign in yet; for a day, {name} can choose a password here:", style="yellow")
        show_link(app, token)


def show_link(app: App, token: str) -> None:
    """Prints where a password is chosen."""
    tell("link", f"{app.settings.site.url}/console/welcome/{token}")


def _facts(one: rows.Standing) -> dict[str, Any]:
    facts = asdict(one)
    return {"name": one.user.name, "role": one.user.role} | {key: facts[key] for key in facts if key != "user"}
