"""Writes the ledger while mail goes out. Called by ``send``.

Many connections share one commit: one turn takes whatever has come in, commits it, and the next turn takes what came
meanwhile. Before each, the network is looked at a few times more, which costs much less than a commit of its own for
what comes in then; there is no timer, so a lone write waits for nobody. A caller goes on only when what it said is
durable.

A turn is taken where the connections are served: a commit on this machine's own disk takes less time than a thread
needs to be told of it. A database that is elsewhere is asked, and answers while the connections go on. For all else, as
when another process holds the database, a thread waits.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from types import TracebackType
from typing import Any, NamedTuple, Self, TypeVar

import structlog

from syndicate import metrics
from syndicate.delivery.hand import Hand
from syndicate.delivery.owner import forsake, new_owner
from syndicate.errors import BusyError, StoreError
from syndicate.store import Connection, Held, Store, leases, steps
from syndicate.store.attempts import Attempt, Begin
from syndicate.store.leases import Sender
from syndicate.store.steps import Step

LEASE = timedelta(seconds=60)

_LOOKS = 3
"""With eight connections beside a quick server, so many let three commits do the work of four; more find no more."""

_MOMENT_S = 0.002
"""So long those who have something for a database that is elsewhere wait for others; timers are not much finer."""

_MOST = 0.75
"""This part of the connections is worth a commit there, which costs the server nearly as much for one as for all."""

_WORTH = 5
"""So many are worth a commit while more are coming: those who bring them have the other core meanwhile."""

Some = TypeVar("Some")

log = structlog.get_logger()


class _Turn(NamedTuple):
    """One transaction's work, and who waits for it."""

    act: Callable[[], Any]
    waiting: Sequence[asyncio.Future[Any]]
    steps: Sequence[Step] = ()


