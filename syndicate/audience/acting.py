"""The two things that are done with the rows of a file: comparing, which changes nothing, and importing."""

from __future__ import annotations

from collections.abc import Sequence

from syndicate.audience.carry import Carrier
from syndicate.audience.diff import Tally
from syndicate.audience.merge import Merge
from syndicate.audience.row import Row
from syndicate.errors import ConflictError
from syndicate.store import Store, audit, imports


class Comparing:
    """Has rows compared with what is known."""

    resumed = 0

    def __init__(self, store: Store, merge: Merge, tally: Tally) -> None:
        self._store, self._merge, self.tally = store, merge, tally

    def take(self, rows: Sequence[Row]) -> None:
        """Some rows, in one view of the store."""
        with self._store.read_much() as connection:
            self._merge.decide(connection, rows)

    def finish(self) -> None:
        """There is nothing to end."""


class Importing:
    """Has rows carried into the store, each batch in one transaction with how far that is.

    Those that an earlier run had dealt with are only read: which addresses came before is known again by that.
    """

    def __init__(self, store: Store, merge: Merge, tally: Tally, carrier: Carrier, held: imports.Import) -> None:
        self._store, self._merge, self.tally, self._carrier, self._held = store, merge, tally, carrier, held
        self._read, self._done, self.resumed = 0, held.rows, held.rows

    def take(self, rows: Sequence[Row]) -> None:
        """Some rows. :raises ConflictError: when another process is importing the same file."""
        again = min(len(rows), max(0, self._done - self._read))
        self._read += len(rows)
        self._merge.skip(rows[:again])
        if again == len(rows):
            return
        with self._store.write_much() as connection:
            self._carrier.carry(connection, self._merge.decide(connection, rows[again:]))
            # Bad rows are counted anew by a run that goes on with this one.
            counts = self.tally.diff().counts() | {"bad": 0}
            if not imports.advance(connection, self._held.id, counts, before=self._done, rows=self._read):
                raise ConflictError(f"{self._held.name} is being imported by another process; wait until it is done")
        self._done = self._read

    def finish(self) -> None:
        """Notes what became of the file."""
        counts = self.tally.diff().counts()
        told = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)
        now = self._carrier.now
        with self._store.write() as connection:
            imports.finish(connection, self._held.id, counts, now=now)
            about, detail = f"import {self._held.id}", f"{self._held.name}: {told or 'nothing in it'}"
            audit.note(connection, self._carrier.who, "imported", about=about, detail=detail, now=now)
