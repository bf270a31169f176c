"""The demo command: the whole service on this machine alone, from sample articles to mails that can be looked at."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from syndicate.app import App, open_app
from syndicate.audience.roster import import_roster
from syndicate.catcher import Catcher, create_inbox
from syndicate.cli.interrupt import until_signal
from syndicate.cli.service import Pages, address, listen
from syndicate.cli.terminal import bar, plural, say, tell
from syndicate.cli.users import tell_first
from syndicate.desk import people
from syndicate.errors import ConflictError, SyndicateError
from syndicate.jobs.ticks import Ticks
from syndicate.model import ArticleState
from syndicate.samples import example_subscribers, samples
from syndicate.settings import CONFIG_NAME, load
from syndicate.store import articles as article_rows
from syndicate.store import standing
from syndicate.web.server import create_web

_WRITTEN = datetime(2026, 11, 16, 8, tzinfo=UTC).timestamp()
"""When the samples that do not say so themselves were written: plain text is dated by its file."""

_TEXTS = {".md", ".html", ".txt", ".xml"}

_CONFIG = """\
[site]
name = "Lakeside Courier"
url = "{site}"
postal_address = "1 Quay Street, Lakeside"
secret = "{secret}"

[smtp]
url = "smtp://127.0.0.1:{smtp_port}"

[feeds]
directory = {feeds}

[fetch]
allow_private = true

[[sources]]
name = "newsroom"
kind = "folder"
path = "articles"
every = "2s"

[[sources]]
name = "wire"
kind = "feed"
url = "{wire}/wire.xml"
every = "1m"

[[newsletters]]
slug = "daily"
title = "The Daily Brief"
description = "What happened by the lake, every morning."
sender = "Lakeside Courier <news@lakeside.example>"
timezone = "Europe/Belgrade"
cadences = {{ daily = "0 7 * * *", weekly = "0 7 * * mon", instant = true }}
"""


_MARK = ".syndicate-demo"


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(demo)


def demo(
    once: Annotated[bool, typer.Option("--once", help="Exit after the summary.")] = False,
    directory: Annotated[
        Path, typer.Option("--dir", help="Where the demo keeps its things; emptied at its next start.")
    ] = Path("demo"),
) -> None:
    """Show everything on this machine alone: pick up, publish, import, compose, send to a catcher, and look."""
    directory = directory.resolve()
    _make_room(directory)
    feeds = directory / "feeds" if Path(CONFIG_NAME).exists() else Path("feeds").resolve()
    asyncio.run(_demo(directory, feeds, once=once))


def _make_room(directory: Path) -> None:
    if directory.exists():
        if any(directory.iterdir()) and not (directory / _MARK).exists():
            raise ConflictError(f"{directory} is not a folder of the demo; choose another with --dir")
        shutil.rmtree(directory)
    try:
        directory.mkdir(parents=True)
        (directory / _MARK).touch()
    except OSError as error:
        raise SyndicateError(f"{directory}: can't be written ({error.strerror}); choose another with --dir") from None


async def _demo(directory: Path, feeds: Path, *, once: bool) -> None:
    mail, site = directory / "mail", directory / "site"
    async with until_signal() as stop, Catcher("127.0.0.1", 0, mail) as catcher:
        doors = {name: listen("127.0.0.1", 0) for name in ("service", "wire", "inbox")}
        at = {name: address(door) for name, door in doors.items()}
        _lay_out(directory, feeds, at, catcher.port)
        app = open_app(load(directory / CONFIG_NAME, {}))
        webs: dict[str, ASGIApp] = {
            "service": create_web(app),
            "wire": Starlette(routes=[Mount("/", StaticFiles(directory=site))]),
            "inbox": create_inbox(mail),
        }
        ended = asyncio.Event()
        serving = [asyncio.create_task(Pages(webs[name], door).until(ended)) for name, door in doors.items()]
        try:
            await _show(app, stop)
            _sum_up(app, catcher.caught, mail)
            if not once and not stop.is_set():
                await _stay(app, at, stop)
        finally:
            ended.set()
            await asyncio.gather(*serving)
            app.close()


def _lay_out(directory: Path, feeds: Path, at: Mapping[str, str], smtp_port: int) -> None:
    """Copies the samples, with this run's addresses in them, and writes the settings."""
    origin = samples() / "demo"
    for source in sorted(origin.rglob("*")):
        target = directory / source.relative_to(origin)
        if source.is_dir():
            target.mkdir(exist_ok=True)
        elif source.suffix in _TEXTS:
            target.write_text(source.read_text("utf-8").replace("@SITE@", at["wire"]), "utf-8")
            os.utime(target, (_WRITTEN, _WRITTEN))
        else:
            shutil.copyfile(source, target)
    shutil.copyfile(example_subscribers(), directory / "subscribers.csv")
    values = {"site": at["service"], "wire": at["wire"], "smtp_port": smtp_port, "feeds": json.dumps(str(feeds))}
    (directory / CONFIG_NAME).write_text(_CONFIG.format(secret=secrets.token_urlsafe(32), **values), "utf-8")


