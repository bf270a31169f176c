"""Commands for digests: list and show them, let them go, stop them, and mend what did not get through."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer

from syndicate.cli.stages import digest_facts
from syndicate.cli.status import in_words
from syndicate.cli.terminal import Json, local, opened, plural, say, show_json, show_table, tell
from syndicate.cli.undelivered import show_undelivered
from syndicate.digest.digests import Resolution
from syndicate.model import DeliveryState, Digest, DigestState, Returns
from syndicate.store import digests as rows
from syndicate.store import returns, standing
from syndicate.store.remedies import Remedied

_SHOWN = 50
"""Deliveries that `show` lists by itself."""

Id = Annotated[int, typer.Argument(metavar="ID", help="The digest's number, as `syndicate digests` shows it.")]


class Only(StrEnum):
    """What `retry` can be limited to."""

    REJECTED = DeliveryState.REJECTED.value
    EXPIRED = DeliveryState.EXPIRED.value
    UNCERTAIN = DeliveryState.UNCERTAIN.value


digests = typer.Typer(help="Digests: what was composed, and what became of it.", invoke_without_command=True)


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(digests, name="digests")


@digests.callback()
def listed(
    context: typer.Context,
    newsletter: Annotated[str | None, typer.Option(help="Only of this newsletter.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 20,
    as_json: Json = False,
) -> None:
    """List the newest digests, newest first."""
    if context.invoked_subcommand:
        return
    with opened() as app, app.store.read() as connection:
        if newsletter:
            app.digests.newsletter(newsletter)
        found = rows.latest(connection, newsletter=newsletter, limit=limit)
        counts = standing.by_digest(connection, [one.id for one in found])
    if as_json:
        show_json([digest_facts(one) | asdict(counts[one.id]) for one in found])
        return
    shown = [
        (
            one.id,
            one.newsletter,
            one.cadence,
            local(one.due_at),
            one.state,
            counts[one.id].planned,
            counts[one.id].accepted,
            one.subject or one.note,
        )
        for one in found
    ]
    columns = ("id", "newsletter", "cadence", "due", "state", "planned", "accepted", "subject")
    show_table("", columns, shown, empty="no digest was composed yet")


@digests.command()
def show(
    digest_id: Id,
    undelivered: Annotated[
        bool, typer.Option("--undelivered", help="Only who did not get it, all of them, and why.")
    ] = False,
    as_json: Json = False,
) -> None:
    """One digest: its state, its variants, and where its deliveries stand."""
    with opened() as app, app.store.read() as connection:
        digest = rows.get(connection, digest_id)
        if undelivered:
            show_undelivered(connection, digest, now=datetime.now(UTC), as_json=as_json)
            return
        variants = rows.variants_of(connection, digest_id)
        counts = standing.equation(connection, digest_id)
        troubled = standing.troubled(connection, digest_id, limit=_SHOWN)
        returned = returns.counts(connection, [digest_id])[digest_id]
        came = returns.of_digest(connection, digest_id, limit=_SHOWN)
    if as_json:
        facts = digest_facts(digest) | asdict(counts) | {"balances": counts.balances}
        looks = [{"id": one.id, "articles": one.articles, "subject": one.parts.subject} for one in variants]
        back = {"returns": asdict(returned), "returned": [one._asdict() for one in came]}
        show_json(facts | {"variants": looks, "undelivered": [trouble._asdict() for trouble in troubled]} | back)
        return
    for name, value in digest_facts(digest).items():
        tell(name, local(value) if isinstance(value, datetime) else str(value or "–"))
    for one in variants:
        tell(f"variant {one.id}", f"{plural(len(one.articles), 'article')}: {one.parts.subject}")
    tell("deliveries", in_words(counts))
    if came:
        tell("came back", _returned_in_words(returned))
    if troubled:
        shown = [(one.email, one.state, one.attempts, one.reply) for one in troubled]
        show_table("\nnot delivered", ("address", "state", "attempts", "the server's words"), shown, empty="")
    if came:
        seen = [(one.email, one.kind, one.reason, one.status, local(one.came_at)) for one in came]
        show_table("\ncame back", ("address", "what", "why", "status", "when"), seen, empty="")
    if (missing := counts.planned - counts.accepted) > len(troubled):
        say(f"`syndicate digests show {digest_id} --undelivered` lists all {missing:,} who did not get it")


def _returned_in_words(returned: Returns) -> str:
    """``2 hard bounces, 1 complaint``."""
    named = (("hard bounce", returned.hard), ("soft bounce", returned.soft), ("delay notice", returned.late))
    each = [plural(count, name) for name, count in (*named, ("complaint", returned.complaints)) if count]
    return ", ".join(each) or "nothing"


@digests.command()
def approve(digest_id: Id) -> None:
    """Let a digest go that is held or in review; `serve`, `run` or `send ID` sends it."""
    with opened() as app:
        digest, planned = app.digests.approve(digest_id, datetime.now(UTC))
    tell("approved", f"digest {digest.id}: {_deliveries(planned)} planned")


@digests.command()
def cancel(digest_id: Id) -> None:
    """End a digest; what went out is out, the rest is cancelled."""
    with opened() as app:
        digest, dropped = app.digests.cancel(digest_id, datetime.now(UTC))
    tell("cancelled", f"digest {digest.id}: {_deliveries(dropped)} dropped")


@digests.command()
def pause(digest_id: Id) -> None:
    """Stop a digest for now, also while another process sends it: what is under way is finished, the rest waits."""
    with opened() as app:
        digest = app.digests.pause(digest_id, datetime.now(UTC))
    tell("paused", f"digest {digest.id}; `syndicate digests resume {digest.id}` lets it go on")


@digests.command()
def resume(digest_id: Id) -> None:
    """Let a paused digest go on; `serve`, `run` or `send ID` sends the rest."""
    with opened() as app:
        digest = app.digests.resume(digest_id, datetime.now(UTC))
        counts = app.jobs.outstanding(digest_id)
    tell("resumed", f"digest {digest.id}: {_deliveries(counts.outstanding)} outstanding")


@digests.command()
def retry(
    digest_id: Id,
    only: Annotated[Only | None, typer.Option(help="Only these; else rejected, expired and uncertain ones.")] = None,
    as_json: Json = False,
) -> None:
    """Try once more what was rejected, expired or is uncertain; not who left or is suppressed."""
    with opened() as app:
        digest, done = app.digests.retry(digest_id, datetime.now(UTC), DeliveryState(only) if only else None)
    _report("queued", digest, done, as_json=as_json)


@digests.command()
def resolve(
    digest_id: Id,
    resend: Annotated[bool, typer.Option("--resend", help="Send them again: some readers may get two.")] = False,
    hold: Annotated[bool, typer.Option("--hold", help="Leave them uncertain, for good.")] = False,
    mark_sent: Annotated[bool, typer.Option("--mark-sent", help="Count them as accepted.")] = False,
    as_json: Json = False,
) -> None:
    """Decide about uncertain deliveries, of which nobody knows whether they went out; one of the three is needed."""
    asked = {Resolution.RESEND: resend, Resolution.HOLD: hold, Resolution.MARK_SENT: mark_sent}
    chosen = [resolution for resolution, is_asked in asked.items() if is_asked]
    if len(chosen) != 1:
        raise typer.BadParameter("say one of --resend, --hold and --mark-sent")
    with opened() as app:
        digest, done = app.digests.resolve(digest_id, chosen[0], datetime.now(UTC))
    names = {Resolution.RESEND: "queued", Resolution.HOLD: "held", Resolution.MARK_SENT: "marked"}
    _report(names[chosen[0]], digest, done, as_json=as_json)


def _report(what: str, digest: Digest, done: Remedied, *, as_json: bool) -> None:
    if as_json:
        show_json({"digest": digest.id, "state": digest.state} | done._asdict())
        return
    tell(what, f"digest {digest.id}: {_deliveries(done.changed)}")
    for count, why in ((done.suppressed, "suppressed"), (done.left, "unsubscribed or paused")):
        if count:
            tell("skipped", f"{_deliveries(count)}: {why} by now", style="yellow")
    if digest.state is DigestState.PAUSED:
        say(f"it is paused; `syndicate digests resume {digest.id}` lets it go on")


def _deliveries(count: int) -> str:
    return plural(count, "delivery", "deliveries")
