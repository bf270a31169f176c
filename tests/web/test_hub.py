"""The hub's address: a whole run of the protocol over HTTP, and what it says to whoever else comes."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.feeds.newsroom import NOON
from tests.newsroom import Clock
from tests.site import HttpSite, Page
from tests.web.pressroom import Pressroom, serve
from tests.websub.following import RSS, agree, query_of

HUB = {"hub": "internal", "allow_private": True}


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pressroom]:
    with serve(tmp_path_factory.mktemp("hub"), Clock(NOON), websub=HUB) as served:
        publish(served)
        yield served


def publish(room: Pressroom, number: int = 1) -> None:
    room.newsroom.add(number)
    room.app.jobs.publish(room.app.jobs.clock())


def send(room: Pressroom) -> None:
    asyncio.run(room.app.jobs.announce(stop=asyncio.Event()))


def ask(room: Pressroom, **more: str) -> Any:
    fields = {"mode": "subscribe", "topic": RSS, "callback": "http://127.0.0.1:1/"} | more
    return room.client.post("/hub", data={f"hub.{name}": value for name, value in fields.items()})


def test_the_whole_protocol(room: Pressroom, http_site: HttpSite) -> None:
    http_site.pages["/cb"] = agree
    callback = f"{http_site.url}/cb?feed=7"
    answer = ask(room, callback=callback, secret="s3cret", lease_seconds="864000")
    assert (answer.status_code, answer.headers["content-type"]) == (202, "text/plain; charset=utf-8")
    send(room)
    publish(room, 2)
    send(room)
    asked, got = http_site.requests
    assert asked.method == "GET"
    assert query_of(asked) | {"hub.challenge": ""} == {
        "feed": "7",
        "hub.mode": "subscribe",
        "hub.topic": RSS,
        "hub.challenge": "",
        "hub.lease_seconds": "864000",
    }
    assert (got.method, got.path) == ("POST", "/cb?feed=7")
    assert got.body == room.client.get("/feeds/daily/rss.xml").content
    assert got.headers["x-hub-signature"] == f"sha256={hmac.new(b's3cret', got.body, 'sha256').hexdigest()}"
    assert got.headers["content-type"] == room.client.get("/feeds/daily/rss.xml").headers["content-type"]
    assert ask(room, mode="unsubscribe", callback=callback).status_code == 202
    send(room)
    publish(room, 3)
    send(room)
    *_, left = http_site.requests
    assert (len(http_site.requests), query_of(left)["hub.mode"]) == (3, "unsubscribe")


def test_the_answer_comes_before_the_callback_is_asked(room: Pressroom, http_site: HttpSite) -> None:
    http_site.pages["/cb"] = Page(status=404)
    assert ask(room, callback=f"{http_site.url}/cb").status_code == 202
    assert http_site.requests == []


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"mode": "steal"}, "hub.mode must be subscribe or unsubscribe"),
        ({"mode": "publish", "url": RSS}, "this hub announces the feeds of its own site"),
        ({"topic": "https://elsewhere.example/rss.xml"}, "hub.topic is no feed of this site"),
        ({"callback": "javascript:alert(1)"}, "hub.callback must be"),
        ({"callback": "http://[::1"}, "hub.callback must be"),
        ({"secret": "x" * 200}, "hub.secret is longer than 199 bytes"),
    ],
)
def test_what_is_wrong_is_told_in_plain_text(room: Pressroom, wrong: dict[str, str], told: str) -> None:
    answer = ask(room, **wrong)
    assert answer.status_code == 400
    assert answer.text.startswith(told)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert "alert" not in answer.text


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"x" * 70_000, "application/x-www-form-urlencoded", 413),
        (b"&".join(b"a=%d" % number for number in range(300)), "application/x-www-form-urlencoded", 400),
        (b"\xff\x00%zz&&&==", "application/x-www-form-urlencoded; charset=x", 400),
        (b"", "application/x-www-form-urlencoded", 400),
        (b"{}", "application/json", 415),
        (b"x", "", 415),
    ],
)
def test_other_bodies_are_refused(room: Pressroom, content: bytes, kind: str, status: int) -> None:
    answer = room.client.post("/hub", content=content, headers={"content-type": kind})
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/plain")


def test_a_visitor_is_told_what_it_is(room: Pressroom) -> None:
    answer = room.client.get("/hub", params={"hub.challenge": "<b>x", "hub.mode": "subscribe"})
    assert answer.status_code == 200
    assert "A hub for feeds" in answer.text
    assert "<b>x" not in answer.text
    assert room.client.head("/hub").status_code == 200
    assert room.client.put("/hub").status_code == 405


def test_too_many_requests_and_too_many_followers(tmp_path: Path) -> None:
    with serve(tmp_path, Clock(NOON), websub=HUB | {"requests": "3/h", "followers": 1}) as room:
        publish(room)
        codes = [ask(room, callback=f"http://{name}.example/") for name in ("a", "b", "c", "d")]
        assert [one.status_code for one in codes] == [202, 503, 503, 429]
        assert {one.headers.get("retry-after") for one in codes[1:]} == {"3600"}


def test_without_the_setting_there_is_no_hub(pressroom: Pressroom) -> None:
    assert ask(pressroom).status_code in (404, 405)
    assert pressroom.client.get("/hub").status_code == 404
