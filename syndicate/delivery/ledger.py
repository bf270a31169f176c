"""Writes the ledger while mail goes out. Called by ``send``.

Many connections share one commit: a single writer takes whatever has come in, commits it, and takes the next; there is
no timer, so a lone write waits for nobody. A caller goes on only when what it said is durable.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import NamedTuple, Self

from syndicate.delivery.owner import new_owner
from syndicate.model import Delivery
from syndicate.store import Store, deliveries
from syndicate.store.deliveries import Attempt

LEASE = timedelta(seconds=60)


class _Step(NamedTuple):
    ended: Sequence[Attempt]
    begin: int | None
    durable: asyncio.Future[bool]


class Ledger:
    """One process's hand on the ledger. An async context manager: leaving it gives back what was not begun."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store, self._clock = store, clock
        self._owner = new_owner()
        self._steps: asyncio.Queue[_Step] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(self._write_all()), asyncio.create_task(self._renew())]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.to_thread(self._give_back)

    async def claim(self, limit: int, digest_id: int | None) -> list[Delivery]:
        """Leases up to ``limit`` due deliveries to this process."""
        return await asyncio.to_thread(self._claim, limit, digest_id)

    async def step(self, ended: Sequence[Attempt], begin: int | None) -> bool:
        """Durable when this returns: what became of ``ended``, and that the delivery ``begin`` is begun.

        False: ``begin`` is not ours to send any more. :raises StoreError: when nothing of it could be written.
        """
        durable: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._steps.put_nowait(_Step(ended, begin, durable))
        return await durable

    async def _write_all(self) -> None:
        while True:
            batch = [await self._steps.get()]
            while not self._steps.empty():
                batch.append(self._steps.get_nowait())
            try:
                begun = await asyncio.to_thread(self._commit, batch)
            except Exception as error:  # noqa: BLE001 - each caller must hear of it, and stop before it sends anything
                for step in batch:
                    if not step.durable.done():
                        step.durable.set_exception(error)
            else:
                for step in batch:
                    if not step.durable.done():
                        step.durable.set_result(step.begin is None or step.begin in begun)

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(LEASE.total_seconds() / 3)
            await asyncio.to_thread(self._extend)

    def _claim(self, limit: int, digest_id: int | None) -> list[Delivery]:
        now = datetime.now(UTC)
        with self._store.write() as connection:
            return deliveries.claim(
                connection,
                self._owner,
                due=self._clock(),
                now=now,
                lease_until=now + LEASE,
                limit=limit,
                digest_id=digest_id,
            )

    def _commit(self, batch: Sequence[_Step]) -> set[int]:
        with self._store.write() as connection:
            deliveries.record(connection, self._owner, [attempt for step in batch for attempt in step.ended])
            return deliveries.begin(connection, self._owner, [step.begin for step in batch if step.begin is not None])

    def _extend(self) -> None:
        with self._store.write() as connection:
            deliveries.renew(connection, self._owner, lease_until=datetime.now(UTC) + LEASE)

    def _give_back(self) -> None:
        with self._store.write() as connection:
            deliveries.give_back(connection, self._owner)
