"""Commands for the database: store copy, which moves all of it to another one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from syndicate.cli.terminal import Json, err, plural, settings, show_json, tell
from syndicate.errors import ConflictError, SyndicateError
from syndicate.store import Store
from syndicate.store.engine.opening import has_password
from syndicate.store.moving import copying
from syndicate.store.moving.copying import Copied

store = typer.Typer(help="The database.", no_args_is_help=True)

To = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        envvar="SYNDICATE_TO",
        help="The new database, empty: postgresql://user@host/database, or sqlite:///FILE. The password by PGPASSWORD "
        "or ~/.pgpass, or the whole URL in SYNDICATE_TO.",
    ),
]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(store, name="store")


@store.callback()
def _group() -> None:
    """Makes a group of what is one command so far."""


@store.command("copy")
def copy(
    context: typer.Context,
    to: To = None,
    from_: Annotated[
        str | None,
        typer.Option("--from", metavar="URL", envvar="SYNDICATE_FROM", help="The old database; else store.url."),
    ] = None,
    give_up: Annotated[
        bool, typer.Option("--give-up", help="Let the old database be written again; only before its end.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Move all that is in the database to an empty one; the old one never sends again. Goes on where it was cut off."""
    if give_up:
        _give_up(_open(context, "from_", from_ or settings().store.url))
        return
    move(context, to=to, from_=from_, as_json=as_json)


def move(context: typer.Context, *, to: str | None, from_: str | None = None, as_json: bool = False) -> None:
    """``store copy``, and ``migrate --to``.

    :raises SyndicateError: when a password stands on the command line, or it can't be moved.
    """
    if not to:
        raise SyndicateError("say where to: --to postgresql://user@host/database, or SYNDICATE_TO")
    old, new = _open(context, "from_", from_ or settings().store.url), _open(context, "to", to)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed} rows"), TimeElapsedColumn())
    try:
        with Progress(*columns, console=err, disable=not err.is_terminal) as progress:
            bar = progress.add_task("copying", total=None)
            found = copying.move(
                old,
                new,
                now=datetime.now(UTC),
                progress=lambda table, rows: progress.update(bar, description=table, completed=rows),
            )
    finally:
        old.close()
        new.close()
    _tell(old, new, found, as_json=as_json)


def _tell(old: Store, new: Store, found: list[Copied], *, as_json: bool) -> None:
    if as_json:
        show_json({"from": old.name, "to": new.name, "tables": {one.table: _alike(one) for one in found}})
        return
    for one in found:
        if one.rows:
            tell("alike", f"{one.table}: {plural(one.rows, 'row')}, {one.sum:032x}", style="green")
    tell("moved", f"{plural(sum(one.rows for one in found), 'row')} from {old.name} to {new.name}")
    tell("next", f'put url = "{new.name}" into [store] of the settings, and start the service again')


def _alike(one: Copied) -> dict[str, object]:
    return {"rows": one.rows, "sum": f"{one.sum:032x}"}


def _give_up(old: Store) -> None:
    try:
        done = copying.give_up(old)
    finally:
        old.close()
    tell("given up" if done else "nothing", f"{old.name} {'can be written again' if done else 'is in no move'}")


def _open(context: typer.Context, name: str, url: str) -> Store:
    """:raises ConflictError: when a password stands on the command line, where every user of the machine sees it."""
    source = context.get_parameter_source(name)
    if has_password(url) and source is not None and source.name == "COMMANDLINE":
        raise ConflictError(
            "a password on the command line can be read by everyone on this machine; leave it out and set PGPASSWORD "
            "or ~/.pgpass, or give the whole URL in SYNDICATE_TO or SYNDICATE_FROM"
        )
    return Store(url)
