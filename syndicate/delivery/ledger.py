"""Writes the ledger while mail goes out. Called by ``send``.

Many connections share one commit: one turn takes whatever has come in, commits it, and the next turn takes what came
meanwhile. Before each, the network is looked at a few times more, which costs much less than a commit of its own for
what comes in then; a lone write waits for nobody, unless the database is elsewhere and commits stand in line there. A
caller goes on only when what it said is durable.

A turn is taken where the connections are served: a commit on this machine's own disk takes less time than a thread
needs to be told of it. For a database that is elsewhere there are two hands: one notes in the journal what is to be
committed, and no thread waits for that, nor a task; the other leases, and posts the journal, meanwhile. For all else,
as when another process holds the database, a thread waits.
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
from syndicate.delivery.noting import Noting
from syndicate.delivery.owner import forsake, new_owner
from syndicate.errors import AwayError, BusyError, StoreError
from syndicate.store import Connection, Store, journal, leases, steps
from syndicate.store.attempts import Attempt, Begin
from syndicate.store.leases import Sender
from syndicate.store.steps import Step

LEASE = timedelta(seconds=60)

_LOOKS = 3
"""With eight connections beside a quick server, so many let three commits do the work of four; more find no more."""

_WORTH = 5
"""So many are worth a commit while more are coming: those who bring them have the other core meanwhile."""

Some = TypeVar("Some")

log = structlog.get_logger()


class _Turn(NamedTuple):
    """One transaction's work, and who waits for it."""

    hand: Hand
    act: Callable[[], Any]
    waiting: Sequence[asyncio.Future[Any]]
    steps: Sequence[Step] = ()


