"""What the ledger says, read with SQL of the tests' own, so that no mistake of the program can hide in it."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

ENDED = frozenset({"accepted", "rejected", "suppressed", "expired", "cancelled", "uncertain"})
OUTSTANDING = frozenset({"queued", "begun"})

ROWS = """
SELECT d.digest_id, p.email, d.state, d.attempts, d.reply
FROM deliveries d JOIN subscriptions s ON s.id = d.subscription_id JOIN subscribers p ON p.id = s.subscriber_id
ORDER BY d.id
"""


class Row(NamedTuple):
    """One delivery."""

    digest_id: int
    email: str
    state: str
    attempts: int
    reply: str


class Books(NamedTuple):
    """All deliveries, or those of one digest."""

    rows: tuple[Row, ...]

    @property
    def states(self) -> Counter[str]:
        """How many there are in each state; every state is one that the equation knows."""
        found = Counter(row.state for row in self.rows)
        assert not found.keys() - ENDED - OUTSTANDING, found
        return found

    @property
    def outstanding(self) -> int:
        """How many something will still become of."""
        return sum(self.states[state] for state in OUTSTANDING)

    def who(self, *states: str) -> list[str]:
        """The addresses of those in a state."""
        return [row.email for row in self.rows if row.state in states]

    def of(self, email: str) -> Row:
        """The one delivery of a reader."""
        [row] = [row for row in self.rows if row.email == email]
        return row


def read_books(database: Path, digest_id: int | None = None) -> Books:
    """What is committed now."""
    with closing(sqlite3.connect(database, timeout=30)) as connection:
        rows = [Row(*row) for row in connection.execute(ROWS)]
    return Books(tuple(row for row in rows if digest_id in (None, row.digest_id)))