class Ledger:
    """One run's hand on the ledger: an async context manager.

    Leaving it gives back ``held``, the ids of deliveries that were leased and not begun; the caller keeps that set.
    While the database is away, all wait for it, until ``is_ending`` says that the run is to end.
    ``is_more_coming`` says whether somebody is at work on what other steps wait for; who sets it calls ``hurry`` when
    that is not so any more. ``coming`` is how many steps there may be within a moment, those that wait counted.
    """

    def __init__(self, store: Store, is_ending: Callable[[], bool] = lambda: True) -> None:
        self._store, self._hand = store, Hand(store, is_ending)
        self.sender_id, self._name = 0, new_owner()
        self.held: set[int] = set()
        self._loop = asyncio.get_running_loop()
        self._steps: list[tuple[Step, asyncio.Future[Any]]] = []
        self._turns: deque[_Turn] = deque()
        self.is_more_coming: Callable[[], bool] = lambda: False
        self.coming: Callable[[], int] = lambda: 0
        self._moment: asyncio.TimerHandle | None = None
        self._is_called = False
        self._thread: asyncio.Task[None] | None = None
        self._renewing: asyncio.Task[None] | None = None
        self._seconds, self._deliveries = metrics.COMMIT_SECONDS.of(), metrics.COMMIT_DELIVERIES.of()

    async def __aenter__(self) -> Self:
        self.sender_id = await self.run(lambda c: leases.enter(c, self._name, lease_until=_lease()))
        self._renewing = asyncio.create_task(self._renew())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._renewing:
            self._renewing.cancel()
        try:
            await self.run(lambda c: leases.leave(c, self.sender_id, sorted(self.held)))
        except StoreError:
            forsake(self._name)
            raise
        finally:
            self._hand.let_go()

    async def step(
        self,
        ended: Sequence[Attempt],
        begin: Sequence[Begin] = (),
        gone: Sequence[str] = (),
        undone: Sequence[Begin] = (),
    ) -> set[int]:
        """Durable when this returns: what became of ``ended``, and which of ``begin`` are begun; they are returned.

        Those that are not returned are not ours to send any more. Addresses in ``gone`` are suppressed;
        deliveries in ``undone`` were begun and are known not to have been handed over.
        :raises StoreError: when nothing of it could be written.
        """
        durable: asyncio.Future[set[int]] = self._loop.create_future()
        self._steps.append((Step(ended, begin, gone, undone), durable))
        self._call()
        return await durable

    async def run(self, work: Callable[[Connection], Some]) -> Some:
        """Does some other work on the ledger in a transaction of its own. :raises StoreError: when it can't."""
        done: asyncio.Future[Some] = self._loop.create_future()
        self._turns.append(_Turn(lambda: self._do(work), [done]))
        self._call()
        return await done

    def hurry(self) -> None:
        """Has what waits committed, for nothing more is coming."""
        if self._steps:
            self._call()

    def _call(self) -> None:
        """Has a turn taken soon."""
        if not self._is_called and self._thread is None:
            self._is_called = True
            self._look(_LOOKS)

    def _look(self, more: int) -> None:
        """Lets the connections hear what has come meanwhile: one of them may have something for the same commit."""
        if more:
            self._loop.call_soon(self._look, more - 1)
        elif not self._turns and self._is_worth_waiting():
            self._is_called = False
        else:
            self._take_turns()

    def _is_worth_waiting(self) -> bool:
        """Whether others will come so soon that one commit for all is done earlier than two."""
        if len(self._steps) < _WORTH and self.is_more_coming():
            return True
        if not self._store.is_shared or len(self._steps) >= _MOST * self.coming():
            return False
        if self._moment is None:
            self._moment = self._loop.call_later(_MOMENT_S, self._take_turns)
        return True

    def _take_turns(self) -> None:
        self._is_called = False
        if self._moment is not None:
            self._moment.cancel()
            self._moment = None
        if self._thread is not None:
            return
        while self._turns or self._steps:
            turn = self._turns.popleft() if self._turns else self._commit_turn()
            if self._store.is_shared:
                self._thread = asyncio.create_task(self._wait(turn))
                return
            try:
                result, failure = turn.act(), None
            except BusyError:
                self._thread = asyncio.create_task(self._wait(turn))
                return
            except Exception as error:  # noqa: BLE001 - each caller must hear of it, and stop before it sends anything
                result, failure = None, error
            _settle(turn.waiting, result, failure)

    def _commit_turn(self) -> _Turn:
        """All that has come in until now. Made when its time is there, for what comes later would only come later."""
        taken, self._steps = self._steps, []
        work = [one for one, _ in taken]
        return _Turn(lambda: self._commit(work), [one for _, one in taken], work)

    async def _wait(self, turn: _Turn) -> None:
        """Takes one turn that may take as long as the database lets it wait."""
        result: Any = None
        failure: Exception | None = None
        try:
            result = await self._hand.take(turn.act, partial(self._ask, turn.steps) if turn.steps else None)
        except Exception as error:  # noqa: BLE001 - as above
            failure = error
        self._thread = None
        _settle(turn.waiting, result, failure)
        if self._turns or self._steps:
            self._call()

    async def _ask(self, taken: Sequence[Step], held: Held) -> set[int] | None:
        """One statement instead of a transaction, where that can be."""
        began = time.perf_counter()
        begun = await steps.ask(held, taken)
        if begun is not None:
            self._observe(began, begun, taken)
        return begun

    def _commit(self, taken: Sequence[Step]) -> set[int]:
        began = time.perf_counter()
        begun = self._write(taken)
        self._observe(began, begun, taken)
        return begun

    def _observe(self, began: float, begun: set[int], taken: Sequence[Step]) -> None:
        self._seconds.observe(time.perf_counter() - began)
        self._deliveries.observe(len(begun) + sum([len(one.ended) for one in taken]))

    def _write(self, taken: Sequence[Step]) -> set[int]:
        begun = steps.take(self._hand.hold(), self.sender_id, taken)
        if begun is None:
            log.warning("this process was taken for dead; others have what it held")
            self._do(self.stay)
        return begun or set()

    def stay(self, connection: Connection) -> None:
        """Makes sure that what is leased in this transaction is leased by somebody who is known.

        Who was taken for dead goes on as somebody else: what it had leased may be leased to it again, and what it
        still does about the first time must not count for the second.
        """
        self.sender_id = leases.stay(connection, Sender(self.sender_id, self._name, _lease()))

    def _do(self, work: Callable[[Connection], Any]) -> Any:
        with self._hand.hold().transaction() as connection:
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
