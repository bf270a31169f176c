"""Callbacks are asked whether they mean it, and nothing happens before they say so."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from syndicate.errors import HubError
from syndicate.store import followers, intents
from syndicate.websub.caller import Said
from syndicate.websub.patience import MOST_ASKED
from syndicate.websub.verifying import Verdict, verdict
from tests.site import HttpSite, Page, Request
from tests.websub.following import ATOM, RSS, Following, agree, answering, following, query_of


def test_what_a_callback_is_asked(room: Following) -> None:
    room.site.pages["/cb"] = agree
    assert room.ask(path="/cb?who=a%2Fb&hub.mode=mine", lease_seconds="86400")
    assert room.followers == 0
    done = room.send()
    assert (done.verified, room.followers, room.intents) == (1, 1, 0)
    (asked,) = room.got("GET")
    query = query_of(asked)
    assert asked.path.startswith("/cb?who=a%2Fb&hub.mode=mine&hub.mode=subscribe&")
    assert (query["hub.mode"], query["hub.topic"], query["hub.lease_seconds"]) == ("subscribe", RSS, "86400")
    assert len(query["hub.challenge"]) > 30
    assert asked.headers["user-agent"].startswith("syndicate/")
    assert not room.send()


def test_every_question_has_its_own_challenge(room: Following) -> None:
    room.site.pages["/cb"] = Page(status=500)
    room.ask()
    for _ in range(2):
        room.send()
        room.clock.pass_by(hours=1)
    first, second = [query_of(one)["hub.challenge"] for one in room.got("GET")]
    assert first != second


@pytest.mark.parametrize(
    "answer",
    [
        Page(b"something else"),
        Page(b""),
        Page(b"x" * 100_000),
        Page(b"not here", status=404),
        Page(status=410),
        lambda request: Page(status=302, headers={"Location": f"/other?{request.path.partition('?')[2]}"}),
        lambda request: Page(query_of(request)["hub.challenge"].encode() + b"\n"),
        lambda request: Page(query_of(request)["hub.challenge"].encode(), status=404),
    ],
    ids=["other", "empty", "large", "404", "410", "redirect", "longer", "404 with it"],
)
def test_who_does_not_mean_it_is_asked_once(room: Following, answer: Page) -> None:
    room.site.pages |= {"/cb": answer, "/other": agree}
    room.ask()
    assert room.send().refused == 1
    assert (room.followers, room.intents, len(room.got("GET"))) == (0, 0, 1)


def test_trouble_is_waited_for_but_not_for_ever(room: Following) -> None:
    room.site.pages["/cb"] = Page(status=503)
    room.ask()
    assert room.send().failed == 1
    assert not room.send(), "its time has not come"
    room.clock.pass_by(hours=1)
    room.site.pages["/cb"] = agree
    with room.restarted() as again:
        assert again.send().verified == 1
    room.site.pages["/cb"] = Page(status=503)
    room.ask(secret="another")
    for _ in range(MOST_ASKED + 1):
        room.send()
        room.clock.pass_by(hours=1)
    assert room.followers == 1, "a failed renewal leaves what there was"
    assert len(room.got("GET")) == 2 + MOST_ASKED


def test_a_newer_request_replaces_one_that_is_being_asked(room: Following) -> None:
    """While the callback thinks about the first, a second comes, which it does not mean; only that one counts."""

    def slow(request: Request) -> Page:
        if len(room.site.requests) > 1:
            return Page(status=404)
        room.ask(secret="another")
        return agree(request)

    room.site.pages["/cb"] = slow
    room.ask()
    room.send()
    assert len(room.got("GET")) == 2
    assert (room.followers, room.intents) == (0, 0)


def test_leaving_has_to_be_meant_too(room: Following) -> None:
    room.follow()
    room.site.pages["/cb"] = Page(status=404)
    room.ask("unsubscribe")
    assert room.send().refused == 1
    assert room.followers == 1
    room.site.pages["/cb"] = agree
    room.site.requests.clear()
    room.ask("unsubscribe", lease_seconds="7")
    assert room.send().verified == 1
    assert "hub.lease_seconds" not in query_of(room.got("GET")[0])
    assert room.followers == 0


def test_a_lease_is_counted_from_the_question_and_can_be_renewed(room: Following) -> None:
    room.follow(lease_seconds="7200")
    room.clock.pass_by(hours=1)
    room.follow(lease_seconds="7200")
    assert room.followers == 1
    room.clock.pass_by(minutes=119)
    room.app.jobs.tidy(room.clock())
    assert room.followers == 1
    room.clock.pass_by(minutes=1)
    room.app.jobs.tidy(room.clock())
    assert room.followers == 0


def test_a_feed_that_is_gone_meanwhile_is_denied(room: Following) -> None:
    room.site.pages["/cb"] = agree
    room.ask()
    (room.app.settings.feeds.directory / "daily/rss.xml").unlink()
    assert room.send().refused == 1
    (asked,) = room.got("GET")
    assert query_of(asked) == {
        "hub.mode": "denied",
        "hub.topic": RSS,
        "hub.reason": "this feed is no longer published here",
    }
    assert (room.followers, room.intents) == (0, 0)


@pytest.mark.parametrize(
    "feed",
    [
        "https://news.lakeside.example/feeds/daily/index.html",
        "https://news.lakeside.example/feeds/nothing/rss.xml",
        "http://news.lakeside.example/feeds/daily/rss.xml",
        "https://elsewhere.example/feeds/daily/rss.xml",
        "https://news.lakeside.example/feeds/../feeds/daily/rss.xml",
    ],
)
def test_only_feeds_of_the_site_can_be_followed(room: Following, feed: str) -> None:
    with pytest.raises(HubError, match="no feed of this site"):
        room.ask(feed=feed)
    assert room.intents == 0


def test_limits_in_all_and_for_a_host(tmp_path: Path, http_site: HttpSite) -> None:
    with following(tmp_path, http_site, followers=3, followers_per_host=2) as room:
        room.follow("/a")
        assert room.ask(path="/b")
        assert not room.ask(path="/c"), "the host has as many as it may, one that is not asked yet among them"
        assert not room.ask("unsubscribe", path="/c"), "who never followed can make nobody be asked either"
        assert room.ask(path="/a"), "who follows can always renew"
        assert room.ask("unsubscribe", path="/a")
        assert room.ask(callback="http://one.example/")
        assert not room.ask(callback="http://two.example/")
        with room.app.store.write() as connection:
            lease = room.clock() + timedelta(days=9)
            followers.follow(connection, ATOM, "x", host="127.0.0.1", secret=None, lease_until=lease)
        room.clock.pass_by(days=11)
        with room.app.store.write() as connection:
            for one in intents.take(connection, now=room.clock(), until=room.clock(), limit=9):
                intents.finish(connection, one.id)
        assert room.ask(path="/c"), "ended leases make room"


def test_an_answer_without_end_is_read_as_far_as_the_challenge_is_long(room: Following) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"
    with answering(head, endless=b"x" * 50_000) as callback:
        assert room.ask(callback=callback)
        assert room.send().refused == 1


def test_private_addresses_are_not_asked(tmp_path: Path, http_site: HttpSite) -> None:
    with following(tmp_path, http_site, allow_private=False) as room:
        port = http_site.url.rpartition(":")[2]
        for host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433"):
            assert room.ask(callback=f"http://{host}:{port}/cb")
        for _ in range(MOST_ASKED):
            room.send()
            room.clock.pass_by(hours=1)
        assert (room.site.requests, room.intents, room.followers) == ([], 0, 0)


@pytest.mark.parametrize(
    ("status", "body", "failures", "found"),
    [
        (200, b"c", 0, Verdict.MEANT),
        (299, b"c", 2, Verdict.MEANT),
        (200, b"cc", 0, Verdict.NOT_MEANT),
        (404, b"c", 0, Verdict.NOT_MEANT),
        (301, b"c", 0, Verdict.NOT_MEANT),
        (429, b"", 0, Verdict.LATER),
        (500, b"c", 0, Verdict.LATER),
        (0, b"", MOST_ASKED - 2, Verdict.LATER),
        (0, b"", MOST_ASKED - 1, Verdict.NOT_MEANT),
    ],
)
def test_verdicts(status: int, body: bytes, failures: int, found: Verdict) -> None:
    assert verdict(Said(status, "", body), "c", failures) is found


def test_a_secret_is_not_shown(room: Following) -> None:
    room.ask(secret="s3cret")
    with room.app.store.write() as connection:
        (intent,) = intents.take(connection, now=room.clock(), until=room.clock(), limit=1)
    room.follow(secret="s3cret")
    room.publish()
    with room.app.store.write() as connection:
        (follower,) = followers.take(connection, now=room.clock(), until=room.clock(), limit=1)
    assert (intent.secret, follower.secret) == ("s3cret", "s3cret")
    assert not re.search("s3cret", f"{intent!r} {follower!r}")
