"""Followers get their feed when it changed: signed, once, again when it failed, and no longer than they should."""

from __future__ import annotations

import asyncio
import hmac
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from syndicate.cli.hubs import standing
from syndicate.store import followers, schema
from syndicate.websub.patience import MOST_FAILURES, claimed_until
from tests.feeds.newsroom import Newsroom
from tests.site import HttpSite, Page, Request
from tests.websub.following import ATOM, RSS, Following, agree, answering, following, query_of


def test_a_follower_gets_the_whole_feed_signed(room: Following) -> None:
    room.follow("/cb?a=b", secret="s3cret")
    room.follow("/atom", ATOM)
    room.publish()
    assert room.send().distributed == 2
    atom, rss = sorted(room.got(), key=lambda one: one.path)
    feeds = room.app.settings.feeds.directory / "daily"
    assert rss.path == "/cb?a=b"
    assert rss.body == (feeds / "rss.xml").read_bytes()
    assert b"part 2" in rss.body
    signature = hmac.new(b"s3cret", rss.body, "sha256").hexdigest()
    assert rss.headers["x-hub-signature"] == f"sha256={signature}"
    assert rss.headers["content-type"] == "application/rss+xml; charset=utf-8"
    assert rss.headers["link"] == f'<https://news.lakeside.example/hub>; rel="hub", <{RSS}>; rel="self"'
    assert (atom.path, atom.body) == ("/atom", (feeds / "atom.xml").read_bytes())
    assert "x-hub-signature" not in atom.headers
    assert not room.send()


def test_who_follows_gets_nothing_while_nothing_changes(room: Following) -> None:
    room.follow()
    room.app.jobs.publish(room.app.jobs.clock())
    assert not room.send()
    room.publish()
    room.publish()
    assert room.send().distributed == 1, "two changes, one feed"


def test_what_fails_is_tried_again_with_what_is_new_then(room: Following) -> None:
    room.follow()
    room.site.pages["/cb"] = Page(status=500)
    room.publish()
    assert room.send().failed == 1
    room.publish()
    assert not room.send(), "its time has not come"
    room.site.pages["/cb"] = agree
    room.clock.pass_by(minutes=2)
    room.site.requests.clear()
    with room.restarted() as again:
        assert again.send().distributed == 1
    assert b"part 3" in room.got()[0].body


def test_a_change_during_the_sending_is_sent_too(room: Following) -> None:
    def slow(request: Request) -> Page:
        if request.method == "POST" and room.published == 2:
            room.publish()
        return agree(request)

    room.follow()
    room.site.pages["/cb"] = slow
    room.publish()
    assert room.send().distributed == 2
    first, second = room.got()
    assert b"part 3" not in first.body
    assert b"part 3" in second.body


def test_gone_ends_it_and_so_do_too_many_failures(room: Following) -> None:
    room.follow("/gone")
    room.follow("/broken")
    room.site.pages |= {"/gone": Page(status=410), "/broken": Page(status=404)}
    room.publish()
    done = room.send()
    assert (done.dropped, done.failed, room.followers) == (1, 1, 1)
    with room.app.store.write() as connection:
        connection.execute(update(schema.followers).values(failures=MOST_FAILURES - 2))
    for left in (1, 0):
        room.clock.pass_by(hours=8)
        room.send()
        assert room.followers == left


def test_how_it_stands_names_hosts_and_no_more(room: Following) -> None:
    room.follow("/cb?a-secret-of-the-callback", secret="s3cret")
    room.site.pages["/cb"] = Page(status=500)
    room.publish()
    room.send()
    with room.app.store.read() as connection:
        found = standing(room.app, connection)
    failing = {"host": "127.0.0.1", "failures": 1, "error": "answered 500 Internal Server Error"}
    assert found == {"hubs": [], "internal": {"followers": 1, "to_be_asked": 0, "failing": [failing]}}


def test_an_ended_lease_gets_nothing(room: Following) -> None:
    room.follow(lease_seconds="3600")
    room.clock.pass_by(hours=1)
    room.publish()
    room.send()
    assert (room.got(), room.followers) == ([], 0)


def test_a_redirect_is_not_followed(room: Following) -> None:
    room.follow()
    room.site.pages |= {"/cb": Page(status=307, headers={"Location": "/elsewhere"}), "/elsewhere": agree}
    room.publish()
    assert room.send().failed == 1
    assert [one.path for one in room.got()] == ["/cb"]


def test_a_feed_that_is_gone_ends_it_with_a_denial(room: Following) -> None:
    room.follow()
    room.publish()
    (room.app.settings.feeds.directory / "daily/rss.xml").unlink()
    assert room.send().dropped == 1
    (denied,) = room.got("GET")
    assert (query_of(denied)["hub.mode"], query_of(denied)["hub.topic"]) == ("denied", RSS)
    assert (room.followers, room.intents) == (0, 0)


