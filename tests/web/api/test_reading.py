"""What programs may read, and in which pages: nothing twice and nothing missed, whatever comes meanwhile."""

from __future__ import annotations

from pathlib import Path

from syndicate.desk.tokens import Scope
from syndicate.model import Return, ReturnKind
from syndicate.store import audit, returns, suppressions
from tests.feeds.newsroom import NOON
from tests.web.api.program import Program
from tests.web.pressroom import Pressroom, serve


def filled(room: Pressroom) -> None:
    """Articles, readers, a digest that is being sent, and a bounce of it."""
    for number in range(1, 6):
        room.newsroom.add(number, tags=("Harbour",) if number == 2 else ())
    for name in ("ana", "ben", "eva"):
        room.subscribe(f"{name}@reader.example", cadence="daily")
    for number in range(6, 8):
        room.newsroom.add(number)
    digest = room.app.digests.compose_now("daily", NOON)
    with room.app.store.write() as connection:
        suppressions.add(connection, "gone@reader.example", "no such mailbox", now=NOON)
        suppressions.add(connection, "erased:00ff", "erased", now=NOON)
        found = returns.mailed_in(connection, digest.id, 1)
        assert found
        came = Return(
            kind=ReturnKind.HARD,
            subscriber_id=found.subscriber_id,
            delivery_id=found.delivery_id,
            reason="no such mailbox",
            source="mail",
            came_at=NOON,
        )
        returns.add(connection, came)


def test_everything_is_there_to_read(tmp_path: Path) -> None:
    with serve(tmp_path, lambda: NOON) as room:
        filled(room)
        room.newsroom.publish()
        program = Program(room)
        daily, harbour = program.get("/newsletters").json()["data"]
        assert (daily["slug"], daily["readers"]["active"], harbour["tags"]) == ("daily", 3, ["Harbour"])
        assert {one["cadence"] for one in daily["next"]} == {"daily", "weekly", "instant"}
        assert program.get("/newsletters/harbour").json() == harbour
        assert [one["name"] for one in program.get("/sources").json()["data"]] == ["newsroom", "wire"]
        newsroom = program.get("/sources/newsroom").json()
        assert (newsroom["kind"], newsroom["articles"]["current"]) == ("folder", 7)

        [tagged] = program.get("/articles?tag=harbour&q=ferry").json()["data"]
        article = program.get(f"/articles/{tagged['id']}").json()
        assert (article["html"], article["state"]) == ("<p>The ferry left at <em>seven</em>.</p>", "current")
        assert program.get("/articles?q=%21").json()["data"] == []

        [digest] = program.get("/digests?newsletter=daily&state=sending").json()["data"]
        assert (digest["cadence"], digest["deliveries"]["planned"], digest["came_back"]["hard"]) == ("manual", 3, 1)
        whole = program.get(f"/digests/{digest['id']}").json()
        assert whole["variants"][0]["articles"]
        first, *_ = program.get(f"/digests/{digest['id']}/deliveries?standing=outstanding").json()["data"]
        assert (first["email"], first["state"], first["came_back"][0]["kind"]) == (
            "ana@reader.example",
            "queued",
            "hard",
        )
        assert program.get(f"/deliveries/{first['id']}").json() == first

        eva, *_ = program.get("/subscribers?newsletter=daily&state=active").json()["data"]
        assert (eva["email"], eva["subscriptions"][0]["cadence"]) == ("eva@reader.example", "daily")
        assert program.get(f"/subscribers/{eva['id']}").json() == eva
        own = program.get("/subscriptions?newsletter=daily&state=active").json()["data"]
        assert {one["subscriber_id"]: one["id"] for one in own}[eva["id"]] == eva["subscriptions"][0]["id"]
        assert program.get("/subscriptions?newsletter=daily&state=paused").json()["data"] == []
        [sent] = program.get(f"/subscribers/{eva['id']}/deliveries").json()["data"]
        assert (sent["digest"], sent["state"]) == (digest["id"], "queued")
        assert [one["email"] for one in program.get("/suppressions").json()["data"]] == ["gone@reader.example"]

        [bounce] = program.get("/events/bounces").json()["data"]
        assert (bounce["digest_id"], bounce["kind"]) == (digest["id"], "hard")
        assert program.get("/events/complaints").json()["data"] == []
        assert len(program.get("/events/consents").json()["data"]) == 3
        assert program.get("/events/acts?about=token+importer").json()["data"][0]["act"] == "added"
        feeds = {one["name"]: one["files"] for one in program.get("/feeds").json()["data"]}
        assert feeds["daily"][0]["url"].startswith("https://news.lakeside.example/feeds/daily/")
        health = program.get("/health").json()
        assert (health["balances"], health["deliveries"]["outstanding"]) == (True, 3)

        for path in ("newsletters/none", "sources/none", "articles/99", "digests/99", "digests/99/deliveries"):
            assert program.get(f"/{path}").status_code == 404, path
        for path in ("deliveries/99", "subscribers/99", "subscribers/99/deliveries"):
            assert program.get(f"/{path}").status_code == 404, path


def test_pages_stand_still_while_much_is_added(tmp_path: Path) -> None:
    with serve(tmp_path, lambda: NOON) as room:
        filled(room)
        program = Program(room)
        titles = []
        for page in program.pages("/articles?limit=2"):
            titles += [int(one["title"].rpartition(" ")[2]) for one in page]
            room.newsroom.add(len(titles) + 20)
        assert titles == [7, 6, 5, 4, 3, 2, 1]
        for path, key in (
            ("/subscribers?limit=1", "id"),
            ("/digests/1/deliveries?limit=1", "id"),
            ("/events/consents?limit=1", "id"),
        ):
            found = [one[key] for page in program.pages(path) for one in page]
            assert (len(found), len(set(found))) == (3, 3), path
        with room.app.store.write() as connection:
            suppressions.add(connection, "a@reader.example", "test", now=NOON)
        banned = [one["email"] for page in program.pages("/suppressions?limit=1") for one in page]
        assert banned == ["a@reader.example", "gone@reader.example"]

        cursor = program.get("/suppressions?limit=1").json()["next"]
        assert "reader.example" not in cursor
        for wrong in (
            "/suppressions?cursor=x",
            f"/suppressions?cursor={cursor[:-3]}aaa",
            f"/subscribers?cursor={cursor}",
            "/articles?limit=0",
            "/articles?limit=201",
            "/articles?sate=held",
            "/articles?tag=%00",
            "/articles/x",
            "/subscribers/9223372036854775808",
        ):
            refused = program.get(wrong)
            assert (refused.status_code, refused.headers["content-type"]) == (422, "application/problem+json"), wrong
            assert refused.json()["errors"][0]["field"] in ("cursor", "limit", "sate", "tag", "id"), wrong


def test_what_is_known_is_not_sent_again(tmp_path: Path) -> None:
    with serve(tmp_path, lambda: NOON) as room:
        program = Program(room, Scope.READ)
        first = program.get("/newsletters/daily")
        assert first.headers["cache-control"] == "private, no-cache"
        known = program.get("/newsletters/daily", **{"If-None-Match": first.headers["etag"]})
        assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", first.headers["etag"])
        room.subscribe()
        assert program.get("/newsletters/daily", **{"If-None-Match": first.headers["etag"]}).status_code == 200
        with room.app.store.read() as connection:
            assert audit.newest(connection, limit=1)[0].act == "added", "reading is not noted"
