"""A queue in which a slow recipient domain never holds up the others. Pure. Called by ``due``."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

Some = TypeVar("Some")


class Turns(Generic[Some]):
    """First come, first served, but for domains that may not go now: these are passed over, and wait aside.

    ``may_go`` is asked before a domain gives one; one that was passed over is asked again after ``recall``. Order is
    kept as far as possible, for neighbours in the queue are neighbours in the database too, and cost less together.
    """

    def __init__(self, may_go: Callable[[str], bool]) -> None:
        self._may_go = may_go
        self._row: deque[tuple[str, Some]] = deque()
        self._aside: dict[str, deque[Some]] = {}
        self._back: deque[str] = deque()
        self._counts: Counter[str] = Counter()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def put(self, domain: str, one: Some, *, first: bool = False) -> None:
        """Adds one, at the end or as its domain's next."""
        self._counts[domain] += 1
        self._count += 1
        if domain in self._aside:
            (self._aside[domain].appendleft if first else self._aside[domain].append)(one)
        else:
            (self._row.appendleft if first else self._row.append)((domain, one))

    def take(self) -> Some | None:
        """The next one whose domain may go, None when there is none."""
        while self._back:
            domain = self._back[0]
            waiting = self._aside[domain]
            if not self._may_go(domain):
                self._back.popleft()
                continue
            one = waiting.popleft()
            self._back.rotate(-1)
            if not waiting:
                self._back.remove(domain)
                del self._aside[domain]
            return self._taken(domain, one)
        while self._row:
            domain, one = self._row.popleft()
            if domain not in self._aside:
                if self._may_go(domain):
                    return self._taken(domain, one)
                self._aside[domain] = deque()
            self._aside[domain].append(one)
        return None

    def recall(self, domain: str | None = None) -> None:
        """Asks again for a domain that was passed over, or for all of them."""
        if self._aside:
            again = self._aside.keys() if domain is None else self._aside.keys() & {domain}
            self._back.extend(one for one in again if one not in self._back)

    def drain(self, domain: str, keep: int) -> list[Some]:
        """Takes out what a domain has beyond ``keep``, from the end; the oldest comes first."""
        if self._counts[domain] <= keep:
            return []
        mine = [*self._aside.pop(domain, ()), *(one for name, one in self._row if name == domain)]
        self._row = deque(pair for pair in self._row if pair[0] != domain)
        if domain in self._back:
            self._back.remove(domain)
        self._count -= len(mine)
        del self._counts[domain]
        for one in mine[:keep]:
            self.put(domain, one)
        return mine[keep:]

    def forget(self, is_wanted: Callable[[Some], bool]) -> list[Some]:
        """Drops all that are not wanted; returns them."""
        kept, dropped = list[tuple[str, Some]](), list[Some]()
        for name, one in self._all():
            if is_wanted(one):
                kept.append((name, one))
            else:
                dropped.append(one)
        self._row, self._aside, self._back = deque(kept), {}, deque()
        self._counts, self._count = Counter(name for name, _ in kept), len(kept)
        return dropped

    def _all(self) -> Iterator[tuple[str, Some]]:
        for name, waiting in self._aside.items():
            yield from ((name, one) for one in waiting)
        yield from self._row

    def domains(self) -> list[str]:
        """Those that have something to do."""
        return list(self._counts)

    def _taken(self, domain: str, one: Some) -> Some:
        self._count -= 1
        self._counts[domain] -= 1
        if not self._counts[domain]:
            del self._counts[domain]
        return one
