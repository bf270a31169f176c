"""The send command: by hand, what is new or a digest that waits."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.markup import escape

from syndicate.app import App
from syndicate.audience.address import normalise
from syndicate.cli.interrupt import until_signal
from syndicate.cli.stages import sent_facts, tell_sent
from syndicate.cli.terminal import Json, ask, bar, fail, opened, plural, say, show_json, tell
from syndicate.delivery.outcome import Broken
from syndicate.delivery.send import Sent, send_copy
from syndicate.errors import ConflictError, RelayError
from syndicate.jobs import loop
from syndicate.model import DigestState, Equation
from syndicate.store import digests as digest_rows
from syndicate.store import standing

MANY = 10
"""More readers than this are asked about before they are mailed."""

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(send)


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
    answer = loop.run(send_copy(app.settings, app.links, app.jobs.signer, newsletter, parts, email, now=now))
    if isinstance(answer, Broken) or answer.code >= 400:
        raise RelayError(str(app.settings.smtp.relay), "did not take the test copy", str(answer))
    if as_json:
        show_json({"to": email, "reply": str(answer)})
    else:
        tell("sent", f"a test copy of {newsletter.title} to {email}")


def _send_newsletter(app: App, slug: str, now: datetime, *, dry_run: bool, yes: bool, as_json: bool) -> None:
    offer = app.digests.offer(slug, now)
    if dry_run:
        subject = offer.subject or app.digests.preview(slug, now).parts.subject
        _would_send(subject, offer.recipients.mails, as_json=as_json)
        return
    if not offer.articles:
        if as_json:
            show_json({"digest": None, "sent": sent_facts(Sent())} | asdict(Equation()))
        else:
            say(f"nothing new for any reader of {escape(slug)}; nothing sent")
        return
    _ask_about(offer.recipients.mails, offer.newsletter.title, yes=yes)
    digest = app.digests.compose_now(slug, datetime.now(UTC), order=offer.order(now))
    _send(app, digest.id, as_json=as_json)


def _send_digest(app: App, digest_id: int, now: datetime, *, dry_run: bool, yes: bool, as_json: bool) -> None:
    with app.store.read() as connection:
        digest = digest_rows.get(connection, digest_id)
        waiting = digest.state in digest_rows.WAITING
        planned = standing.equation(connection, digest_id).outstanding
        outstanding = digest_rows.owed(connection, digest) if waiting else planned
    if digest.state is DigestState.PAUSED:
        raise ConflictError(f"digest {digest_id} is paused; `syndicate digests resume {digest_id}` lets it go on")
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

    sent = loop.run(sending())
    if as_json:
        show_json({"digest": digest_id, "sent": sent_facts(sent), **asdict(app.jobs.outstanding(digest_id))})
    else:
        tell_sent(sent)
    if sent.error:
        fail(sent.error)
        raise typer.Exit(1)