async def _show(app: App, stop: asyncio.Event) -> None:
    now = app.jobs.clock()
    for source in app.settings.polled:
        (found,) = await app.jobs.pick_up([source.name], now)
        if found.error:
            raise SyndicateError(found.error)
        same = f", {plural(found.duplicates, 'duplicate')} left out" if found.duplicates else ""
        tell("picked up", f"{plural(found.new, 'article')} from {source.kind} {source.name}{same}", style="green")
    published = await asyncio.to_thread(app.jobs.publish, app.jobs.clock())
    tell("published", f"{plural(len(published.written), 'file')} in {app.settings.feeds.directory!s}", style="green")
    roster = app.settings.directory / "subscribers.csv"
    rejected = app.settings.directory / "rejected.csv"
    joined = import_roster(app.store, app.settings.newsletters, roster, traces=app.traces, rejected=rejected, now=now)
    tell("imported", f"{plural(joined.diff.new, 'subscriber')}", style="green")
    for newsletter in app.settings.newsletters:
        digest = await asyncio.to_thread(app.digests.compose_now, newsletter.slug, now)
        planned = app.jobs.outstanding(digest.id).planned
        tell("composed", f"{digest.subject}", style="green")
        with bar("            sending", planned) as progress:
            sent = await app.jobs.send_due(
                stop=stop,
                digest_id=digest.id,
                progress=lambda sent: progress.update(progress.task_ids[0], completed=sent.tried),
            )
        if sent.error:
            raise sent.error
        tell("sent", f"{plural(sent.accepted, 'mail')} of {plural(planned, 'delivery', 'deliveries')}", style="green")


def _sum_up(app: App, caught: int, mail: Path) -> None:
    with app.store.read() as connection:
        counts = standing.equation(connection)
        articles = sum(n for (_, state), n in article_rows.counts(connection).items() if state is ArticleState.CURRENT)
    balance = "balances" if counts.balances else "does NOT balance"
    say(f"\n[bold]{plural(articles, 'article')}[/] published, [bold]{plural(counts.accepted, 'mail')}[/] accepted.")
    say(f"{plural(caught, 'mail')} in the catcher, {counts.outstanding} outstanding: the ledger {balance}.\n")
    tell("feeds", str(app.settings.feeds.directory))
    tell("mail", str(mail))


async def _stay(app: App, at: Mapping[str, str], stop: asyncio.Event) -> None:
    articles = app.settings.directory / "articles"
    tell("site", f"{at['service']}/")
    tell("feeds", f"{at['service']}/feeds/")
    tell("inbox", f"{at['inbox']}/")
    tell_first(app, people.invite_first(app.store, now=app.jobs.clock()))
    say("")
    newsletter = app.settings.newsletters[0]
    say(f"1. Subscribe at {at['service']}/{newsletter.slug}, best to what comes as soon as an article appears.")
    say("2. Open the mail in the inbox that asks you to confirm, follow its link, and confirm.")
    say(f"3. Put an .md, .html or .txt file into {escape(str(articles))}: some seconds later you have a digest.")
    say("4. Leave with one click: the inbox shows the button that mail programs show.")
    say("\nCtrl-C ends the demo.")
    ticks = Ticks(app.jobs)
    ticks.start()
    await stop.wait()
    await ticks.stop()
