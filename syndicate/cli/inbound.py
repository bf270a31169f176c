"""Commands for mail that comes in: inbound poll, inbound feed; and how it stands, for status."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from syndicate.app import App
from syndicate.cli.terminal import Json, local, opened, plural, show_json, show_table, tell
from syndicate.errors import ConflictError, SyndicateError
from syndicate.inbound.mailbox import Polled
from syndicate.inbound.mime import ENOUGH
from syndicate.inbound.reports.failure import Failure
from syndicate.inbound.reports.report import Report
from syndicate.inbound.sort import Envelope, Kind, sort
from syndicate.store import Connection, mailboxes, received, webhooks

COUNTED = timedelta(days=30)

inbound = typer.Typer(help="Mail that comes in, and what providers tell: poll, feed, webhooks.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(inbound, name="inbound")


@inbound.command()
def poll(as_json: Json = False) -> None:
    """Look into the mailbox once, also when it failed lately, and do what the mail there wants."""
    with opened() as app:
        polled = app.jobs.poll(app.jobs.clock(), even_if_failing=True)
    if polled is None:
        raise ConflictError("there is no mailbox to look into; set inbound.mailbox")
    if as_json:
        show_json(polled_facts(polled))
    else:
        tell_polled(polled)
    if polled.error:
        raise typer.Exit(1)


@inbound.command()
def feed(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Mails; `-` is one on standard input.")],
    recipient: Annotated[str | None, typer.Option(help="The envelope's recipient; else the headers tell.")] = None,
    sender: Annotated[str | None, typer.Option(help="The envelope's sender, '' for none; else the headers.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what each is; do nothing.")] = False,
) -> None:
    """Take mails from files as if they had come in, and print a line of JSON with the `kind` of each."""
    envelope = Envelope(sender, recipient)
    with opened() as app:
        for file in files:
            content = _read(file)
            found = sort(content, envelope, app.jobs.reception.addresses)
            kind = found.kind if dry_run else app.jobs.reception(content, envelope)
            facts = {
                "file": str(file),
                "kind": kind,
                **report_facts(found.report),
                "command": found.command.word if found.command else None,
                "newsletters": [one.slug for one in found.place.newsletters] if found.place else [],
                "from": found.author,
            }
            typer.echo(json.dumps(facts, ensure_ascii=False))


@inbound.command("webhooks")
def webhooks_brought(as_json: Json = False) -> None:
    """What providers told by webhook: how many events were taken, and how many refused."""
    with opened() as app, app.store.read() as connection:
        found = webhooks.counts(connection)
        providers = sorted(app.webhooks.providers)
    if as_json:
        show_json({"providers": providers, "events": [one._asdict() for one in found]})
        return
    addresses = ", ".join(f"/webhooks/{one}" for one in providers)
    tell("listening", addresses or "to no provider; `[webhooks]` in the settings takes their keys")
    rows = [(one.provider, one.outcome, f"{one.number:,}", local(one.last_at)) for one in found]
    show_table("", ("provider", "events", "number", "last"), rows, empty="no provider told anything yet")


def report_facts(report: Report | None) -> dict[str, Any]:
    """What a report says, for machines: of its first recipient, then of each. A complaint's reason is its kind."""
    if report is None:
        return {"recipients": [], "status": "", "hard": None, "reason": ""}
    each = [_failure_facts(one) for one in report.failures]
    first = (
        each[0] if each else {"status": "", "hard": False, "reason": report.feedback.kind if report.feedback else ""}
    )
    facts = {"recipients": list(report.recipients), **{name: first[name] for name in ("status", "hard", "reason")}}
    return facts | ({"each": each} if each else {})


def _failure_facts(one: Failure) -> dict[str, Any]:
    return {
        "recipient": one.recipient,
        "status": one.status,
        "hard": one.is_hard,
        "reason": one.reason,
        "late": one.is_late,
        "said": one.said,
    }


def _read(file: Path) -> bytes:
    """As much of a mail as is ever looked at."""
    if str(file) == "-":
        return sys.stdin.buffer.read(ENOUGH)
    try:
        with file.open("rb") as opened_file:
            return opened_file.read(ENOUGH)
    except OSError as error:
        raise SyndicateError(f"{file}: can't be read ({error.strerror}); name a file with one mail in it") from None


def polled_facts(polled: Polled) -> dict[str, Any]:
    """One look into the mailbox, for machines."""
    return {"kinds": dict(polled.kinds), "error": polled.error}


def tell_polled(polled: Polled) -> None:
    """One look into the mailbox, for people."""
    if polled.error:
        tell("mailbox", polled.error, style="yellow")
    if polled.kinds or not polled.error:
        tell("mailbox", in_words(polled.kinds))


def in_words(kinds: Mapping[str, int]) -> str:
    """``3 mails: 2 command, 1 bounce``."""
    each = [f"{count} {kind}" for kind, count in _known(kinds)]
    return plural(sum(kinds.values()), "mail") + (f": {', '.join(each)}" if each else "")


def _known(kinds: Mapping[str, int]) -> Iterable[tuple[str, int]]:
    return ((kind.value, kinds[kind]) for kind in Kind if kinds.get(kind))


def standing(app: App, connection: Connection, now: datetime) -> dict[str, Any]:
    """What came in lately, and how the mailbox does, for machines; its ``mailbox`` is None when there is none."""
    name = app.settings.inbound.mailbox
    status = mailboxes.status(connection, name) if name else None
    return {
        "kinds": received.counts(connection, since=now - COUNTED),
        "mailbox": asdict(status) if status else None,
    }


def tell_standing(found: Mapping[str, Any]) -> None:
    """The same for people; nothing where nothing came."""
    if found["kinds"]:
        tell("inbound", f"{in_words(found['kinds'])}, in {COUNTED.days} days")
    mailbox = found["mailbox"]
    if mailbox and mailbox["succeeded_at"]:
        tell("mailbox", f"{mailbox['name']}: read until {local(mailbox['succeeded_at'])}")
    if mailbox and mailbox["error"]:
        tell("failing", f"mailbox {mailbox['name']}: {mailbox['error']}", style="yellow")
