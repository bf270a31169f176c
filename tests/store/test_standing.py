"""Counts of many digests at once are those of the equation."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import delete, select, text, update

from syndicate.model import OVER, DigestState
from syndicate.store import Store, standing
from syndicate.store.schema import deliveries, digests
from tests.store.test_remedies import NAMES, PLANNED, keep
from tests.tables import ready


def test_counts_by_digest_are_those_of_the_equation(store: Store) -> None:
    ids = [keep(store), keep(store, names=("accepted", "accepted", "rejected")), keep(store, names=())]
    with store.read() as connection:
        found = standing.by_digest(connection, [*ids, 999])
        assert found == {one: standing.equation(connection, one) for one in ids}
        assert found[ids[0]].planned == len(NAMES)
        assert [standing.next_try(connection, one) for one in ids] == [PLANNED, None, None]
        assert standing.by_digest(connection, []) == {}
        assert standing.overall(connection) == standing.equation(connection)


@pytest.mark.parametrize("state", DigestState)
def test_one_that_is_missing_is_found_by_the_overall_counts_while_its_digest_goes_on(
    store: Store, state: DigestState
) -> None:
    with store.write() as connection:
        assert standing.overall(connection) == standing.equation(connection)
    first, other = keep(store, names=("accepted", "accepted", "rejected")), keep(store)
    with store.write() as connection:
        connection.execute(update(digests).where(digests.c.id == first).values(state=state))
        assert standing.overall(connection) == standing.equation(connection)
        assert standing.overall(connection).balances
        gone = select(deliveries.c.id).where(deliveries.c.digest_id == first, deliveries.c.state == "accepted").limit(1)
        connection.execute(delete(deliveries).where(deliveries.c.id.in_(gone)))
        assert not standing.equation(connection).balances
        assert standing.overall(connection).balances == (state in OVER)
        assert standing.equation(connection, other).balances


def test_the_overall_counts_do_not_look_at_what_is_over(tmp_path: Path) -> None:
    store, seen = Store(f"sqlite:///{ready(tmp_path)}"), list[str]()
    with closing(store), store.read() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.set_trace_callback(seen.append)
        standing.overall(connection)
        driver.set_trace_callback(None)
        plan = [row[3] for row in connection.execute(text(f"EXPLAIN QUERY PLAN {seen[-1]}"))]
    looks = [one for one in plan if " deliveries" in one]
    assert looks
    assert all("INDEX" in one for one in looks), looks
