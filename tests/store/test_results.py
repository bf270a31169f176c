"""Results on both databases: each is found by how it stands, and a page of a million reads no more than it shows."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import event

from syndicate.model import DeliveryState
from syndicate.store import Store, results
from syndicate.store.results import Standing, Wanted
from tests.store.test_remedies import NAMES, keep


def test_each_standing_finds_its_own(store: Store) -> None:
    digest = keep(store)
    keep(store)
    several = {None: len(NAMES), Standing.OUTSTANDING: 2, Standing.UNCERTAIN: 2}
    with store.read() as connection:
        for standing in (None, *Standing):
            wanted = Wanted(standing=standing)
            found = results.of_digest(connection, digest, wanted, limit=100)
            assert len(found) == several.get(standing, 0 if standing in (Standing.BOUNCED, Standing.COMPLAINED) else 1)
            if found:
                after = found[0].subscription_id
                assert results.of_digest(connection, digest, wanted, after=after, limit=100) == found[1:]
            assert [one.is_open for one in found if one.state is DeliveryState.UNCERTAIN] in ([], [True, False])


def test_sqlite_reads_results_in_the_order_of_an_index(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'db'}")
    store.migrate()
    digest = keep(store)
    asked: list[tuple[str, object]] = []
    event.listen(store.engine, "before_cursor_execute", lambda *given: asked.append((given[2], given[3])))
    every = (Wanted(), *(Wanted(standing=one) for one in Standing), Wanted(words="x"), Wanted(domain="x"))
    with store.read() as connection:
        for wanted in every:
            asked.clear()
            results.of_digest(connection, digest, wanted, after=5, limit=10)
            statement, values = next(one for one in asked if "FROM deliveries" in one[0])
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()  # type: ignore[arg-type]
            steps = [row[-1] for row in plan]
            assert "deliveries USING INDEX" in " ".join(steps), (wanted, steps)
            assert not [one for one in steps if one.startswith("SCAN") and "returns" not in one], (wanted, steps)
            assert not [one for one in steps if "ORDER BY" in one], (wanted, steps)
    store.close()
