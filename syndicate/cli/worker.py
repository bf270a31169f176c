"""The worker command: does the jobs that ``serve`` finds to be due, on this machine or on others."""

from __future__ import annotations

from typing import Annotated

import typer

from syndicate.app import App
from syndicate.cli.interrupt import until_signal
from syndicate.cli.terminal import opened, tell
from syndicate.errors import ConflictError
from syndicate.jobs import loop

QUEUES = ("send", "pickup", "publish", "inbound")


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(worker)


def worker(
    queues: Annotated[str, typer.Option(help="Which queues, by commas.")] = ",".join(QUEUES),
    concurrency: Annotated[int, typer.Option(min=1, max=100, help="Jobs at a time out of each queue.")] = 4,
) -> None:
    """Do jobs for `serve`, on as many machines as wanted, until SIGTERM or Ctrl-C; what is in flight is finished."""
    names = [name.strip() for name in queues.split(",") if name.strip()]
    if unknown := [name for name in names if name not in QUEUES]:
        raise typer.BadParameter(f"there is no queue {unknown[0]!r}; there is: {', '.join(QUEUES)}")
    if not names:
        raise typer.BadParameter(f"name one of {', '.join(QUEUES)}")
    with opened(stays=True) as app:
        if not app.store.is_shared:
            raise ConflictError(
                f"{app.store.name}: a worker needs PostgreSQL; with SQLite `syndicate serve` does it all"
            )
        loop.run(_work(app, names, concurrency))


async def _work(app: App, queues: list[str], concurrency: int) -> None:
    from syndicate.jobs.cluster.worker import Worker

    async with until_signal() as stop:
        tell("working", f"on {', '.join(queues)}, {concurrency} at a time, for {app.store.name}")
        await Worker(app.jobs, queues, concurrency).run(stop)
        tell("stopped", "what was in flight is finished")
