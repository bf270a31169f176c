"""The service while it runs: it follows its settings file, and goes on with what stands there. Called by ``serve``."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from datetime import datetime

import structlog
from starlette.types import Receive, Scope, Send

from syndicate.app import App, renewed
from syndicate.cli.terminal import tell
from syndicate.errors import SettingsError, StoreError, SyndicateError
from syndicate.inbound.listener import Listener
from syndicate.render.environment import stamp_of
from syndicate.settings.file import Look
from syndicate.watch import logs
from syndicate.web.server import create_web

LOOK_EVERY_S = 0.5
"""Seconds. A file that was the same at two looks is taken to be complete."""

log = structlog.get_logger()


class Running:
    """Pages, ticks and listener of one service. Sockets, the database and sessions stay when settings change.

    :raises TemplateError: when the pages can't be made.
    """

    def __init__(self, app: App, listener: Listener | None) -> None:
        self._app, self._listener = app, listener
        self._pages, self._ticks = create_web(app), app.carrier.clock(app.jobs)
        self._seen: Look | None = None
        self._stamp = stamp_of(app.templates, "web")
        self._stopping = asyncio.Event()

    def answer(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """ASGI. A request that came before a change is answered as it would have been.

        Answers that last see in ``state.stopping`` when to end.
        """
        scope.setdefault("state", {})["stopping"] = self._stopping
        return self._pages(scope, receive, send)

    async def until(self, stop: asyncio.Event) -> None:
        """Runs until ``stop`` is set; what is in flight is finished."""
        self._ticks.start()
        before = None
        while not stop.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), LOOK_EVERY_S)
            look = self._app.file.look()
            if look == before and look != self._seen and not stop.is_set():
                self._seen = look
                await self._follow()
            before = look
            await self._follow_templates()
            await self._count(self._app.jobs.clock())
        self._stopping.set()
        tell("stopping", "what is in flight is finished")
        await self._ticks.stop()
        await self._count(None)

    async def _count(self, now: datetime | None) -> None:
        """Writes what the pages counted; what can't be written now is kept, and comes along the next time."""
        with suppress(StoreError):
            await asyncio.to_thread(self._app.jobs.tally.flush, self._app.store, now)

    async def _follow_templates(self) -> None:
        """Pages are made anew when a template of theirs is another, for their stylesheet is rendered once."""
        stamp = await asyncio.to_thread(stamp_of, self._app.templates, "web")
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._pages = await asyncio.to_thread(create_web, self._app)
        except SyndicateError as error:
            log.warning("the new templates can't be used, pages keep their style", reason=str(error))

    async def _follow(self) -> None:
        """Goes on with what the file says now; with what it said before, if that can't be used."""
        app, file = self._app, self._app.file
        try:
            wanted = await asyncio.to_thread(file.load)
            settings = wanted.bound_like(app.settings)
            file.refused = ""
            if settings == app.settings:
                return
            new = await asyncio.to_thread(renewed, app, settings)
            pages = await asyncio.to_thread(create_web, new)
            changed_at = min(app.jobs.clock(), file.changed_at() or app.jobs.clock())
            await asyncio.to_thread(new.digests.pass_over, app.settings, changed_at)
        except SyndicateError as error:
            file.refused = "" if isinstance(error, SettingsError) and error.file == str(file.path) else str(error)
            log.warning("the new settings can't be used, the old ones stay in use", reason=str(error))
            if isinstance(error, StoreError):
                self._seen = None
            return
        except Exception:
            file.refused = "something unexpected went wrong; the service's log has it"
            log.exception("the new settings can't be used, the old ones stay in use")
            return
        self._app, self._pages = new, pages
        logs.set_up(settings.log.format, settings.log.level)
        if self._listener:
            reception = new.jobs.reception
            self._listener.turn_to(settings.inbound, reception.addresses, reception)
        await self._ticks.stop()
        self._ticks = new.carrier.clock(new.jobs)
        self._ticks.start(app.settings.sources)
        tell("settings", f"taken from {file.path}")
        waiting = [name for name, value in wanted.bound.items() if value != settings.bound[name]]
        if waiting:
            log.warning("some settings wait for a restart", settings=waiting)
