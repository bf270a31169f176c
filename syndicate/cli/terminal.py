"""What the commands have in common: opening the service, printing for people or machines, progress, questions."""

from __future__ import annotations

import getpass
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from syndicate.app import App, open_app
from syndicate.cli.staying import once_there
from syndicate.errors import SyndicateError
from syndicate.settings import Settings, SettingsFile, find
from syndicate.watch import logs

_WIDE = 400
"""Columns where nobody looks: lines are not broken for files and pipes."""

out = Console(highlight=False, width=None if sys.stdout.isatty() else _WIDE)
err = Console(stderr=True, highlight=False, width=None if sys.stderr.isatty() else _WIDE)

Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Now = Annotated[str | None, typer.Option(metavar="INSTANT", help="Act as if it were this moment (ISO 8601; UTC).")]


def settings() -> Settings:
    """:raises SettingsError: with all that is wrong in the settings."""
    return settings_file().load()


def settings_file() -> SettingsFile:
    """The file that this command was told to use, or finds."""
    return SettingsFile(find(None, os.environ), os.environ)


@contextmanager
def opened(now: datetime | None = None, *, stays: bool = False) -> Iterator[App]:
    """The service on this folder's settings, closed at the end. Its clock begins at ``now`` when that is given.

    A command that ``stays`` logs what the settings say, and waits for a database that is away; others are asked by
    somebody, and say what they did.
    """
    ahead = now - datetime.now(UTC) if now else timedelta(0)
    file = settings_file()
    settings = file.load()
    logs.set_up(settings.log.format, settings.log.level if stays else "warning")
    opening = partial(open_app, settings, lambda: datetime.now(UTC) + ahead, file)
    app = once_there(opening) if stays else opening()
    try:
        yield app
    finally:
        app.close()


def operator() -> str:
    """Who runs the command, for the audit log."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "the command line"


def instant(text: str | None) -> datetime | None:
    """``--now`` as an aware instant, None when it is not given."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not an instant such as 2026-01-31T07:00:00Z") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def show_json(value: object) -> None:
    """Prints one JSON document."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False, default=_plain))


def show_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]], *, empty: str) -> None:
    """Prints a table, or one line when there is nothing in it. Cells are shown as they are, markup and all."""
    if not rows:
        out.print(empty)
        return
    table = Table(title=title or None, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(escape(_cell(cell)) for cell in row))
    out.print(table)


def say(text: str) -> None:
    """Prints one line of markup."""
    out.print(text)


def tell(what: str, about: str, *, style: str = "") -> None:
    """Prints one line of a report, ``what`` in its own column; shown as it is, without markup."""
    out.print(Text.assemble((f"{what:<12}", style), about))


def fail(error: SyndicateError) -> None:
    """Prints an error where errors go."""
    err.print(f"[bold red]error:[/] {escape(str(error))}")


def ask(question: str, *, yes: bool) -> None:
    """Goes on only when a person agrees, or ``yes`` was said. :raises SyndicateError: when nobody can be asked."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise SyndicateError(f"{question} Nobody is here to answer; add --yes to say so")
    if not typer.confirm(question, err=True):
        raise typer.Exit(1)


@contextmanager
def bar(label: str, total: int | None) -> Iterator[Progress]:
    """A progress bar with one task (id 0) on a terminal; silent elsewhere."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err, disable=not err.is_terminal, transient=False) as progress:
        progress.add_task(label, total=total)
        yield progress


def local(moment: datetime | None) -> str:
    """An instant for people: this machine's time zone, to the minute."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M") if moment else "–"


def plural(count: int, one: str, many: str | None = None) -> str:
    """``1 article``, ``2 articles``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return local(value)
    return "–" if value is None or value == "" else str(value)


def _plain(value: Any) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{value!r} has no JSON form")
