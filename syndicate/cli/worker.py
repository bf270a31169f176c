"""The worker command: does the jobs that ``serve`` finds to be due, on this machine or on others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated

import structlog
import typer

from syndicate.app import App, renewed
from syndicate.cli.interrupt import until_signal
from syndicate.cli.running import LOOK_EVERY_S
from syndicate.cli.terminal import opened, tell
from syndicate.errors import ConflictError, SyndicateError
from syndicate.jobs import loop
from syndicate.jobs.jobs import Jobs

QUEUES = ("send", "pickup", "publish", "inbound")


log = structlog.get_logger()


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(worker)


def worker(
    queues: Annotated[str, typer.Option(help="Which queues, by commas.")] = ",".join(QUEUES),
    concurrency: Annotated[int, typer.Option(min=1, max=100, help="Jobs at a time out of each queue.")] = 4,
    metrics: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="Answer /metrics and /healthz there; port 0 takes a free one."),
    ] = None,
) -> None:
    """Do jobs for `serve`, on as many machines as wanted, until SIGTERM or Ctrl-C; what is in flight is finished."""
    names = [name.strip() for name in queues.split(",") if name.strip()]
    if unknown := [name for name in names if name not in QUEUES]:
        raise typer.BadParameter(f"there is no queue {unknown[0]!r}; there is: {', '.join(QUEUES)}")
    if not names:
        raise typer.BadParameter(f"name one of {', '.join(QUEUES)}")
    place = place_of(metrics) if metrics else None
    with opened(stays=True) as app:
        if not app.store.is_shared:
            raise ConflictError(
                f"{app.store.name}: a worker needs PostgreSQL; with SQLite `syndicate serve` does it all"
            )
        loop.run(_work(app, names, concurrency, place))


async def _work(app: App, queues: list[str], concurrency: int, place: tuple[str, int] | None) -> None:
    from syndicate.jobs.cluster.worker import Worker

    async with until_signal() as stop:
        tell("working", f"on {', '.join(queues)}, {concurrency} at a time, for {app.store.name}")
        watched = be_watched(app, place, stop) if place else None
        worker = Worker(app.jobs, queues, concurrency)
        following = asyncio.create_task(_follow(app, worker.turn_to, stop))
        try:
            await worker.run(stop)
        finally:
            following.cancel()
        if watched:
            await watched
        tell("stopped", "what was in flight is finished")


async def _follow(app: App, turn_to: Callable[[Jobs], None], stop: asyncio.Event) -> None:
    """Goes on with what the settings file says now; with what it said before, if that can't be used."""
    before = seen = app.file.look()
    while not stop.is_set():
        await asyncio.sleep(LOOK_EVERY_S)
        look = app.file.look()
        if look == before != seen:
            seen = look
            try:
                settings = (await asyncio.to_thread(app.file.load)).bound_like(app.settings)
                if settings != app.settings:
                    app = await asyncio.to_thread(renewed, app, settings)
                    turn_to(app.jobs)
                    tell("settings", f"taken from {app.file.path}")
            except SyndicateError as error:
                log.warning("the new settings can't be used, the old ones stay in use", reason=str(error))
        before = look


def be_watched(app: App, place: tuple[str, int], stop: asyncio.Event) -> asyncio.Task[None]:
    """Answers there until ``stop`` is set. :raises SyndicateError: when it can't listen there."""
    from syndicate.cli.service import Pages, address, listen
    from syndicate.web.watching import create_worker_web

    listening = listen(*place)
    tell("metrics", f"at {address(listening)}/metrics")
    return asyncio.create_task(Pages(create_worker_web(app), listening).until(stop))


def place_of(text: str) -> tuple[str, int]:
    """Host and port of ``HOST:PORT``."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise typer.BadParameter(f"{text!r} is not HOST:PORT, such as 127.0.0.1:9464")
    return host.strip("[]"), int(port)
