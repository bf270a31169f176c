"""Takes turns between recipient domains, so that a slow one never holds up the others. Pure. Called by ``due``."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

Some = TypeVar("Some")


class Turns(Generic[Some]):
    """A queue of queues, one a domain; each domain with something to do gives one, and goes to the end of the row.

    ``may_go`` is asked before a domain gives one; a domain that may not is set aside until ``recall``.
    """

    def __init__(self, may_go: Callable[[str], bool]) -> None:
        self._may_go = may_go
        self._of: dict[str, deque[Some]] = {}
        self._row: deque[str] = deque()
        self._aside: set[str] = set()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def put(self, domain: str, one: Some, *, first: bool = False) -> None:
        """Adds one to its domain's queue, at its end or as the next."""
        waiting = self._of.get(domain)
        if waiting is None:
            waiting = self._of[domain] = deque()
            self._row.append(domain)
        (waiting.appendleft if first else waiting.append)(one)
        self._count += 1

    def take(self) -> Some | None:
        """The next one whose domain may go, None when there is none."""
        row = self._row
        while row:
            domain = row.popleft()
            if not self._may_go(domain):
                self._aside.add(domain)
                continue
            waiting = self._of[domain]
            one = waiting.popleft()
            self._count -= 1
            if waiting:
                row.append(domain)
            else:
                del self._of[domain]
            return one
        return None

    def recall(self, domain: str | None = None) -> None:
        """Asks again for a domain that was set aside, or for all of them."""
        back = self._aside if domain is None else self._aside & {domain}
        self._row.extend(one for one in back if one in self._of)
        self._aside = self._aside - back

    def drain(self, domain: str, keep: int) -> Iterator[Some]:
        """Takes out what a domain has beyond ``keep``, from the end."""
        waiting = self._of.get(domain, deque())
        while len(waiting) > keep:
            self._count -= 1
            yield waiting.pop()
        if domain in self._of and not waiting:
            del self._of[domain]
            self._aside.discard(domain)
            if domain in self._row:
                self._row.remove(domain)

    def domains(self) -> list[str]:
        """Those that have something to do."""
        return list(self._of)
