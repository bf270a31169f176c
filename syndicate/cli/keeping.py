"""Commands about copies of an installation: backup, restore, live; and doctor."""

from __future__ import annotations

import os
import sys
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from syndicate.cli.terminal import ask, opened, operator, plural, say, settings_file, tell
from syndicate.digest.digests import Resolution
from syndicate.errors import ArchiveError
from syndicate.jobs.golive import go_live
from syndicate.keeping.backup import back_up, name_of, rotate, write
from syndicate.keeping.doctor import examine
from syndicate.keeping.restore import restore as put_back
from syndicate.store import Store
from syndicate.store.audit import By
from syndicate.store.copies import Standing


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    for command in (backup, restore, live, doctor):
        app.command()(command)


def backup(
    file: Annotated[
        Path, typer.Argument(metavar="FILE|DIR|-", help="A new file, a folder of backups, or - for standard output.")
    ],
    keep: Annotated[int | None, typer.Option(min=1, help="In a folder: delete the oldest, all but so many.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
) -> None:
    """Back up the database, the settings with their secrets, templates and articles, also while `serve` is sending."""
    now = datetime.now(UTC)
    if keep is not None and not file.is_dir():
        raise ArchiveError(str(file), "is no folder, and --keep is for folders of backups")
    if str(file) == "-" and sys.stdout.isatty():
        raise ArchiveError("-", "a backup is not for a screen; write it to a file, or pipe it on")
    kept = settings_file()
    settings = kept.load()
    store = Store(settings.store.url)
    try:
        if str(file) == "-":
            write(settings, kept, store, sys.stdout.buffer, now)
            return
        done = back_up(settings, kept, store, file / name_of(now) if file.is_dir() else file, now, force=force)
    finally:
        store.close()
    assert done.file
    tell("backed up", f"{plural(done.files, 'file')} into {done.file}  {done.file.stat().st_size:,} bytes")
    for one in done.left_out:
        tell("left out", f"{one}: it is not in the settings' folder", style="yellow")
    if keep is not None:
        for gone in rotate(file, keep):
            tell("deleted", str(gone))


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE|-", help="A backup; - for standard input.")],
    directory: Annotated[Path, typer.Option("--dir", help="Where to; a new or an empty folder.")] = Path(),
) -> None:
    """Put a backup back into an empty folder. The copy sends nothing until `syndicate live` says that it may."""
    folder, now = directory.resolve(), datetime.now(UTC)
    try:
        with nullcontext(sys.stdin.buffer) if str(file) == "-" else file.open("rb") as archive:
            done = put_back(archive, str(file), folder, os.environ, operator(), now)
    except OSError as error:
        raise ArchiveError(str(file), f"can't be read ({error.strerror})") from None
    made = done.manifest
    tell("restored", f"{plural(len(made.files), 'file')} of {made.made_at:%Y-%m-%d %H:%M} UTC into {done.folder}")
    tell("database", f"{done.database}, version {made.version}")
    tell("held", "nothing is sent from this copy until `syndicate live` says that it is the live one", style="yellow")


def live(
    since_backup: Annotated[
        Resolution,
        typer.Option(
            help="What may have been sent since the backup: hold it for a person, send it, or count it as sent."
        ),
    ] = Resolution.HOLD,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Say that this copy, which was restored, is the live one from now on: it may send."""
    with opened() as app:
        if app.jobs.copy().standing is Standing.HELD:
            ask("Is no other copy of this installation running, and none to be started again?", yes=yes)
        done = go_live(app.digests, since_backup, app.jobs.clock(), By(operator()))
    tell("live", "this copy sends from now on")
    if done.digests:
        became = {Resolution.HOLD: "paused", Resolution.RESEND: "goes on", Resolution.MARK_SENT: "counted as sent"}
        for one in done.digests:
            tell("digest", f"{one}: {became[since_backup]}")
        tell("mails", f"{plural(done.mails, 'mail')} of these had not been sent when the backup was made")
    if done.notices:
        tell("dropped", f"{plural(done.notices, 'notice')} from before the backup")
    for one in done.waiting:
        tell("waiting", f"digest {one}; `syndicate digests approve {one}` lets it go")
    if done.standing is Standing.UNDECIDED:
        say("What comes next waits for approval, too, until `syndicate live --since-backup resend` or `mark-sent`.")


def doctor(
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="Where to; else standard output.")] = None,
) -> None:
    """Look at everything, and tell it without secrets and addresses, for whoever helps; exits with 1 when broken."""
    report = examine(settings_file(), os.environ)
    if file is None:
        typer.echo(report.text(), nl=False)
    else:
        try:
            file.write_text(report.text(), "utf-8")
        except OSError as error:
            raise ArchiveError(str(file), f"can't be written ({error.strerror})") from None
        tell("written", str(file))
    if not report.is_well:
        raise typer.Exit(1)
