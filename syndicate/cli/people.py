"""Commands for readers: subscribers export, list, add, remove; ``importing`` reads files, ``personal`` is about one."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from syndicate.app import App
from syndicate.audience.export import Form, export_roster
from syndicate.audience.subscribe import remove as end_subscriptions
from syndicate.audience.subscribe import subscribe
from syndicate.cli.terminal import Json, opened, plural, say, show_json, show_table, tell
from syndicate.errors import SyndicateError
from syndicate.model import SubscriptionState
from syndicate.store import seek
from syndicate.store.seek import EVERYONE, Sought

subscribers = typer.Typer(help="Readers: import, export, list, add, remove, tag, show, erase.", no_args_is_help=True)

Search = Annotated[str, typer.Option(help="Only of who has this in their address or name.")]
Newsletter = Annotated[str | None, typer.Option(help="Only of this newsletter.")]
State = Annotated[SubscriptionState | None, typer.Option(help="Only in this state.")]
Topic = Annotated[str, typer.Option(help="Only of who chose this topic.")]
Tag = Annotated[str, typer.Option(help="Only of who has this tag.")]
Suppressed = Annotated[bool, typer.Option("--suppressed", help="Only of addresses that are banned from mail.")]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(subscribers, name="subscribers")


@subscribers.command()
def export(
    out: Annotated[Path | None, typer.Option(help="The file to write; else standard output.")] = None,
    search: Search = "",
    newsletter: Newsletter = None,
    state: State = None,
    topic: Topic = "",
    tag: Tag = "",
    suppressed: Suppressed = False,
    form: Annotated[Form, typer.Option("--format", help="CSV, or a JSON object on each line.")] = Form.CSV,
) -> None:
    """Write all readers, or those that fit, as `import` reads them back."""
    with opened() as app:
        sought = _sought(app, search, newsletter, state, topic, tag, suppressed)
        if out is None:
            export_roster(app.store, sys.stdout, sought=sought, form=form)
            return
        unfinished = out.with_name(f".{out.name}.part")
        try:
            with unfinished.open("w", encoding="utf-8", newline="") as file:
                count = export_roster(app.store, file, sought=sought, form=form)
            unfinished.replace(out)
        except OSError as error:
            raise SyndicateError(f"{out}: can't be written ({error.strerror}); choose another file") from None
    tell("written", f"{plural(count, 'row')} to {out!s}")


@subscribers.command("list")
def list_(
    search: Search = "",
    newsletter: Newsletter = None,
    state: State = None,
    topic: Topic = "",
    tag: Tag = "",
    suppressed: Suppressed = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    as_json: Json = False,
) -> None:
    """List subscriptions by address: all, or those that fit."""
    with opened() as app, app.store.read() as connection:
        sought = _sought(app, search, newsletter, state, topic, tag, suppressed)
        found = list(seek.stream(connection, sought, limit=limit + 1))
    if as_json:
        show_json(
            [
                {
                    "email": one.subscriber.email,
                    "name": one.subscriber.name,
                    "newsletter": one.newsletter,
                    "state": one.state,
                    "cadence": one.cadence,
                    "topics": one.topics,
                    "language": one.subscriber.language,
                    "timezone": one.subscriber.timezone,
                    "tags": one.subscriber.tags,
                    "attributes": one.subscriber.attributes,
                }
                for one in found[:limit]
            ]
        )
        return
    shown = [
        (one.subscriber.email, one.subscriber.name, one.newsletter, one.cadence, ", ".join(one.topics), one.state)
        for one in found[:limit]
    ]
    columns = ("address", "name", "newsletter", "cadence", "topics", "state")
    nobody = "there are no subscribers yet; `syndicate subscribers import` reads a CSV file"
    show_table("", columns, shown, empty=nobody if sought == EVERYONE else "nobody fits")
    if len(found) > limit:
        say("… and more; --limit shows more")


@subscribers.command()
def add(
    email: str,
    newsletter: Annotated[list[str] | None, typer.Option(help="To which newsletters; may be repeated.")] = None,
    name: Annotated[str, typer.Option(help="The reader's name, for the greeting.")] = "",
    cadence: Annotated[str | None, typer.Option(help="How often; else the newsletter's first.")] = None,
    topic: Annotated[list[str] | None, typer.Option(help="Only about this; may be repeated.")] = None,
    language: Annotated[str | None, typer.Option(help="Language tag, such as en or sr-Latn.")] = None,
    timezone: Annotated[str | None, typer.Option(help="IANA time zone, such as Europe/Belgrade.")] = None,
) -> None:
    """Add one reader who asked for it, or change what they chose."""
    with opened() as app:
        subscribe(
            app.store,
            app.settings.newsletters,
            email=email,
            name=name,
            slugs=newsletter or (),
            cadence=cadence,
            topics=topic or (),
            language=language,
            timezone=timezone,
            consent="added by an operator",
            now=datetime.now(UTC),
        )
    tell("subscribed", f"{email}")


@subscribers.command()
def remove(email: str, newsletter: Newsletter = None) -> None:
    """End a reader's subscriptions; the ledger keeps what was sent."""
    with opened() as app:
        ended = end_subscriptions(app.store, email, newsletter=newsletter, now=datetime.now(UTC))
    tell("ended", f"{plural(ended, 'subscription')} of {email}")


def _sought(
    app: App,
    search: str,
    newsletter: str | None,
    state: SubscriptionState | None,
    topic: str,
    tag: str,
    suppressed: bool,
) -> Sought:
    if newsletter:
        app.digests.newsletter(newsletter)
    return Sought(text=search, newsletter=newsletter or "", state=state, topic=topic, tag=tag, suppressed=suppressed)
