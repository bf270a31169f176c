"""Commands that run the stages, one by one or all: run, pickup, publish, compose, preview."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from syndicate.audience.retention import Forgotten
from syndicate.cli.explain import tell_steps
from syndicate.cli.hubs import tell_announced
from syndicate.cli.inbound import polled_facts, tell_polled
from syndicate.cli.interrupt import until_signal
from syndicate.cli.terminal import (
    Json,
    Now,
    bar,
    fail,
    instant,
    local,
    opened,
    plural,
    say,
    show_json,
    show_table,
    tell,
)
from syndicate.delivery.letter import write_letter
from syndicate.delivery.notices import Told
from syndicate.delivery.send import Sent
from syndicate.jobs import loop
from syndicate.model import Digest, DigestState, Subscriber
from syndicate.pickup.pickup import Pickup
from syndicate.websub.announced import Announced


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    for command in (run, pickup, publish, compose, preview):
        app.command()(command)


def run(now: Now = None, as_json: Json = False) -> None:
    """One whole pass: read the mailbox, pick up, publish, compose what is due, send, tell hubs; then exit. For cron."""
    with opened(instant(now)) as app, bar("sending", None) as progress:

        async def one_pass() -> None:
            async with until_signal() as stop:
                done = await app.jobs.run(
                    stop=stop, progress=lambda sent: progress.update(progress.task_ids[0], completed=sent.tried)
                )
            progress.stop()
            if as_json:
                show_json(
                    {
                        "inbound": polled_facts(done.polled) if done.polled else None,
                        "pickups": [_pickup_facts(one) for one in done.pickups],
                        "published": len(done.published.written),
                        "digests": [digest_facts(one) for one in done.digests],
                        "notices": told_facts(done.told),
                        "sent": sent_facts(done.sent),
                        "announced": asdict(done.announced),
                        "forgotten": asdict(done.forgotten),
                    }
                )
            else:
                if done.polled:
                    tell_polled(done.polled)
                _tell_pickups(done.pickups)
                tell(
                    "published",
                    f"{plural(len(done.published.written), 'file')} written, {done.published.unchanged} unchanged",
                )
                _tell_digests(done.digests)
                if any(told_facts(done.told).values()):
                    tell(
                        "notices", f"{done.told.accepted} sent, {done.told.deferred} wait, {done.told.rejected} refused"
                    )
                tell_sent(done.sent)
                tell_announced(done.announced)
                if done.forgotten != Forgotten():
                    gone = asdict(done.forgotten).items()
                    tell("forgotten", ", ".join(f"{count} {name}" for name, count in gone if count))
            if error := done.sent.error or done.told.error:
                fail(error)
                raise typer.Exit(1)

        loop.run(one_pass())


def pickup(
    source: Annotated[str | None, typer.Option(help="Only this source.")] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Tell each step, and why the next look is when.")] = False,
    now: Now = None,
    as_json: Json = False,
) -> None:
    """Pick up new and changed articles, also from sources that are not due or failed lately."""
    with opened(instant(now)) as app:
        names = [source] if source else [one.name for one in app.settings.polled]
        found = loop.run(app.jobs.pick_up(names, app.jobs.clock(), even_if_not_due=True))
    if as_json:
        show_json([_pickup_facts(one) for one in found])
    else:
        if explain:
            for one in found:
                tell_steps(one)
        _tell_pickups(found)
    if found and all(one.error for one in found):
        raise typer.Exit(1)


def publish(as_json: Json = False) -> None:
    """Bring the published feeds up to date, and tell hubs of those that changed; what did not is not touched."""
    with opened() as app:
        done = app.jobs.publish(app.jobs.clock())

        async def tell_hubs() -> Announced:
            async with until_signal() as stop:
                return await app.jobs.announce(stop=stop)

        announced = loop.run(tell_hubs())
    if as_json:
        show_json({"written": done.written, "unchanged": done.unchanged, "announced": asdict(announced)})
        return
    for path in done.written:
        tell("written", f"{path!s}")
    tell("published", f"{plural(len(done.written), 'file')} written, {done.unchanged} unchanged")
    tell_announced(announced)


def compose(newsletter: str, now: Now = None, as_json: Json = False) -> None:
    """Compose what is due of one newsletter, without sending it."""
    with opened(instant(now)) as app:
        app.digests.newsletter(newsletter)
        composed = app.digests.compose_due(app.jobs.clock(), newsletter)
    if as_json:
        show_json([digest_facts(one) for one in composed])
    elif not composed:
        say(f"nothing is due for {escape(newsletter)}, or it was composed already")
    else:
        _tell_digests(composed)


def preview(
    newsletter: str,
    out: Annotated[Path, typer.Option(help="Folder for digest.html, digest.txt and digest.eml.")],
    now: Now = None,
) -> None:
    """Write the next digest as HTML, text and .eml, for the eye; keeps and sends nothing."""
    with opened(instant(now)) as app:
        seen = app.digests.preview(newsletter, app.jobs.clock())
        reader = Subscriber(id=0, email=f"reader@{seen.newsletter.domain}", name="Ada Reader")
        letter = write_letter(
            seen.newsletter,
            app.links,
            seen.parts,
            reader,
            subscription_id=0,
            message_id=f"<preview@{seen.newsletter.domain}>",
            sending="preview",
            date=app.jobs.clock(),
        )
    html, text = app.digests.filled(seen.parts, reader, app.jobs.clock())
    out.mkdir(parents=True, exist_ok=True)
    for name, content in (("digest.html", html.encode()), ("digest.txt", text.encode()), ("digest.eml", letter)):
        (out / name).write_bytes(content)
        tell("written", f"{out / name!s}  {len(content):,} bytes")
    say(f"{plural(len(seen.articles), 'article')}, owed to {plural(seen.readers, 'reader')}")


def digest_facts(digest: Digest) -> dict[str, object]:
    """A digest for machines."""
    return {
        "id": digest.id,
        "newsletter": digest.newsletter,
        "cadence": digest.cadence,
        "slot": digest.slot,
        "due_at": digest.due_at,
        "state": digest.state,
        "subject": digest.subject,
        "note": digest.note,
        "composed_at": digest.composed_at,
        "finished_at": digest.finished_at,
    }


def sent_facts(sent: Sent) -> dict[str, object]:
    """A run of sending for machines."""
    counts = {name: getattr(sent, name) for name in ("accepted", "rejected", "deferred", "uncertain", "expired")}
    return counts | {"finished": sent.finished, "error": str(sent.error) if sent.error else None}


def told_facts(told: Told) -> dict[str, object]:
    """A run of notices for machines."""
    counts = {name: getattr(told, name) for name in ("accepted", "rejected", "deferred", "dropped", "uncertain")}
    return counts | {"error": str(told.error) if told.error else None}


def tell_sent(sent: Sent) -> None:
    """A run of sending for people."""
    others = ("rejected", "deferred", "uncertain", "expired")
    rest = "".join(f", {getattr(sent, name)} {name}" for name in others if getattr(sent, name))
    tell("sent", f"{plural(sent.accepted, 'mail')}{rest}")


def _pickup_facts(found: Pickup) -> dict[str, object]:
    names = (
        "source",
        "new",
        "remembered",
        "changed",
        "withdrawn",
        "duplicates",
        "held",
        "unchanged",
        "error",
        "skipped",
    )
    return {name: getattr(found, name) for name in names} | {
        "problems": [str(one) for one in found.problems],
        "hops": [asdict(hop) for hop in found.hops],
        "next_at": found.next_at,
        "why": found.why,
    }


def _tell_pickups(found: Sequence[Pickup]) -> None:
    names = ("new", "changed", "withdrawn", "duplicates", "held", "unchanged")
    rows = [(one.source, *(getattr(one, name) for name in names), one.error or "ok") for one in found]
    show_table("", ("source", *names, "state"), rows, empty="there are no [[sources]] in the settings")
    for one in found:
        for problem in one.problems:
            tell("skipped", f"{one.source}: {problem!s}", style="yellow")


def _tell_digests(composed: Sequence[Digest]) -> None:
    for one in composed:
        name = f"{one.newsletter}/{one.cadence}"
        if one.state is DigestState.EMPTY:
            tell("composed", f"{name} {local(one.due_at)}: nothing new, nothing to send")
            continue
        tell("composed", f"digest {one.id}, {name} {local(one.due_at)}: {one.subject}")
        if one.state in (DigestState.HELD, DigestState.REVIEW):
            why = f" ({one.note})" if one.note else ""
            tell(
                "waiting", f"it is in {one.state}{why}; `syndicate digests approve {one.id}` lets it go", style="yellow"
            )
