"""Commands about copies of an installation: live."""

from __future__ import annotations

from typing import Annotated

import typer

from syndicate.cli.terminal import ask, opened, operator, plural, say, tell
from syndicate.digest.digests import Resolution
from syndicate.jobs.golive import go_live
from syndicate.store.audit import By
from syndicate.store.copies import Standing


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command()(live)


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