class Ledger:
    """One run's hand on the ledger: an async context manager.

    Leaving it gives back ``held``, the ids of deliveries that were leased and not begun; the caller keeps that set.
    While the database is away, all wait for it, until ``is_ending`` says that the run is to end.
    ``is_more_coming`` says whether somebody is at work on what other steps wait for; who sets it calls ``hurry`` when
    that is not so any more.
    """

    def __init__(self, store: Store, is_ending: Callable[[], bool] = lambda: True) -> None:
        self._commits = Hand(store, is_ending)
        self._others = Hand(store, is_ending) if store.is_shared else self._commits
        self._hands, self._busy = {self._commits, self._others}, set[Hand]()
        self._patient: set[asyncio.Task[None]] = set()
        self._idle = asyncio.Event()
        self._pausing: asyncio.TimerHandle | None = None
        self._noting = Noting(self._commits) if store.is_shared else None
        self._posting: asyncio.Task[None] | None = None
        self.is_shared = store.is_shared
        self.sender_id, self._name = 0, new_owner()
        self.held: set[int] = set()
        self._loop = asyncio.get_running_loop()
        self._steps: list[tuple[Step, asyncio.Future[Any]]] = []
        self._turns: deque[_Turn] = deque()
        self.is_more_coming: Callable[[], bool] = lambda: False
        self._is_called = False
        self._renewing: asyncio.Task[None] | None = None
        self._seconds, self._deliveries = metrics.COMMIT_SECONDS.of(), metrics.COMMIT_DELIVERIES.of()

    async def __aenter__(self) -> Self:
        self.sender_id = await self.run(lambda c: leases.enter(c, self._name, lease_until=_lease()))
        self._renewing = asyncio.create_task(self._renew())
        if self._noting:
            self._posting = asyncio.create_task(self._noting.keep_posted(self._post))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._renewing:
            self._renewing.cancel()
        try:
            if self._noting and self._posting:
                self._noting.leave()
                await self._posting
            await self.run(lambda c: leases.leave(c, self.sender_id, sorted(self.held)))
        except StoreError:
            forsake(self._name)
            raise
        finally:
            while self._busy:
                self._idle.clear()
                await self._idle.wait()
            for hand in self._hands:
                hand.let_go()

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
        self._turns.append(_Turn(self._others, lambda: _do(self._others, work), [done]))
        self._call()
        return await done

    def hurry(self) -> None:
        """Has what waits committed, for nothing more is coming."""
        if self._steps:
            self._call()

    def _call(self) -> None:
        """Has a turn taken soon."""
        if self._pausing is not None:
            if not self._pause():
                self._pausing.cancel()
                self._take_turns()
        elif not self._is_called and self._busy != self._hands:
            self._is_called = True
            self._look(_LOOKS)

    def _look(self, more: int) -> None:
        """Lets the connections hear what has come meanwhile: one of them may have something for the same commit."""
        if more:
            self._loop.call_soon(self._look, more - 1)
        elif not self._turns and len(self._steps) < _WORTH and self.is_more_coming():
            self._is_called = False
        elif pause := self._pause():
            self._pausing = self._loop.call_later(pause, self._take_turns)
        else:
            self._take_turns()

    def _pause(self) -> float:
        """Seconds until a commit that would be small is made."""
        if self._noting is None or self._turns or self._commits in self._busy:
            return 0
        return self._noting.pause(len(self._steps))

    def _take_turns(self) -> None:
        self._is_called, self._pausing = False, None
        while turn := self._next_turn():
            if self._noting:
                if not self._note(self._noting, turn):
                    self._take_patiently(turn)
                continue
            try:
                result, failure = turn.act(), None
            except BusyError:
                self._take_patiently(turn)
                continue
            except Exception as error:  # noqa: BLE001 - each caller must hear of it, and stop before it sends anything
                result, failure = None, error
            _settle(turn.waiting, result, failure)

    def _next_turn(self) -> _Turn | None:
        """One that may begin now: no more than one commit at a time, nor more than one of all else."""
        if self._turns and self._others not in self._busy:
            return self._turns.popleft()
        return self._commit_turn() if self._steps and self._commits not in self._busy else None

    def _commit_turn(self) -> _Turn:
        """All that has come in until now. Made when its time is there, for what comes later would only come later."""
        taken, self._steps = self._steps, []
        work = [one for one, _ in taken]
        return _Turn(self._commits, lambda: self._commit(work), [one for _, one in taken], work)

    def _take_patiently(self, turn: _Turn, failure: AwayError | None = None) -> None:
        """It may take as long as the database lets it wait."""
        self._busy.add(turn.hand)
        if turn.steps and self._noting:
            self._noting.close()
        task = asyncio.create_task(self._wait(turn, failure))
        self._patient.add(task)
        task.add_done_callback(self._patient.discard)

    async def _wait(self, turn: _Turn, failure: AwayError | None) -> None:
        result: Any = None
        told: Exception | None = None
        try:
            result = await turn.hand.take(turn.act, failure)
        except Exception as error:  # noqa: BLE001 - as above
            told = error
        self._end(turn, result, told)

    def _note(self, noting: Noting, turn: _Turn) -> bool:
        """Begins an entry in the journal, where that can be; whether it did."""
        if not turn.steps:
            return False
        self._busy.add(turn.hand)
        try:
            return noting.note(turn.steps, partial(self._noted, turn, time.perf_counter()))
        except Exception as error:  # noqa: BLE001 - as above
            self._end(turn, None, error)
            return True

    def _noted(self, turn: _Turn, began: float, begun: set[int] | None, error: Exception | None) -> None:
        if begun is not None:
            self._observe(began, begun, turn.steps)
            self._end(turn, begun)
        elif error is None or isinstance(error, AwayError):
            self._take_patiently(turn, error)
        else:
            self._end(turn, None, error)

    def _end(self, turn: _Turn, result: Any, failure: Exception | None = None) -> None:
        self._busy.discard(turn.hand)
        _settle(turn.waiting, result, failure)
        if self._turns or self._steps:
            self._call()
        if not self._busy:
            self._idle.set()

    def _commit(self, taken: Sequence[Step]) -> set[int]:
        began = time.perf_counter()
        begun = self._write(taken)
        self._observe(began, begun, taken)
        return begun

    def _observe(self, began: float, begun: set[int], taken: Sequence[Step]) -> None:
        self._seconds.observe(time.perf_counter() - began)
        self._deliveries.observe(len(begun) + sum([len(one.ended) for one in taken]))

    def _write(self, taken: Sequence[Step]) -> set[int]:
        if noting := self._noting:
            _do(self._commits, lambda c: noting.turn(c, self.sender_id))
        begun = steps.take(self._commits.hold(), self.sender_id, taken)
        if begun is None:
            log.warning("this process was taken for dead; others have what it held")
            _do(self._commits, self.stay)
        return begun or set()

    def stay(self, connection: Connection) -> None:
        """Makes sure that what is leased in this transaction is leased by somebody who is known.

        Who was taken for dead goes on as somebody else: what it had leased may be leased to it again, and what it
        still does about the first time must not count for the second.
        """
        self.sender_id = leases.stay(connection, Sender(self.sender_id, self._name, _lease()))

    async def _post(self) -> None:
        await self.run(lambda c: journal.post(c, [self.sender_id]))

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(LEASE.total_seconds() / 3)
            await self.run(lambda c: leases.renew(c, self.sender_id, lease_until=_lease()))


def _do(hand: Hand, work: Callable[[Connection], Some]) -> Some:
    with hand.hold().transaction() as connection:
        return work(connection)


def _lease() -> datetime:
    return datetime.now(UTC) + LEASE


def _settle(futures: Sequence[asyncio.Future[Any]], result: Any, failure: Exception | None) -> None:
    for future in futures:
        if not future.done():
            if failure is None:
                future.set_result(result)
            else:
                future.set_exception(failure)