def test_two_processes_do_not_send_the_same(room: Following) -> None:
    """While one sends, the other finds nothing to do; what a process took that died is sent when its claim ends."""

    def busy(request: Request) -> Page:
        if request.method == "POST":
            with room.restarted() as other:
                assert not other.send()
        return agree(request)

    room.follow()
    room.site.pages["/cb"] = busy
    room.publish()
    assert room.send().distributed == 1
    room.publish()
    until = claimed_until(room.clock(), room.app.settings.websub)
    with room.app.store.write() as connection:
        assert followers.take(connection, now=room.clock(), until=until, limit=9)
    assert not room.send()
    room.clock.now = until
    room.site.pages["/cb"] = agree
    assert room.send().distributed == 1


def test_what_was_published_and_not_announced_is_announced_by_the_next(room: Following) -> None:
    room.follow()
    newsroom = Newsroom(room.app.settings, room.app.store, room.app.templates, room.app.links)
    newsroom.add(9)
    newsroom.publish()  # and then the process died
    with room.restarted() as again:
        again.app.jobs.publish(again.app.jobs.clock())
        assert again.send().distributed == 1


@pytest.mark.parametrize(
    ("parts", "endless", "error"),
    [
        ([b"HTTP/1.1 200 OK\r\nX: "], b"a", "took longer than 0.4 s"),
        ([], b"", "took longer than 0.4 s"),
        ([b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 100_000], b"", "can't be fetched"),
        ([b"garbage\r\n\r\n"], b"", "can't be fetched"),
    ],
    ids=["dripping", "silent", "endless headers", "garbage"],
)
def test_a_hostile_follower_costs_little(
    tmp_path: Path, http_site: HttpSite, parts: list[bytes], endless: bytes, error: str
) -> None:
    with (
        following(tmp_path, http_site, timeout=timedelta(seconds=0.4)) as room,
        answering(*parts, endless=endless) as callback,
    ):
        with room.app.store.write() as connection:
            lease = room.clock().replace(year=2030)
            followers.follow(connection, RSS, callback, host="127.0.0.1", secret=None, lease_until=lease)
        room.publish()
        begun = time.monotonic()
        assert room.send().failed == 1
        assert time.monotonic() - begun < 5
        with room.app.store.read() as connection:
            ((host, failures, said),) = followers.failing(connection, 5)
        assert (host, failures) == ("127.0.0.1", 1)
        assert error in said
        assert callback not in said, "a callback's address is its own secret"


def test_the_body_of_an_answer_is_not_read(tmp_path: Path, http_site: HttpSite) -> None:
    endless = b"x" * 50_000
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"
    with following(tmp_path, http_site) as room, answering(head, endless=endless) as callback:
        with room.app.store.write() as connection:
            lease = room.clock().replace(year=2030)
            followers.follow(connection, RSS, callback, host="127.0.0.1", secret=None, lease_until=lease)
        room.publish()
        assert room.send().distributed == 1


def test_who_is_slow_holds_up_nobody_else(tmp_path: Path, http_site: HttpSite) -> None:
    others_done = threading.Event()

    def slow(request: Request) -> Page:
        if request.method == "POST":
            assert others_done.wait(10), "the others waited for the slow one"
        return agree(request)

    def quick(request: Request) -> Page:
        if sum(one.method == "POST" and one.path.startswith("/quick") for one in http_site.requests) == 6:
            others_done.set()
        return agree(request)

    with following(tmp_path, http_site, connections=2) as room:
        http_site.pages |= {"/slow": slow, "/quick": quick}
        for path in ("/slow", *(f"/quick?{number}" for number in range(6))):
            assert room.ask(path=path)
        assert room.send().verified == 7
        room.publish()
        assert room.send().distributed == 7


def test_stopping_finishes_what_is_under_way_and_begins_nothing(tmp_path: Path, http_site: HttpSite) -> None:
    stop = asyncio.Event()

    def stopping(request: Request) -> Page:
        if request.method == "POST":
            stop.set()
        return agree(request)

    with following(tmp_path, http_site, connections=1) as room:
        http_site.pages["/cb"] = stopping
        for number in range(3):
            assert room.ask(path=f"/cb?{number}")
        assert room.send().verified == 3
        room.publish()
        assert asyncio.run(room.app.jobs.announce(stop=stop)).distributed == 1
        assert room.send().distributed == 2


def test_many_followers_share_few_connections(tmp_path: Path, http_site: HttpSite) -> None:
    busy, most, turn = 0, 0, threading.Lock()

    def count(request: Request) -> Page:
        nonlocal busy, most
        if request.method == "GET":
            return agree(request)
        with turn:
            busy += 1
            most = max(most, busy)
        threading.Event().wait(0.005)
        with turn:
            busy -= 1
        return Page(status=202)

    with following(tmp_path, http_site, connections=2) as room:
        http_site.pages["/cb"] = count
        for number in range(20):
            assert room.ask(path=f"/cb?{number}")
        assert room.send().verified == 20
        room.publish()
        assert room.send().distributed == 20
    assert most == 2
