"""The feed of one reader, over HTTP, and the page where it is had."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import feedparser
import httpx2
import pytest

from syndicate.model import Channel, Subscription
from tests.newsroom import MONDAY, Clock
from tests.web.pressroom import Pressroom, serve

ANA = "ana@reader.example"


@pytest.fixture
def clock() -> Clock:
    """A clock to be moved by hand."""
    return Clock(MONDAY - timedelta(days=1))


@pytest.fixture
def room(tmp_path: Path, clock: Clock) -> Iterator[Pressroom]:
    """A newsroom where that clock hangs."""
    with serve(tmp_path, clock) as room:
        yield room


@pytest.fixture
def reader(room: Pressroom) -> Subscription:
    """Ana, who gets the daily newsletter about sport."""
    return room.subscribe(ANA, name="Ana <b>", topics=["sport"])


def post(room: Pressroom, reader: Subscription, action: str) -> httpx2.Response:
    return room.client.post(room.choosing(reader.id), data={"action": action})


def folder_on(room: Pressroom, page: str) -> str:
    """The path of the feed whose address a page shows."""
    found = re.search(r'id="feed-address" value="([^"]+)rss.xml"', page)
    assert found
    return room.path_of(found[1])


def next_day(room: Pressroom, clock: Clock, number: int) -> None:
    """One article about sport and one about something else, and the slot after them."""
    room.newsroom.add(2 * number, title=f"Goal {number} & more", tags=("Sport",))
    room.newsroom.add(2 * number + 1, title=f"Opera {number}")
    clock.pass_by(days=1)
    room.app.jobs.compose_due(clock())


def test_a_reader_turns_mail_into_a_feed_and_back(room: Pressroom, reader: Subscription, clock: Clock) -> None:
    page = room.client.get(room.choosing(reader.id)).text
    assert "Get a feed of my own" in page
    assert "feed-address" not in page
    folder = folder_on(room, post(room, reader, "feed").text)
    assert room.now_of(reader).channel is Channel.FEED
    next_day(room, clock, 1)
    for file in ("rss.xml", "atom.xml", "feed.json"):
        assert room.client.get(folder + file).status_code == 200
    page = post(room, reader, "mail").text
    assert folder_on(room, page) == folder
    next_day(room, clock, 2)
    assert room.app.jobs.outstanding().planned == 1
    assert len(feedparser.parse(room.client.get(f"{folder}atom.xml").text).entries) == 1
    assert "feed-address" not in post(room, reader, "close-feed").text
    assert room.client.get(f"{folder}atom.xml").status_code == 410


@pytest.mark.parametrize("file", ["rss.xml", "atom.xml"])
def test_a_piece_is_the_readers_own_mail(room: Pressroom, reader: Subscription, clock: Clock, file: str) -> None:
    folder = folder_on(room, post(room, reader, "feed").text)
    next_day(room, clock, 1)
    next_day(room, clock, 2)
    response = room.client.get(folder + file)
    found = feedparser.parse(response.content)
    assert (found.bozo, found.feed.title) == (False, "The Daily Brief")
    assert [one.title for one in found.entries] == ["Goal 2 & more", "Goal 1 & more"]
    assert found.entries[0].summary in ("Goal 2 & more", "Goal 2 &amp; more")
    html = found.entries[0].content[0].value
    assert "Opera" not in html
    assert ANA in html
    assert "display: none" not in html
    left = re.search(r"/unsubscribe/[^\"]+", html)
    chosen = re.search(r"/preferences/[^\"]+", html)
    assert left
    assert chosen
    assert "The Daily Brief" in room.client.get(chosen[0]).text
    assert room.client.post(left[0]).status_code == 200
    assert room.client.get(folder + file).status_code == 410


def test_nobody_keeps_it_or_finds_it(
    room: Pressroom, reader: Subscription, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    said = io.StringIO()
    listening = logging.StreamHandler(said)
    logging.getLogger().addHandler(listening)
    folder = folder_on(room, post(room, reader, "feed").text)
    next_day(room, clock, 1)
    response = room.client.get(f"{folder}rss.xml")
    headers = response.headers
    assert (headers["cache-control"], headers["x-robots-tag"]) == ("private, max-age=300", "noindex")
    assert headers["referrer-policy"] == "no-referrer"
    assert "access-control-allow-origin" not in headers
    again = room.client.get(f"{folder}rss.xml", headers={"If-None-Match": headers["etag"]})
    assert (again.status_code, again.headers["cache-control"]) == (304, "private, max-age=300")
    clock.pass_by(days=1)
    assert room.client.get(f"{folder}rss.xml").headers["etag"] == headers["etag"]
    logging.getLogger().removeHandler(listening)
    token = folder.split("/")[-2]
    assert token not in said.getvalue() + "".join(capsys.readouterr())


def test_an_address_that_is_of_no_use_says_the_same_as_one_that_never_was(
    room: Pressroom, reader: Subscription
) -> None:
    folder = folder_on(room, post(room, reader, "feed").text)
    renewed = folder_on(room, post(room, reader, "renew-feed").text)
    assert renewed != folder
    assert room.client.get(f"{renewed}rss.xml").status_code == 200
    token = folder.split("/")[-2]
    texts = set()
    for wrong in (token, f"77{token[1:]}", f"{token[:-1]}{'a' if token[-1] != 'a' else 'b'}"):
        response = room.client.get(f"/feeds/private/{wrong}/rss.xml")
        assert (response.status_code, response.headers["x-robots-tag"]) == (410, "noindex")
        texts.add(response.text)
    assert len(texts) == 1
    assert "This feed has ended" in texts.pop()
    for path in (f"/feeds/private/{token}/style.css", "/feeds/private/x/rss.xml", f"/feeds/private/{token}"):
        assert room.client.get(path).status_code == 404


def test_who_left_can_not_have_one(room: Pressroom, reader: Subscription) -> None:
    room.client.post(room.leaving(reader.id))
    for action in ("feed", "mail", "renew-feed"):
        assert post(room, reader, action).status_code == 409
    assert "Get a feed of my own" not in room.client.get(room.choosing(reader.id)).text
