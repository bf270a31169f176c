"""Commands that stay: serve, and catch, the mail catcher."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Generator
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Annotated

import typer
import uvicorn
from starlette.types import ASGIApp

from syndicate.app import App
from syndicate.catcher import Catcher
from syndicate.cli.interrupt import until_signal
from syndicate.cli.running import Running
from syndicate.cli.staying import once_there
from syndicate.cli.terminal import opened, plural, tell
from syndicate.cli.users import tell_first
from syndicate.desk import people
from syndicate.errors import SyndicateError
from syndicate.inbound.listener import Listener
from syndicate.jobs import loop


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 takes a free one. :raises SyndicateError: when it can't."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        reason = f"can't listen at {host}:{port}: {error.strerror}"
        raise SyndicateError(f"{reason}; is something else there? Port 0 takes a free one") from None


def address(listening: socket.socket) -> str:
    """The URL of what listens there."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class Pages(uvicorn.Server):
    """An HTTP server that leaves signals to the command that runs it."""

    def __init__(self, app: ASGIApp, listening: socket.socket) -> None:
        self._listening = listening
        super().__init__(
            uvicorn.Config(
                app,
                interface="asgi3",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                lifespan="off",
                server_header=False,
                timeout_graceful_shutdown=5,
            )
        )

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Signals set the command's own event."""
        yield

    async def until(self, stop: asyncio.Event) -> None:
        """Serves until ``stop`` is set; requests in flight are answered."""
        serving = asyncio.create_task(self.serve(sockets=[self._listening]))
        await stop.wait()
        self.should_exit = True
        await serving


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command()(serve)
    app.command()(catch)


def serve() -> None:
    """Run the service: scheduler, pages and feeds, until SIGTERM or Ctrl-C; what is in flight is finished."""
    with opened(stays=True) as app:
        invited = once_there(lambda: people.invite_first(app.store, now=app.jobs.clock()))
        loop.run(_serve(app, invited))


async def _serve(app: App, invited: tuple[str, str] | None) -> None:
    listening = listen(*app.settings.web.address)
    async with until_signal() as stop, _listener(app) as listener:
        running = Running(app, listener)
        serving = asyncio.create_task(Pages(running.answer, listening).until(stop))
        tell("serving", f"{address(listening)}; feeds in {app.settings.feeds.directory}")
        tell_first(app, invited)
        if listener:
            protocol = "lmtp" if listener.is_lmtp else "smtp"
            tell("taking mail", f"at {protocol}://{listener.host}:{listener.port}")
        await running.until(stop)
        await serving


def _listener(app: App) -> AbstractAsyncContextManager[Listener | None]:
    """What takes mail over SMTP or LMTP, if anything does."""
    inbound, reception = app.settings.inbound, app.jobs.reception
    return Listener(inbound, reception.addresses, reception) if inbound.listen else nullcontext()


def catch(
    directory: Annotated[Path, typer.Option("--dir", help="Where each message is kept as an .eml file.")] = Path(
        "mail"
    ),
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one.")] = 2525,
) -> None:
    """Catch mail: a real SMTP server on loopback that delivers nowhere, for people without a relay."""
    loop.run(_catch(directory.resolve(), port))


async def _catch(directory: Path, port: int) -> None:
    async with until_signal() as stop, Catcher("127.0.0.1", port, directory) as catcher:
        tell("catching", f"mail at smtp://127.0.0.1:{catcher.port} into {catcher.directory}")
        await stop.wait()
    tell("caught", f"{plural(catcher.caught, 'mail')}")
