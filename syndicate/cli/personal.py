"""Commands about one reader: subscribers show, tag, erase."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from syndicate.audience.personal import data_of, erase_address
from syndicate.audience.tagging import tag as put_tags
from syndicate.cli.people import subscribers
from syndicate.cli.terminal import Json, ask, local, opened, operator, plural, show_json, show_table, tell


def register(_: typer.Typer) -> None:
    """Adds the commands."""
    for command in (show, tag, erase):
        subscribers.command()(command)


def show(email: str, as_json: Json = False) -> None:
    """Show all that is kept of an address: choices, consents, mails, what came back, what waits for confirmation."""
    with opened() as app:
        found = data_of(app.store, email)
    if as_json:
        show_json(found)
        return
    tell("address", f"{found['email']}{' (banned from mail)' if found['suppressed'] else ''}")
    person = found["person"] or {}
    for name in ("name", "language", "timezone"):
        if person.get(name):
            tell(name, person[name])
    if person.get("tags"):
        tell("tags", "; ".join(person["tags"]))
    for name, value in person.get("attributes", {}).items():
        tell("attribute", f"{name} = {value}")
    for one in found["subscriptions"]:
        until = f" until {local(one['paused_until'])}" if one["paused_until"] else ""
        topics = f", {', '.join(one['topics'])}" if one["topics"] else ""
        tell(one["newsletter"], f"{one['state']}{until}, {one['cadence']}{topics}")
    for one in found["requests"]:
        became = f"confirmed {local(one['confirmed_at'])}" if one["confirmed_at"] else "not confirmed"
        tell("asked", f"{one['purpose']} by {one['via']} {local(one['asked_at'])}, {became}")
    columns = ("when", "newsletter", "consent", "by", "wording", "confirmed", "ip")
    show_table("", columns, [_row(one) for one in found["consents"]], empty="no consent is on record")
    for one in found["returns"]:
        status = f" ({one['status']})" if one["status"] else ""
        tell("came back", f"{one['kind']} {local(one['came_at'])}: {one['reason']}{status}, told by {one['source']}")
    tell("mails", f"{plural(len(found['deliveries']), 'digest')}; --json lists them")


def tag(
    email: str,
    tags: Annotated[list[str], typer.Argument(help="The tags.")],
    remove: Annotated[bool, typer.Option("--remove", help="Take them off.")] = False,
) -> None:
    """Put tags on a reader, or take them off. Only operators see tags; lists and exports can be narrowed by them."""
    with opened() as app:
        add, gone = ((), tags) if remove else (tags, ())
        now = put_tags(app.store, email, add=add, remove=gone, who=operator(), now=datetime.now(UTC))
    tell("tags", "; ".join(now) or "none")


def erase(email: str, yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False) -> None:
    """Erase a reader for good. The ledger keeps its counts, and a keyed hash keeps imports from bringing them back."""
    with opened() as app:
        ask(f"Erase all that is kept of {email}? It can't be undone.", yes=yes)
        erase_address(app.store, app.traces, email, now=datetime.now(UTC))
    tell("erased", email)


def _row(consent: dict[str, Any]) -> tuple[object, ...]:
    by = f"{consent['via']} ({consent['source']})" if consent["source"] else consent["via"]
    ip = consent["confirmed_ip"] or consent["asked_ip"]
    when = (consent["asked_at"], consent["newsletter"], consent["kind"], by, consent["wording"])
    return (*when, consent["confirmed_at"], ip)
