"""Ids of deliveries, partitions on PostgreSQL, and what is deleted after a while without a count being lost."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from syndicate.delivery import keeping
from syndicate.store import Connection, Store, settling, standing
from syndicate.store.engine import partitions
from syndicate.store.engine.partitions import Partition
from syndicate.store.schema import attempts, deliveries, settled
from tests.newsroom import MONDAY, newsroom
from tests.relay import Relay

KEEP = timedelta(days=30)


def rows(connection: Connection) -> tuple[int, int]:
    """How many deliveries and attempts there are."""
    found = [connection.execute(select(func.count()).select_from(one)).scalar_one() for one in (deliveries, attempts)]
    return found[0], found[1]


def test_old_deliveries_go_and_their_counts_stay(
    tmp_path: Path, store_url: str, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partitions, "_ROWS", 1)
    monkeypatch.setattr(keeping, "_AT_ONCE", 2)
    relay.refuse("rcpt", "550 5.1.1 nobody", r"r0@")
    with newsroom(tmp_path, store_url=store_url, smtp={"url": relay.url}) as room:
        for number in range(5):
            room.reader(f"r{number}@example.org", "instant")
        for title in ("Ferry", "Weir", "Hall"):
            room.article(title)
            room.compose()
            room.send()
            room.clock.pass_by(days=20)
        room.article("Mill")
        waiting = room.compose()
        store, now = room.app.store, room.clock()
        with store.read() as connection:
            before = standing.by_digest(connection, range(1, 20))
            ids = connection.execute(select(deliveries.c.id, deliveries.c.digest_id, deliveries.c.subscription_id))
            assert all(one.id == (one.digest_id << partitions.BITS) + one.subscription_id for one in ids)
            parts = len(list(partitions.every(connection)))
            assert rows(connection) == (20, 13)
        keeping.forget(store, None, now=now)
        keeping.forget(store, KEEP, now=now)
        keeping.forget(store, KEEP, now=now)
        with store.read() as connection:
            assert rows(connection) == (10, 4)
            assert standing.by_digest(connection, range(1, 20)) == before
            assert {one: standing.equation(connection, one) for one in before} == before
            counts = connection.execute(
                select(settled.c.state, func.sum(settled.c.deliveries)).group_by(settled.c.state)
            )
            assert {row[0]: row[1] for row in counts} == {"accepted": 8, "rejected": 1, "suppressed": 1}
            assert len(list(partitions.every(connection))) <= max(0, parts - 2)
        room.equation()
        assert room.send().accepted == 4
        assert room.equation(waiting[0].id).suppressed == 1


def test_a_reader_is_planned_once(tmp_path: Path, store_url: str) -> None:
    with newsroom(tmp_path, store_url=store_url) as room:
        room.article("Ferry")
        room.reader("ana@example.org")
        [digest] = room.compose()
        with room.app.store.write() as connection:
            [found] = connection.execute(select(deliveries)).mappings().all()
            again = dict(found) | {"id": (digest.id << partitions.BITS) + found["subscription_id"]}
            with pytest.raises(IntegrityError), connection.begin_nested():
                connection.execute(insert(deliveries), again)


def test_a_partition_has_whole_digests_and_is_found_by_their_ids(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partitions, "_WIDEST", 3)
    store, other = Store(postgresql_url), Store(postgresql_url)
    with other.write() as busy:
        busy.execute(text("UPDATE deliveries SET reply = ''"))
        for digest_id in range(1, 6):
            with store.write() as connection:  # waits for nobody who writes deliveries
                connection.execute(text("SET LOCAL lock_timeout = '1s'"))
                partitions.make_for(connection, digest_id)
    with store.write() as connection:
        partitions.make_for(connection, 3)
        assert list(partitions.every(connection)) == [Partition(1, 4), Partition(4, 7)]
        partitions.make_for(connection, 9)
        partitions.make_for(connection, 8)
        partitions.make_for(connection, 9)
        assert list(partitions.every(connection))[2:] == [Partition(8, 9), Partition(9, 12)]
        asked = {
            f"id = {5 << partitions.BITS}": {"deliveries_4_7"},
            "digest_id = 2": {"deliveries_1_4", "deliveries_first"},
            "digest_id = 2 AND state = 'queued' AND next_at < now()": {"deliveries_1_4", "deliveries_first"},
        }
        for condition, wanted in asked.items():
            plan = "\n".join(connection.execute(text(f"EXPLAIN SELECT * FROM deliveries WHERE {condition}")).scalars())
            assert {name for name in wanted if name in plan} == wanted, plan
            assert "deliveries_8_9" not in plan
    store.close()
    other.close()


def test_a_partition_that_others_use_is_dropped_another_time(
    tmp_path: Path, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partitions, "_PATIENCE", "10ms")
    monkeypatch.setattr(partitions, "_WIDEST", 1)
    with newsroom(tmp_path, store_url=postgresql_url) as room:
        room.article("Ferry")
        room.reader("ana@example.org")
        [digest] = room.compose()
        room.app.digests.cancel(digest.id, room.clock())
        room.article("Weir")
        room.clock.pass_by(days=31)
        room.compose()
        store, part = room.app.store, Partition(digest.id, digest.id + 1)
        with store.read() as connection:
            assert settling.due_partitions(connection, before=MONDAY + timedelta(days=1)) == [part]
            assert settling.due_partitions(connection, before=MONDAY) == []
            connection.execute(select(deliveries)).all()
            with store.write() as other:
                assert not settling.drop(other, part)
        assert room.equation(digest.id).cancelled == 1
        keeping.forget(store, KEEP, now=room.clock())
        with store.read() as connection:
            assert rows(connection) == (1, 0)
            assert part not in partitions.every(connection)
        assert room.equation(digest.id).cancelled == 1


def test_the_planner_knows_of_a_large_digest_at_once(
    tmp_path: Path, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partitions, "LARGE", 3)
    with newsroom(tmp_path, store_url=postgresql_url) as room:
        known: list[int] = []
        for _ in range(2):
            room.reader(f"r{len(known)}@example.org", "instant")
            room.reader(f"s{len(known)}@example.org", "instant")
            room.article(f"News {len(known)}")
            [digest] = room.compose()
            with room.app.store.read() as connection:
                [part] = [one for one in partitions.every(connection) if one.first <= digest.id < one.end]
                name = f"deliveries_{part.first}_{part.end}"
                rows = connection.execute(text(f"SELECT reltuples FROM pg_class WHERE relname = '{name}'")).scalar_one()
                known.append(int(rows))
    assert known[0] == -1  # nobody looked at it yet
    assert known[1] >= 4


def test_leasing_rewrites_no_index_and_needs_no_more_room(postgresql_url: str) -> None:
    rows = f"""INSERT INTO deliveries
        (id, digest_id, variant_id, subscription_id, state, attempts, planned_at, next_at, reply)
        SELECT (7::bigint << {partitions.BITS}) + n, 7, 1, n, 'queued', 0, now(), now(), ''
        FROM generate_series(1, 500) n
    """
    with closing(Store(postgresql_url)) as store, store.write() as connection:
        partitions.make_for(connection, 7)
        [part] = [one for one in partitions.every(connection) if one.first == 7]
        name = f"deliveries_{part.first}_{part.end}"
        size = select(func.pg_table_size(name), func.pg_total_relation_size(name))
        connection.execute(text(rows))
        before = connection.execute(size).one()
        connection.execute(update(deliveries).values(sender_id=1))
        assert connection.execute(size).one() == before
