"""Writes the ledger while mail goes out. Called by ``send``.

Many connections share one commit: a single writer takes whatever has come in, commits it, and takes the next; there is
no timer, so a lone write waits for nobody. A caller goes on only when what it said is durable.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from queue import SimpleQueue
from types import TracebackType
from typing import Any, NamedTuple, Self, TypeVar

from syndicate.delivery.owner import new_owner
from syndicate.store import Connection, Store, attempts, leases, suppressions
from syndicate.store.attempts import Attempt, Begin

LEASE = timedelta(seconds=60)

Some = TypeVar("Some")


class _Step(NamedTuple):
    ended: Sequence[Attempt]
    begin: Sequence[Begin]
    gone: Sequence[str]
    durable: asyncio.Future[set[int]]


class _Errand(NamedTuple):
    work: Callable[[Connection], Any]
    done: asyncio.Future[Any]


class Ledger:
    """One run's hand on the ledger: an async context manager.

    Leaving it gives back ``held``, the ids of deliveries that were leased and not begun; the caller keeps that set.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.sender_id = 0
        self.held: set[int] = set()
        self._queue: SimpleQueue[_Step | _Errand | None] = SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._writer = threading.Thread(target=self._write_all, name="ledger")
        self._renewing: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._writer.start()
        try:
            self.sender_id = await self.run(lambda c: leases.enter(c, new_owner(), lease_until=_lease()))
        except BaseException:
            self._queue.put(None)
            raise
        self._renewing = asyncio.create_task(self._renew())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._renewing:
            self._renewing.cancel()
        try:
            await self.run(lambda c: leases.leave(c, self.sender_id, sorted(self.held)))
        finally:
            self._queue.put(None)
            await asyncio.to_thread(self._writer.join)

    async def step(self, ended: Sequence[Attempt], begin: Sequence[Begin] = (), gone: Sequence[str] = ()) -> set[int]:
        """Durable when this returns: what became of ``ended``, and which of ``begin`` are begun; they are returned.

        Those that are not returned are not ours to send any more. Addresses in ``gone`` are suppressed.
        :raises StoreError: when nothing of it could be written.
        """
        durable: asyncio.Future[set[int]] = self._loop.create_future()
        self._queue.put(_Step(ended, begin, gone, durable))
        return await durable

    async def run(self, work: Callable[[Connection], Some]) -> Some:
        """Does some other work on the ledger in a transaction of its own. :raises StoreError: when it can't."""
        done: asyncio.Future[Some] = self._loop.create_future()
        self._queue.put(_Errand(work, done))
        return await done

    def _write_all(self) -> None:
        """The writer: runs in a thread of its own until it is told to end."""
        while True:
            waiting = [self._queue.get()]
            while not self._queue.empty():
                waiting.append(self._queue.get())
            steps = [one for one in waiting if isinstance(one, _Step)]
            if steps:
                self._answer(self._commit, steps, [step.durable for step in steps])
            for one in waiting:
                if isinstance(one, _Errand):
                    self._answer(self._do, one.work, [one.done])
            if None in waiting:
                return

    def _answer(self, act: Callable[[Any], Any], what: Any, futures: Sequence[asyncio.Future[Any]]) -> None:
        try:
            result, failure = act(what), None
        except Exception as error:  # noqa: BLE001 - each caller must hear of it, and stop before it sends anything
            result, failure = None, error
        self._loop.call_soon_threadsafe(_settle, futures, result, failure)

    def _commit(self, steps: Sequence[_Step]) -> set[int]:
        with self._store.write() as connection:
            attempts.record(connection, self.sender_id, [one for step in steps for one in step.ended])
            for email in (one for step in steps for one in step.gone):
                suppressions.add(connection, email, "no such mailbox", now=datetime.now(UTC))
            return attempts.begin(connection, self.sender_id, [one for step in steps for one in step.begin])

    def _do(self, work: Callable[[Connection], Any]) -> Any:
        with self._store.write() as connection:
            return work(connection)

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(LEASE.total_seconds() / 3)
            await self.run(lambda c: leases.renew(c, self.sender_id, lease_until=_lease()))


def _lease() -> datetime:
    return datetime.now(UTC) + LEASE


def _settle(futures: Sequence[asyncio.Future[Any]], result: Any, failure: Exception | None) -> None:
    for future in futures:
        if not future.done():
            if failure is None:
                future.set_result(result)
            else:
                future.set_exception(failure)
