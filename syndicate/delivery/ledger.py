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


class _Entry(NamedTuple):
    said: int | Attempt
    durable: asyncio.Future[bool]


class Ledger:
    """One process's hand on the ledger. An async context manager: leaving it gives back what was not begun."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store, self._clock = store, clock
        self._owner = new_owner()
        self._entries: asyncio.Queue[_Entry] = asyncio.Queue()
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

    async def begin(self, delivery_id: int) -> bool:
        """*Begun* is durable when this returns true; false: it is not ours to send any more."""
        return await self._say(delivery_id)

    async def record(self, attempt: Attempt) -> None:
        """What became of a begun delivery is durable when this returns."""
        await self._say(attempt)

    async def undo(self, delivery_id: int, *, next_at: datetime) -> None:
        """Puts back a begun delivery that provably was not handed over."""
        await asyncio.to_thread(self._undo, delivery_id, next_at)

    async def _say(self, said: int | Attempt) -> bool:
        durable: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._entries.put_nowait(_Entry(said, durable))
        return await durable

    async def _write_all(self) -> None:
        while True:
            batch = [await self._entries.get()]
            while not self._entries.empty():
                batch.append(self._entries.get_nowait())
            try:
                begun = await asyncio.to_thread(self._commit, [entry.said for entry in batch])
            except Exception as error:  # noqa: BLE001 - each caller must hear of it, and stop before it sends anything
                for entry in batch:
                    if not entry.durable.done():
                        entry.durable.set_exception(error)
            else:
                for entry in batch:
                    if not entry.durable.done():
                        entry.durable.set_result(not isinstance(entry.said, int) or entry.said in begun)

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

    def _commit(self, said: Sequence[int | Attempt]) -> set[int]:
        with self._store.write() as connection:
            deliveries.record(connection, [one for one in said if isinstance(one, Attempt)])
            return deliveries.begin(connection, [one for one in said if isinstance(one, int)], self._owner)

    def _extend(self) -> None:
        with self._store.write() as connection:
            deliveries.renew(connection, self._owner, lease_until=datetime.now(UTC) + LEASE)

    def _undo(self, delivery_id: int, next_at: datetime) -> None:
        with self._store.write() as connection:
            deliveries.undo_begin(connection, delivery_id, next_at=next_at)

    def _give_back(self) -> None:
        with self._store.write() as connection:
            deliveries.give_back(connection, self._owner)
