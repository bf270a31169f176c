"""Commands for what is sent: send, and digests list, show, approve, cancel."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.markup import escape

from syndicate.app import App
from syndicate.audience.address import normalise
from syndicate.cli.interrupt import until_signal
from syndicate.cli.stages import digest_facts, sent_facts, tell_sent
from syndicate.cli.terminal import Json, ask, bar, fail, local, opened, plural, say, show_json, show_table, tell
from syndicate.delivery.outcome import Broken
from syndicate.delivery.send import Sent, send_copy
from syndicate.errors import ConflictError, RelayError
from syndicate.model import DigestState, Equation
from syndicate.store import digests as digest_rows
from syndicate.store import standing

MANY = 10
"""More readers than this are asked about before they are mailed."""

Id = Annotated[int, typer.Argument(metavar="ID", help="The digest's number, as `syndicate digests` shows it.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]

digests = typer.Typer(help="Digests: what was composed, and what became of it.", invoke_without_command=True)


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command()(send)
    app.add_typer(digests, name="digests")


def send(
    what: Annotated[str, typer.Argument(metavar="NEWSLETTER|DIGEST", help="A newsletter's slug or a digest's number.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go out, and to how many.")] = False,
    to: Annotated[
        str | None, typer.Option(help="Send one test copy to this address; the ledger stays as it is.")
    ] = None,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Send by hand: a newsletter's new articles to all its readers now, or a digest that waits."""
    now = datetime.now(UTC)
    with opened() as app:
        if to is not None:
            _send_copy(app, what, normalise(to), now, dry_run=dry_run, as_json=as_json)
        elif what.isdecimal():
            _send_digest(app, int(what), now, dry_run=dry_run, yes=yes, as_json=as_json)
        else:
            _send_newsletter(app, what, now, dry_run=dry_run, yes=yes, as_json=as_json)


def _send_copy(app: App, what: str, email: str, now: datetime, *, dry_run: bool, as_json: bool) -> None:
    if what.isdecimal():
        with app.store.read() as connection:
            digest = digest_rows.get(connection, int(what))
            variants = digest_rows.variants_of(connection, digest.id)
        if not variants:
            raise ConflictError(f"digest {digest.id} is {digest.state}: there is nothing in it to send")
        newsletter, parts = app.digests.newsletter(digest.newsletter), variants[0].parts
    else:
        seen = app.digests.preview(what, now)
        newsletter, parts = seen.newsletter, seen.parts
    if dry_run:
        _would_send(parts.subject, 1, as_json=as_json)
        return
    answer = asyncio.run(send_copy(app.settings, app.links, app.jobs.signer, newsletter, parts, email, now=now))
    if isinstance(answer, Broken) or answer.code >= 400:
        raise RelayError(str(app.settings.smtp.relay), "did not take the test copy", str(answer))
    if as_json:
        show_json({"to": email, "reply": str(answer)})
    else:
        tell("sent", f"a test copy of {newsletter.title} to {email}")


def _send_newsletter(app: App, slug: str, now: datetime, *, dry_run: bool, yes: bool, as_json: bool) -> None:
    seen = app.digests.preview(slug, now)
    if dry_run:
        _would_send(seen.parts.subject, seen.readers, as_json=as_json)
        return
    if not seen.readers:
        if as_json:
            show_json({"digest": None, "sent": sent_facts(Sent())} | asdict(Equation()))
        else:
            say(f"nothing new for any reader of {escape(slug)}; nothing sent")
        return
    _ask_about(seen.readers, seen.newsletter.title, yes=yes)
    digest = app.digests.compose_now(slug, now)
    _send(app, digest.id, as_json=as_json)


