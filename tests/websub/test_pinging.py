"""Hubs of others are told which feeds changed: merged, again when they fail, and never so that publishing waits."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from tests.site import HttpSite, Page, Request
from tests.websub.following import ATOM, RSS, Following, following


def told(request: Request) -> list[str]:
    """The feeds that a hub was told of."""
    fields = parse_qs(request.body.decode())
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert fields["hub.mode"] == ["publish"]
    return fields["hub.url"]


@pytest.fixture
def room(tmp_path: Path, http_site: HttpSite) -> Iterator[Following]:
    """Two hubs of others; one article published, and told of."""
    http_site.pages |= {"/one": Page(status=204), "/two": Page(status=202)}
    with following(tmp_path, http_site, hub=[f"{http_site.url}/one", f"{http_site.url}/two"]) as opened:
        yield opened


def test_each_hub_is_told_of_every_feed_that_changed(room: Following) -> None:
    assert RSS in room.feeds
    assert room.send().pinged == 2 * len(room.feeds)
    assert sorted((one.path, told(one)) for one in room.got()) == [("/one", room.feeds), ("/two", room.feeds)]
    assert not room.send()
    room.app.jobs.publish(room.app.jobs.clock())
    assert not room.send(), "nothing changed"
    room.publish()
    assert room.send()
    one, two = room.got()
    assert RSS in told(one)
    assert told(one) == told(two)


def test_hubs_hear_nothing_of_feeds_that_did_not_change(room: Following) -> None:
    room.send()
    room.got()
    room.publish(tags=())
    room.send()
    heard = told(room.got()[0])
    assert RSS in heard
    assert RSS.replace("daily", "harbour") in set(room.feeds) - set(heard)


def test_a_hub_that_fails_is_asked_again_later_also_by_another_process(room: Following) -> None:
    room.site.pages["/one"] = Page(status=500)
    done, every = room.send(), len(room.feeds)
    assert (done.pinged, done.failed) == (every, every)
    assert done.problems == [f"{room.site.url}/one: answered 500 Internal Server Error"]
    failing, well = room.hubs
    assert (failing.failures, failing.waiting, failing.error) == (1, every, "answered 500 Internal Server Error")
    assert (well.failures, well.waiting, well.succeeded_at) == (0, 0, room.clock())
    assert room.clock() < failing.next_at <= room.clock() + timedelta(minutes=1.25)
    room.got()
    room.publish()
    room.send()
    assert [one.path for one in room.got()] == ["/two"], "the other one's time has not come"
    room.site.pages["/one"] = Page(status=202)
    room.clock.pass_by(minutes=2)
    with room.restarted() as again:
        assert again.send().pinged == every
    assert [told(one) for one in room.got()] == [room.feeds], "two changes, one ping"
    assert [(one.failures, one.error, one.waiting) for one in room.hubs] == [(0, "", 0)] * 2


def test_a_hub_that_does_not_answer_does_not_hold_up_publishing(tmp_path: Path, http_site: HttpSite) -> None:
    with following(tmp_path, http_site, hub="http://127.0.0.1:1/hub") as room:
        assert (room.app.settings.feeds.directory / "daily/rss.xml").is_file()
        done = room.send()
        assert (done.failed, done.pinged) == (len(room.feeds), 0)
        assert "can't be fetched" in done.problems[0]
        room.publish()
        assert not room.send()


def test_one_feed_that_a_hub_refuses_does_not_keep_the_others_from_it(room: Following) -> None:
    def choosy(request: Request) -> Page:
        return Page(status=400 if RSS in told(request) else 204)

    room.site.pages["/one"] = choosy
    assert room.send().pinged == 2 * len(room.feeds) - 1
    (choosy_one, _) = room.hubs
    assert (choosy_one.waiting, choosy_one.error) == (1, "answered 400 Bad Request")


def test_a_change_during_the_ping_is_told_too(room: Following) -> None:
    def slow(request: Request) -> Page:
        if room.published == 1:
            room.publish()
        return Page(status=204)

    room.site.pages["/one"] = slow
    room.send()
    assert [one.waiting for one in room.hubs] == [0, 0]
    first, second = [told(one) for one in room.got() if one.path == "/one"]
    assert RSS in first
    assert RSS in second


def test_a_hub_that_is_no_longer_set_is_forgotten(room: Following) -> None:
    sections = {"hub": (f"{room.site.url}/two",)}
    websub = room.app.settings.websub.model_copy(update=sections)
    object.__setattr__(room.app.settings, "websub", websub)
    room.publish()
    room.send()
    assert {one.path for one in room.got()} == {"/two"}
    assert [one.address for one in room.hubs] == [f"{room.site.url}/two"]


def test_a_hub_that_redirects_is_not_followed(room: Following) -> None:
    room.site.pages["/one"] = Page(status=307, headers={"Location": "/two"})
    assert room.send().failed == len(room.feeds)
    assert [one.path for one in room.got()].count("/two") == 1


def test_both_kinds_of_hub(tmp_path: Path, http_site: HttpSite) -> None:
    http_site.pages["/one"] = Page(status=204)
    with following(tmp_path, http_site, hub=["internal", f"{http_site.url}/one"]) as room:
        assert room.app.settings.hubs == ("https://news.lakeside.example/hub", f"{http_site.url}/one")
        assert room.send().pinged == len(room.feeds)
        room.follow(feed=ATOM)
        room.publish()
        assert room.send().distributed == 1
        assert {one.path for one in room.site.requests} == {"/one", "/cb"}
        link = next(one for one in room.got() if "/cb" in one.path).headers["link"]
        assert link.count('rel="hub"') == 2


def test_without_hubs_nothing_is_noted(tmp_path: Path, http_site: HttpSite) -> None:
    with following(tmp_path, http_site, hub=[]) as room:
        assert room.app.jobs.websub.announce(room.clock()) == 0
        assert not room.send()
        assert room.hubs == []
