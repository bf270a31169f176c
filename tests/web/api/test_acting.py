"""What programs do: as the console does it, each act noted, once for each key, and not over what others changed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from syndicate.desk.tokens import Scope
from syndicate.model import ArticleState
from syndicate.store import articles, audit
from tests.feeds.newsroom import NOON
from tests.relay import Relay
from tests.web.api.program import Program
from tests.web.pressroom import Pressroom, serve


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Pressroom]:
    with serve(tmp_path, lambda: NOON, limits={"per_token": "1000/min"}) as opened:
        yield opened


def acts(room: Pressroom) -> list[tuple[str, str]]:
    with room.app.store.read() as connection:
        return [(one.act, one.about) for one in audit.newest(connection, limit=50, who="token importer")]


def test_a_digest_is_looked_at_sent_stopped_and_ended(room: Pressroom) -> None:
    rung: list[str] = []
    room.app.jobs.bell.listen(lambda: rung.append("ding"))
    room.subscribe("ana@reader.example", cadence="daily")
    room.subscribe("ben@reader.example", cadence="weekly")
    room.newsroom.add(1)
    program = Program(room)
    seen = program.get("/newsletters/daily/preview?cadence=daily").json()
    assert (seen["mails"], seen["articles"], "Ana" in seen["html"]) == (1, [1], True)
    order = {"newsletter": "daily", "cadences": ["daily"], "mails": 1}
    assert program.post("/digests", order | {"mails": 2}).status_code == 409
    assert "there is: daily" in program.post("/digests", order | {"cadences": ["hourly"]}).json()["detail"]
    first = program.post("/digests", order, **{"Idempotency-Key": "a1"})
    again = program.post("/digests", order, **{"Idempotency-Key": "a1"})
    assert (first.status_code, first.json()["deliveries"]["planned"]) == (201, 1)
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["location"] == first.headers["location"] == "https://news.lakeside.example/api/v1/digests/1"
    assert again.headers["idempotency-replayed"] == "true"
    assert program.post("/digests", order | {"cadences": []}, **{"Idempotency-Key": "a1"}).status_code == 422
    assert len(program.get("/digests").json()["data"]) == 1
    assert rung

    assert program.get("/digests/1/preview").json()["subject"] == first.json()["subject"]
    assert program.post("/digests/1/pause").json()["state"] == "paused"
    failed = program.post("/digests/1/pause", **{"Idempotency-Key": "a2"})
    assert (failed.status_code, failed.json()["title"]) == (409, "Conflict")
    assert program.post("/digests/1/resume", **{"Idempotency-Key": "a2"}).json()["state"] == "sending"
    assert program.post("/digests/1/retry", {"only": "rejected"}).json()["changed"] == 0
    assert program.post("/digests/1/retry", {"only": "queued"}).status_code == 422
    assert program.post("/digests/1/resolve", {"resolution": "hold"}).json()["changed"] == 0
    assert program.post("/digests/1/approve").status_code == 409
    ended = program.post("/digests/1/cancel").json()
    assert (ended["state"], ended["deliveries"]["cancelled"]) == ("cancelled", 1)
    assert [act for act, about in acts(room) if about == "digest 1"] == [
        *("cancelled", "resolved", "retried", "resumed", "paused", "sent by hand")
    ]


def test_a_test_copy_reaches_one_address(tmp_path: Path) -> None:
    with Relay() as relay, serve(tmp_path, lambda: NOON, smtp={"url": relay.url}) as room:
        room.newsroom.add(1)
        program = Program(room)
        copied = program.post("/newsletters/daily/test", {"email": "editor@lakeside.example"})
        assert (copied.status_code, copied.json()["reply"][:3]) == (200, "250")
        assert relay.recipients == ["editor@lakeside.example"]
        assert program.post("/newsletters/daily/test", {"email": "no address"}).status_code == 422
        assert ("sent a test copy", "newsletter daily") in acts(room)
    with serve(tmp_path, lambda: NOON, smtp={"url": relay.url}) as room:
        gone = Program(room, Scope.DIGESTS_SEND, name="late").post("/newsletters/daily/test", {"email": "a@b.example"})
        assert (gone.status_code, gone.headers["content-type"]) == (502, "application/problem+json")


def test_readers_are_added_changed_and_forgotten(room: Pressroom) -> None:
    program = Program(room)
    asked = program.post("/subscribers", {"email": "eva@reader.example", "newsletters": ["daily"]})
    assert (asked.status_code, asked.json(), len(room.notices("eva@reader.example"))) == (202, {"asked": True}, 1)
    joining = {"email": "ana@Reader.example", "newsletters": ["daily", "harbour"], "cadence": "weekly", "name": "Ana"}
    added = program.post("/subscribers", joining | {"consent": "at the fair"}, **{"Idempotency-Key": "k"})
    ana = added.json()
    assert (added.status_code, added.headers["location"][-14:]) == (201, "/subscribers/1")
    assert [one["newsletter"] for one in ana["subscriptions"]] == ["daily", "harbour"]
    assert program.post("/subscribers", joining | {"cadence": "hourly"}).status_code == 404
    assert program.post("/subscribers/search", {"text": "ana@"}).json()["data"] == [ana]

    tag = program.get("/subscribers/1").headers["etag"]
    changed = program.ask(
        "PATCH", "/subscribers/1", {"timezone": "Europe/Belgrade", "tags": ["A; b"]}, **{"If-Match": tag}
    )
    assert (changed.status_code, changed.json()["tags"], changed.json()["name"]) == (200, ["a", "b"], "Ana")
    stale = program.ask("PATCH", "/subscribers/1", {"name": "Eve"}, **{"If-Match": tag})
    assert (stale.status_code, stale.json()["title"]) == (412, "Precondition Failed")
    assert program.ask("PATCH", "/subscribers/1", {"timezone": "Atlantis"}).status_code == 422

    one = ana["subscriptions"][0]["id"]
    tag = program.get(f"/subscriptions/{one}").headers["etag"]
    chosen = program.ask(
        "PATCH", f"/subscriptions/{one}", {"cadence": "daily", "topics": ["Lake"]}, **{"If-Match": tag}
    )
    assert (chosen.json()["cadence"], chosen.json()["topics"], chosen.json()["subscriber_id"]) == ("daily", ["lake"], 1)
    assert program.ask("PATCH", f"/subscriptions/{one}", {}, **{"If-Match": tag}).status_code == 412
    paused = program.post(f"/subscriptions/{one}/pause", {"until": "2026-03-20T00:00:00+01:00"}).json()
    assert (paused["state"], paused["resume_at"]) == ("paused", "2026-03-19T23:00:00Z")
    assert program.post(f"/subscriptions/{one}/pause", {"until": "2026-03-20T00:00:00"}).status_code == 422
    assert program.post(f"/subscriptions/{one}/resume").json()["state"] == "active"
    assert program.ask("DELETE", f"/subscriptions/{one}").json()["state"] == "unsubscribed"
    assert program.ask("DELETE", f"/subscriptions/{one}").status_code == 409
    assert program.get("/subscriptions/99").status_code == 404

    ban = {"email": "ana@reader.example", "reason": "asked by phone"}
    assert program.post("/suppressions", ban).status_code == 201
    assert program.post("/suppressions", ban).status_code == 409
    assert program.get("/subscribers?suppressed=true").json()["data"][0]["is_suppressed"]
    assert program.post("/suppressions/lift", ban).status_code == 204
    assert program.post("/suppressions/lift", ban).status_code == 404

    assert program.ask("DELETE", "/subscribers/1", **{"If-Match": '"old"'}).status_code == 412
    assert program.ask("DELETE", "/subscribers/1").status_code == 204
    assert program.get("/subscribers/1").status_code == 404
    again = program.post("/subscribers", joining | {"consent": "at the fair"}, **{"Idempotency-Key": "k"})
    assert (again.status_code, "reader.example" in again.text) == (201, False), "what was answered is forgotten, too"
    noted = [act for act, about in acts(room) if about == "subscriber 1"]
    assert noted[0] == "erased"
    assert {"added", "described", "tagged", "suppressed", "lifted the suppression", "ended a subscription"} < {*noted}
    with room.app.store.read() as connection:
        assert not [one for one in audit.newest(connection, limit=99) if "@" in one.detail + one.about]


def test_a_file_is_compared_then_imported(room: Pressroom) -> None:
    program = Program(room)
    path = "/imports?newsletter=daily&consent=members+register&name=members.csv"
    sent = program.post(path, "email\nana@reader.example\nnobody\n", **{"Content-Type": "text/csv"})
    assert (sent.status_code, sent.json()["name"]) == (202, "members.csv")
    key = sent.json()["key"]
    assert until(program, key, "compared")["rows"]["new"] == 1
    assert program.post(f"/imports/{key}/carry").status_code == 202
    assert until(program, key, "imported")["rows"] | {"new": 1, "bad": 1} == until(program, key, "imported")["rows"]
    assert program.get("/imports").json()["data"][0]["key"] == key
    assert program.get("/subscribers").json()["data"][0]["email"] == "ana@reader.example"
    assert program.post(f"/imports/{key}/carry").status_code == 409
    assert program.post(path, "{}").status_code == 415
    assert (
        program.post("/imports?newsletter=none&consent=x", "email\n", **{"Content-Type": "text/csv"}).status_code == 404
    )
    assert program.get("/imports/0123456789abcdef").status_code == 404


def until(program: Program, key: str, stage: str) -> dict[str, Any]:
    """How it stands once it is so far."""
    ends = time.monotonic() + 20
    while True:
        found: dict[str, Any] = program.get(f"/imports/{key}").json()
        if (found["stage"], found["is_running"]) == (stage, False) or time.monotonic() > ends:
            return found
        time.sleep(0.02)


def test_articles_are_put_in_other_words_and_released(room: Pressroom) -> None:
    room.newsroom.add(1)
    held = room.newsroom.add(2, state=ArticleState.HELD)
    program = Program(room)
    tag = program.get("/articles/1").headers["etag"]
    said = program.ask("PATCH", "/articles/1", {"title": "It sails"}, **{"If-Match": tag})
    assert (said.json()["title"], said.json()["summary"]) == ("It sails", "The ferry left at seven.")
    assert program.ask("PATCH", "/articles/1", {"title": "No"}, **{"If-Match": tag}).status_code == 412
    assert program.ask("PATCH", "/articles/1", {"tags": ["x" * 81]}).status_code == 422
    assert program.post(f"/articles/{held}/release", {"into": "feeds"}).json()["state"] == "current"
    assert program.post(f"/articles/{held}/release").status_code == 409
    with room.app.store.read() as connection:
        assert articles.by_ids(connection, [1])[0].title == "It sails"


def test_who_asks_too_often_waits(tmp_path: Path) -> None:
    with serve(tmp_path, lambda: NOON, limits={"per_token": "3/min"}) as room:
        program = Program(room, Scope.READ)
        found = [program.get("/feeds") for _ in range(4)]
        assert [one.status_code for one in found] == [200, 200, 200, 429]
        assert (found[3].headers["retry-after"], found[3].json()["title"]) == ("60", "Too Many Requests")
        assert Program(room, Scope.READ, name="other").get("/feeds").status_code == 200
