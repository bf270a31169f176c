"""Keeps a process's paces in step with those of all others, through the database. Called by ``send``.

While something waits for a pace, a part of it is borrowed some twenty times a second; else nothing is asked but, once a
second, what others have learnt. The time is the database's, so that machines' clocks need not agree.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

import structlog

from syndicate.delivery.borrowed import STOCK, Answer, Ask, Borrowed, settle
from syndicate.delivery.pace import Pace
from syndicate.errors import StoreError
from syndicate.settings import Rate, WarmUp
from syndicate.store import Connection, Store, paces
from syndicate.store.paces import Kind, PaceRow

_TICK = 0.05
_HEAR_EVERY = 1.0

Key = tuple[Kind, str]
Told = Mapping[str, Any]
"""What a relay's row says beside its pace."""

log = structlog.get_logger()


class PacePool:
    """An async context manager that borrows and listens while it is open, and gives back what is left at the end.

    ``changed`` is called when more may go than before, ``learnt`` with what others know and this process did not.
    """

    def __init__(
        self, store: Store, clock: Callable[[], datetime], time: Callable[[Connection], datetime] = paces.time
    ) -> None:
        self._store, self._clock, self._time = store, clock, time
        self._paces: dict[Key, Borrowed] = {}
        self._told: dict[Key, Told] = {}
        self._told_last: dict[Key, Told] = {}
        self._heard_at = 0.0
        self._task: asyncio.Task[None] | None = None
        self.changed: Callable[[], None] = lambda: None
        self.learnt: Callable[[PaceRow], None] = lambda _: None

    def pace(self, kind: Kind, name: str, rates: Sequence[Rate], warm_up: WarmUp | None, now: datetime) -> Pace:
        """This process's part of one."""
        self._paces[kind, name] = made = Borrowed(rates, warm_up, now)
        return made

    def knew(self, row: PaceRow) -> None:
        """What stood beside a pace before; what is not so any more is told."""
        self._told_last[row.kind, row.name] = row.facts

    def tell(self, kind: Kind, name: str, told: Told) -> None:
        """Has something written beside a pace, when it is not what was told before."""
        before = self._told_last.get((kind, name), {})
        if any((before.get(what) or None) != (value or None) for what, value in told.items()):
            self._told[kind, name] = self._told_last[kind, name] = told

    async def __aenter__(self) -> PacePool:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        with suppress(StoreError):  # what is lost with it is a tenth of a second
            await self._settle({key: one.leave() for key, one in self._paces.items()})

    @property
    def crash(self) -> BaseException | None:
        """What made it end too early."""
        return self._task.exception() if self._task and self._task.done() else None

    async def step(self) -> None:
        """Borrows what is wanted, tells what is new, and hears of the others when it is time to."""
        loop = asyncio.get_running_loop()
        await self._settle({key: one.ask(self._clock()) for key, one in self._paces.items()})
        if loop.time() - self._heard_at >= _HEAR_EVERY:
            self._heard_at = loop.time()
            self._hear(await asyncio.to_thread(self._read))

    async def _run(self) -> None:
        while True:
            try:
                await self.step()
            except StoreError:
                await asyncio.sleep(_HEAR_EVERY)  # nothing more is borrowed meanwhile; who sends says what is wrong
            await asyncio.sleep(_TICK)

    async def _settle(self, asks: Mapping[Key, Ask]) -> None:
        wanted = {key: ask for key, ask in asks.items() if not ask.is_empty or key in self._told}
        if not wanted:
            return
        told, self._told = self._told, {}
        try:
            answers = await asyncio.to_thread(self._ask_database, wanted, told)
        except BaseException:
            self._told = told | self._told
            for key, ask in wanted.items():
                self._paces[key].unheard(ask)
            raise
        now = self._clock()
        for key, answer in answers.items():
            self._paces[key].hear(answer, now)
        if any(answer.lent for answer in answers.values()):
            self.changed()

    def _ask_database(self, asks: Mapping[Key, Ask], told: Mapping[Key, Told]) -> dict[Key, Answer]:
        answers = {}
        with self._store.write() as connection:
            known = paces.lock(connection, sorted(asks), now=self._clock())
            now, processes = self._time(connection), paces.processes(connection)
            for key, ask in asks.items():
                one = self._paces[key]
                whole = Pace(one.rates, one.warm_up, now, stock=STOCK)
                if known[key]:
                    whole.remember(known[key])
                answers[key] = answer = settle(whole, ask, now, processes)
                after = {**known[key], **answer.facts, **told.get(key, {})}
                paces.write(connection, PaceRow(*key, after), now=now)
        return answers

    def _read(self) -> list[PaceRow]:
        with self._store.read() as connection:
            return paces.read(connection)

    def _hear(self, rows: Sequence[PaceRow]) -> None:
        known = {(row.kind, row.name): row for row in rows}
        for key, row in known.items():
            if key in self._paces:
                self._paces[key].overhear(row.facts)
            else:
                self.learnt(row)
        for key in self._paces.keys() - known.keys():
            self._paces[key].forget(self._clock())
