"""Counts of many digests at once are those of the equation."""

from __future__ import annotations

from syndicate.store import Store, standing
from tests.store.test_remedies import NAMES, PLANNED, keep


def test_counts_by_digest_are_those_of_the_equation(store: Store) -> None:
    ids = [keep(store), keep(store, names=("accepted", "accepted", "rejected")), keep(store, names=())]
    with store.read() as connection:
        found = standing.by_digest(connection, [*ids, 999])
        assert found == {one: standing.equation(connection, one) for one in ids}
        assert found[ids[0]].planned == len(NAMES)
        assert [standing.next_try(connection, one) for one in ids] == [PLANNED, None, None]
        assert standing.by_digest(connection, []) == {}
