"""Where digests stand while they are sent, told as it changes (Server-Sent Events, HTML §9.2). Pages show it at load.

A stream waits in the event loop, and takes a thread only to ask; it ends by itself, and the browser comes back.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable

from fastapi.responses import Response, StreamingResponse
from starlette.concurrency import run_in_threadpool

from syndicate.app import App
from syndicate.desk.rights import Right
from syndicate.errors import SyndicateError
from syndicate.model import DigestState
from syndicate.web.console.desk import PRIVATE, Desk
from syndicate.web.console.door import Door
from syndicate.web.console.meter import Moving
from syndicate.web.console.news import News
from syndicate.web.console.visit import Visit

EVERY_S = 1.0
"""Seconds between two looks where no news comes; what has not changed is not told again."""

LONGEST_S = 300.0
"""Seconds. Then whoever still watches comes in by the door anew, and is asked who they are."""

MOST_STREAMS = 100
MOST_OF_ONE = 8
"""Of one session. A browser opens six connections to a site (HTTP/1.1)."""

_QUIET_S = 15.0


class Progress:
    """``/console/progress`` of all that are being sent, ``/console/digests/{id}/progress`` of one."""

    def __init__(self, app: App, desk: Desk, door: Door) -> None:
        self._app, self._desk = app, desk
        self._watching: Counter[str] = Counter()
        self._news = News(app.store, desk.meter.changed)
        door.get("/console/progress", Right.VIEW, self.of_all)
        door.get("/console/digests/{id:int}/progress", Right.VIEW, self.of_one)

    async def of_all(self, visit: Visit) -> Response:
        """What is being sent, also what begins or ends meanwhile."""
        seen: list[int] = []

        def now() -> list[Moving]:
            seen.extend(one for one in self._desk.meter.in_state(DigestState.SENDING) if one not in seen)
            return self._desk.meter.of(seen)

        return self._stream(visit, now, ends=False)

    async def of_one(self, visit: Visit, id: int) -> Response:  # noqa: A002 - the name in the address
        """Until it is sent, or cancelled."""
        await run_in_threadpool(self._desk.meter.of, [id])
        return self._stream(visit, lambda: self._desk.meter.of([id]), ends=True)

    def _stream(self, visit: Visit, now: Callable[[], list[Moving]], *, ends: bool) -> Response:
        key = visit.session.key_hash
        if self._watching.total() >= MOST_STREAMS or self._watching[key] >= MOST_OF_ONE:
            return Response("Too many pages watch at once.", 503, {"Retry-After": "30", **PRIVATE})
        headers = {**PRIVATE, "X-Accel-Buffering": "no", "Content-Security-Policy": "default-src 'none'"}
        return StreamingResponse(self._tell(visit, now, ends=ends), 200, headers, "text/event-stream")

    async def _tell(self, visit: Visit, now: Callable[[], list[Moving]], *, ends: bool) -> AsyncGenerator[str]:
        self._watching[visit.session.key_hash] += 1
        try:
            async with self._news.watched() as changed:
                async for told in self._changes(visit, now, changed, ends=ends):
                    yield told
        except SyndicateError:
            return  # the browser asks again, and the door says what is wrong
        finally:
            self._watching[visit.session.key_hash] -= 1
            self._watching += Counter()  # forgets who watches nothing any more

    async def _changes(
        self, visit: Visit, now: Callable[[], list[Moving]], changed: asyncio.Event, *, ends: bool
    ) -> AsyncGenerator[str]:
        stopping: asyncio.Event = getattr(visit.request.state, "stopping", asyncio.Event())
        clock = asyncio.get_running_loop().time
        until, told_at, before = clock() + LONGEST_S, clock(), None
        yield "retry: 2000\n\n"
        while clock() < until and not stopping.is_set():
            found = await run_in_threadpool(now)
            if found != before:
                before, told_at = found, clock()
                text = self._desk.text(visit, "progress/bars.html", moving=found, told_at=self._app.jobs.clock())
                yield _event("progress", text)
            elif clock() - told_at > _QUIET_S:
                told_at = clock()
                yield ": still here\n\n"
            if ends and not any(one.is_open for one in found):
                yield _event("end", "")
                return
            await _first(stopping, changed)
            changed.clear()


async def _first(*events: asyncio.Event) -> None:
    """Waits for one of them, or until it is time to look anyway."""
    waiting = [asyncio.ensure_future(one.wait()) for one in events]
    try:
        await asyncio.wait(waiting, timeout=EVERY_S, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in waiting:
            one.cancel()


def _event(name: str, text: str) -> str:
    lines = "".join(f"data: {line}\n" for line in text.splitlines() or [""])
    return f"event: {name}\n{lines}\n"
