"""What Prometheus is told after something happened: counted, and read from the database at that moment."""

from __future__ import annotations

import asyncio
from pathlib import Path

from syndicate.store import digests
from syndicate.store.providers import OTHERS, PROVIDERS
from tests.newsroom import newsroom
from tests.relay import Relay
from tests.watch.scraped import scrape


def test_a_sending_is_counted_and_what_is_left_is_told(tmp_path: Path, relay: Relay) -> None:
    relay.refuse("rcpt", "550 5.1.1 nobody", matching="never@")
    with newsroom(tmp_path, smtp={"url": relay.url}) as room:
        room.article("Ferry returns")
        for email in ("ana@gmail.com", "bo@gmail.com", "cy@outlook.example.org", "never@other.example"):
            room.reader(email)
        [digest] = room.compose()
        before = scrape(room.app)
        assert before("syndicate_outstanding_deliveries", state="sending") == 4
        assert before("syndicate_open_digests", state="sending") == 1
        room.send()
        room.article("Market hall opens")
        room.clock.pass_by(days=1, minutes=2)
        room.compose()
        room.clock.pass_by(minutes=3)
        after = scrape(room.app, before)
        assert after("syndicate_deliveries_total", outcome="accepted", domain_class="google") == 2
        assert after("syndicate_deliveries_total", outcome="accepted", domain_class=OTHERS) == 1
        assert after("syndicate_deliveries_total", outcome="rejected") == 1
        assert after("syndicate_relay_answer_seconds_count", relay="smtp") == 4
        assert 1 <= after("syndicate_ledger_commit_seconds_count") <= 8
        assert after("syndicate_ledger_commit_deliveries_sum") == 7
        now = scrape(room.app)
        assert now("syndicate_outstanding_deliveries", state="sending") == 3
        assert now("syndicate_overdue_seconds", kind="deliveries") == 180
        assert now("syndicate_relay_connections", relay="smtp") == 0
        assert now("syndicate_database_up") == now("syndicate_relay_up", relay="smtp") == 1
        assert now("syndicate_database_bytes", which="used") > 0
        assert now.labels("syndicate_deliveries") <= {
            *PROVIDERS,
            OTHERS,
            "accepted",
            "rejected",
            "deferred",
            "uncertain",
            "expired",
        }
        with room.app.store.read() as connection:
            assert digests.get(connection, digest.id).finished_at


def test_pick_up_is_counted_and_what_fails_is_told(tmp_path: Path) -> None:
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles/first.txt").write_text("The first\n\nIt is there.\n")
    with newsroom(tmp_path) as room:
        before = scrape(room.app)
        pass_by = [room.app.jobs.pick_up(["newsroom"], room.clock(), even_if_not_due=True) for _ in range(2)]
        asyncio.run(pass_by[0])
        (tmp_path / "articles/first.txt").unlink()
        (tmp_path / "articles").rmdir()
        room.clock.pass_by(hours=1)
        asyncio.run(pass_by[1])
        after = scrape(room.app, before)
        assert after("syndicate_pickups_total", source="newsroom", outcome="ok") == 1
        assert after("syndicate_pickups_total", source="newsroom", outcome="failed") == 1
        assert after("syndicate_pickup_seconds_count", kind="folder") == 2
        assert after("syndicate_articles_total", source="newsroom", change="new") == 1
        now = scrape(room.app)
        assert now("syndicate_source_failures", source="newsroom") == 1
        assert now("syndicate_source_read_timestamp_seconds", source="newsroom") > 0


def test_the_database_may_be_gone(tmp_path: Path) -> None:
    with newsroom(tmp_path) as room:
        app = room.app
        assert scrape(app)("syndicate_database_up") == 1
        app.store.close()
        for file in tmp_path.glob("syndicate.db*"):
            file.unlink()
        (tmp_path / "syndicate.db").mkdir()
        assert scrape(app)("syndicate_database_up") == 0
        assert "syndicate_open_digests" not in scrape(app).families