def _send_digest(app: App, digest_id: int, now: datetime, *, dry_run: bool, yes: bool, as_json: bool) -> None:
    with app.store.read() as connection:
        digest = digest_rows.get(connection, digest_id)
        waiting = digest.state in digest_rows.WAITING
        planned = standing.equation(connection, digest_id).outstanding
        outstanding = digest_rows.owed(connection, digest) if waiting else planned
    if not waiting and digest.state is not DigestState.SENDING:
        raise ConflictError(f"digest {digest_id} is {digest.state}: there is nothing left to send")
    if dry_run:
        _would_send(digest.subject, outstanding, as_json=as_json)
        return
    _ask_about(outstanding, digest.subject, yes=yes)
    if waiting:
        app.digests.approve(digest_id, now)
    _send(app, digest_id, as_json=as_json)


def _would_send(subject: str, readers: int, *, as_json: bool) -> None:
    if as_json:
        show_json({"subject": subject, "readers": readers})
    else:
        tell("subject", subject)
        tell("would send", f"to {plural(readers, 'reader')}")


def _ask_about(readers: int, what: str, *, yes: bool) -> None:
    if readers > MANY:
        ask(f"Send {what!r} to {plural(readers, 'reader')} now?", yes=yes)


def _send(app: App, digest_id: int, *, as_json: bool) -> None:
    total = app.jobs.outstanding(digest_id).outstanding

    async def sending() -> Sent:
        with bar("sending", total) as progress:
            async with until_signal() as stop:
                return await app.jobs.send_due(
                    stop=stop,
                    digest_id=digest_id,
                    progress=lambda sent: progress.update(progress.task_ids[0], completed=sent.tried),
                )

    sent = asyncio.run(sending())
    if as_json:
        show_json({"digest": digest_id, "sent": sent_facts(sent), **asdict(app.jobs.outstanding(digest_id))})
    else:
        tell_sent(sent)
    if sent.error:
        fail(sent.error)
        raise typer.Exit(1)


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
        found = digest_rows.latest(connection, newsletter=newsletter, limit=limit)
        counts = {one.id: standing.equation(connection, one.id) for one in found}
    if as_json:
        show_json([digest_facts(one) | asdict(counts[one.id]) for one in found])
        return
    rows = [
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
    show_table("", columns, rows, empty="no digest was composed yet")


@digests.command()
def show(digest_id: Id, as_json: Json = False) -> None:
    """One digest: its state, its variants, and where its deliveries stand."""
    with opened() as app, app.store.read() as connection:
        digest = digest_rows.get(connection, digest_id)
        variants = digest_rows.variants_of(connection, digest_id)
        counts = standing.equation(connection, digest_id)
        troubled = standing.troubled(connection, digest_id, limit=50)
    if as_json:
        facts = digest_facts(digest) | asdict(counts) | {"balances": counts.balances}
        shown = [{"id": one.id, "articles": one.articles, "subject": one.parts.subject} for one in variants]
        undelivered = [trouble._asdict() for trouble in troubled]
        show_json(facts | {"variants": shown, "undelivered": undelivered})
        return
    for name, value in digest_facts(digest).items():
        tell(name, local(value) if isinstance(value, datetime) else str(value or "–"))
    for one in variants:
        tell(f"variant {one.id}", f"{plural(len(one.articles), 'article')}: {one.parts.subject}")
    tell("deliveries", ", ".join(f"{count} {name}" for name, count in asdict(counts).items()))
    rows = [(one.email, one.state, one.attempts, one.reply) for one in troubled]
    if rows:
        show_table("\nnot delivered", ("address", "state", "attempts", "the server's words"), rows, empty="")


@digests.command()
def approve(digest_id: Id) -> None:
    """Let a digest go that is held or in review; `serve`, `run` or `send ID` sends it."""
    with opened() as app:
        digest, planned = app.digests.approve(digest_id, datetime.now(UTC))
    tell("approved", f"digest {digest.id}: {plural(planned, 'delivery', 'deliveries')} planned")


@digests.command()
def cancel(digest_id: Id) -> None:
    """End a digest; what went out is out, the rest is cancelled."""
    with opened() as app:
        digest, dropped = app.digests.cancel(digest_id, datetime.now(UTC))
    tell("cancelled", f"digest {digest.id}: {plural(dropped, 'delivery', 'deliveries')} dropped")
