"""Alerts: what operators are told of, and whether that reaches them."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from datetime import datetime

import typer

from syndicate.app import App
from syndicate.cli.terminal import Json, opened, show_json, show_table, tell
from syndicate.errors import SyndicateError
from syndicate.jobs import loop
from syndicate.model import DeliveryState
from syndicate.store import alerts, notices
from syndicate.store.alerts import Alert
from syndicate.watch import alarms
from syndicate.watch.alarms import Kind
from syndicate.watch.alerting import Telling, call, mail

group = typer.Typer(help="What operators are told of.", invoke_without_command=True)
_SHOWN = 50


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(group, name="alerts")


@group.callback()
def list_alerts(context: typer.Context, as_json: Json = False) -> None:
    """List what is wrong and needs a person, and what was lately."""
    if context.invoked_subcommand:
        return
    with opened() as app, app.store.read() as connection:
        found = alerts.told(connection, limit=_SHOWN)
    if as_json:
        show_json([asdict(one) | {"title": alarms.title_of(Kind(one.kind), one.about)} for one in found])
        return
    rows = [(alarms.title_of(Kind(one.kind), one.about), one.said, one.began_at, one.ended_at) for one in found]
    show_table("Alerts", ("what", "why", "since", "over"), rows, empty="Nothing is wrong that anybody was told of.")


@group.command("test")
def send_test() -> None:
    """Send a test to every address and the webhook of [alerts], and say whether that worked."""
    with opened() as app:
        failed = loop.run(send(app, app.jobs.clock()))
    if failed:
        raise SyndicateError("; ".join(failed))


async def send(app: App, now: datetime) -> list[str]:
    """Tells everyone of a test; returns what failed. :raises SyndicateError: when nobody is to be told."""
    settings = app.settings.alerts
    if not (settings.mail or settings.webhook):
        raise SyndicateError("nobody is to be told of alerts: set alerts.mail or alerts.webhook")
    test = Alert(
        id=0,
        kind=Kind.TEST,
        about="",
        said="Nothing is wrong.",
        began_at=now,
        seen_at=now,
        told_at=now,
        ended_at=None,
        owed="began",
    )
    failed = await _mail(app, Telling("began", test), now) if settings.mail else []
    if settings.webhook:
        reason = await call(app.settings, [Telling("began", test)])
        tell("webhook", reason or "took it")
        failed += [f"the webhook could not be told: {reason}"] if reason else []
    return failed


async def _mail(app: App, test: Telling, now: datetime) -> list[str]:
    with app.store.write() as connection:
        mail(connection, app.settings, [test], now)
    told = await app.jobs.send_notices(stop=asyncio.Event())
    if told.error:
        return [str(told.error)]
    failed = []
    with app.store.read() as connection:
        for email in app.settings.alerts.addresses:
            state, reply = notices.outcome(connection, notices.of_address(connection, email)[-1].id)
            tell("mail", f"{email}: {state}")
            if state is not DeliveryState.ACCEPTED:
                failed.append(f"the mail to {email} was not accepted: {reply or state}")
    return failed
