"""Commands for those who run the service: users add, reset."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from syndicate.app import App
from syndicate.cli.terminal import opened, tell
from syndicate.desk import people
from syndicate.model import Role

users = typer.Typer(help="Who may sign in to the console: add, reset.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="What they sign in with.")]

BY = "command line"
"""Who did it, in the audit log."""


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(users, name="users")


@users.command()
def add(name: Name, role: Annotated[Role, typer.Option(help="What they may do.")] = Role.VIEWER) -> None:
    """Add somebody, and print the link with which they choose a password; it can be used once, for a day."""
    with opened() as app:
        token = people.add(app.store, name, role, by=BY, now=datetime.now(UTC))
        tell("added", f"{people.folded(name)}, {role}", style="green")
        show_link(app, token)


@users.command()
def reset(name: Name) -> None:
    """Print a link with which somebody chooses another password, once, within a day."""
    with opened() as app:
        show_link(app, people.reset(app.store, name, by=BY, now=datetime.now(UTC)))


def tell_first(app: App) -> None:
    """Prints the link for the first operator, as long as nobody can sign in."""
    invited = people.invite_first(app.store, now=app.jobs.clock())
    if invited:
        name, token = invited
        tell("set up", f"nobody can sign in yet; for a day, {name} can choose a password here:", style="yellow")
        show_link(app, token)


def show_link(app: App, token: str) -> None:
    """Prints where a password is chosen."""
    tell("link", f"{app.settings.site.url}/console/welcome/{token}")
