"""From a mail to a count: links lead where they did, and nobody is known by them."""

from __future__ import annotations

import asyncio
import html
import re
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from syndicate.app import App, open_app
from syndicate.audience.engagement import KEPT_BY_READER, links_of
from syndicate.audience.personal import data_of, erase_address
from syndicate.cli.running import Running
from syndicate.store import engaged, engagement
from syndicate.store.engagement import OPENED
from tests.newsroom import Clock, Newsroom, newsroom, settings_for
from tests.relay import Relay
from tests.web.console.deskroom import Console
from tests.web.pressroom import serving

PERSON = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
TARGET = "https://elsewhere.example/ferry?a=1&b=ä"


def mailed(room: Newsroom, relay: Relay, *readers: str) -> list[str]:
    """The HTML that readers got."""
    room.article("Ferry returns")
    with room.app.store.write() as connection:
        connection.exec_driver_sql("UPDATE articles SET url = ?", (TARGET,))
    for email in readers:
        room.reader(email)
    room.compose()
    room.send()
    letters = [message_from_bytes(one.content, policy=policy.default) for one in relay.messages]
    return [letter.get_body(("html",)).get_content() for letter in letters]  # type: ignore[union-attr]


async def _stopped(app: App) -> None:
    """The service comes up and ends: what was counted is written."""
    stop = asyncio.Event()
    stop.set()
    await Running(app, None).until(stop)


def counts(app: App) -> dict[tuple[str, bool], int]:
    """Address or opened, by a machine or not."""
    with app.store.read() as connection:
        links = {OPENED: "opened"} | links_of(connection, 1)
        return {
            (links[one.link], one.by_machine): number for one, number in engagement.of_digest(connection, 1).items()
        }


def test_what_people_follow_and_open_is_counted(tmp_path: Path, relay: Relay) -> None:
    with newsroom(tmp_path, smtp={"url": relay.url}, engagement="all") as room:
        first, second = mailed(room, relay, "ana@example.org", "bo@example.org")
        ways = re.findall(r'href="https://news.lake.example(/go/[^"]*)"', first)
        pictures = re.findall(r'<img src="https://news.lake.example(/seen/[^"]*)"', first)
        assert ways == re.findall(r'href="https://news.lake.example(/go/[^"]*)"', second)
        assert pictures == re.findall(r'<img src="https://news.lake.example(/seen/[^"]*)"', second)
        assert TARGET not in first
        with serving(room.app) as web:
            ask = web.client
            sent_on = {way: ask.get(way, headers=PERSON) for way in dict.fromkeys(ways[:1])}
            way, answer = next((way, one) for way, one in sent_on.items())
            targets = [ask.get(one, headers={"DNT": "1", **PERSON}).headers["location"] for one in ways]
            assert any(one.startswith("https://elsewhere.example/ferry?a=1&b=%C3%A4") for one in targets)
            assert (answer.status_code, answer.headers["referrer-policy"]) == (302, "no-referrer")
            ask.get(way, headers={"Sec-GPC": "1", **PERSON})
            ask.head(way, headers=PERSON)
            ask.get(pictures[0], headers=PERSON)
            ask.get(pictures[0], headers={"User-Agent": "Mozilla/5.0"})
            ask.get(pictures[0], headers={"DNT": "1", **PERSON})
            shown = ask.get(pictures[0], headers={"DNT": "1", **PERSON})
            assert (shown.headers["content-type"], len(shown.content)) == ("image/gif", 42)
            for forged in (
                way[:-1] + ("0" if way[-1] != "0" else "1"),
                "/go/1.2.x",
                "/go/x",
                "/seen/1.gif",
                f"{way}/x",
            ):
                assert ask.get(forged).status_code == 404, forged
            elsewhere = web.app.links.followed(1, 12345).removeprefix("https://news.lake.example")
            nowhere = web.app.links.followed(77, 12345).removeprefix("https://news.lake.example")
            assert ask.get(elsewhere).status_code == ask.get(nowhere).status_code == 404
            asyncio.run(_stopped(room.app))
            found = counts(room.app)
            [url] = {one for one, _ in found} - {"opened"}
            assert found == {(url, False): 1, (url, True): 1, ("opened", False): 1, ("opened", True): 1}
            page = Console(web).get("/console/digests/1/results").text
            said = [" ".join(re.sub("<[^>]*>", " ", one).split()) for one in page.split("<tr>")]
            assert "Mails shown 1 1" in said
            assert [one for one in said if html.unescape(one).startswith(f"{url} 1 1")]
            assert "Opens and clicks" not in Console(web).get("/console/digests/1/results?q=x").text
            for path in ("/brief", web.path_of(web.app.links.preferences(1, room.clock()))):
                assert "how often our mails are opened and links in them are followed" in ask.get(path).text
                assert "wie oft unsere Mails" in ask.get(path, headers={"Accept-Language": "de"}).text


def test_a_newsletter_that_stopped_counting_leads_on_and_counts_nothing(tmp_path: Path, relay: Relay) -> None:
    clock = Clock()
    given: dict[str, Any] = {"smtp": {"url": relay.url}}
    with newsroom(tmp_path, engagement="clicks", **given) as room:
        [letter] = mailed(room, relay, "ana@example.org")
        assert "/seen/" not in letter
        way = re.findall(r'href="https://news.lake.example(/go/[^"]*)"', letter)[0]
        app = open_app(settings_for(tmp_path, **given), clock)
        with serving(app) as web:
            assert web.client.get(way, headers=PERSON).status_code == 302
            seen = app.links.opened(1).removeprefix("https://news.lake.example")
            assert web.client.get(seen, headers=PERSON).status_code == 200
        asyncio.run(_stopped(app))
        assert counts(app) == {}
        app.close()


def test_where_readers_are_counted_by_person_they_are_known_and_forgotten(tmp_path: Path, relay: Relay) -> None:
    given: dict[str, Any] = {"smtp": {"url": relay.url}, "engagement": "all"}
    with newsroom(tmp_path, personal=True, **given) as room:
        app = room.app
        first, second = mailed(room, relay, "ana@example.org", "bo@example.org")
        way, its = (re.findall(r'href="https://news.lake.example(/go/[^"]*)"', one)[0] for one in (first, second))
        seen = re.findall(r'<img src="https://news.lake.example(/seen/[^"]*)"', first)[0]
        (front, _, ana), (other_front, _, bo) = way.rpartition("/"), its.rpartition("/")
        assert (front == other_front, ana == bo, seen.endswith(f".gif/{ana}")) == (True, False, True)
        with serving(app) as web:
            ask = web.client
            elsewhere = app.links.reader_token(2, 1)
            for forged in (f"1-{bo[2:]}", bo[:-1] + ("0" if bo[-1] != "0" else "1"), elsewhere, "1", "x"):
                for path in (front, seen.rpartition("/")[0]):
                    assert ask.get(f"{path}/{forged}", headers=PERSON).status_code == 404, forged
            for headers in ({"DNT": "1", **PERSON}, {"Sec-GPC": "1", **PERSON}, {"User-Agent": "curl/8"}):
                assert ask.get(its, headers=headers).status_code == 302
            ask.get(front, headers=PERSON)
            for path in (way, seen, seen):
                assert ask.get(path, headers=PERSON).status_code in (200, 302)
                room.clock.now += timedelta(hours=1)
            asyncio.run(_stopped(app))
            did = ("opened", 2), ("clicked", 1)
            mine = data_of(app.store, "ana@example.org")["engagement"]
            assert tuple((one["what"], one["count"]) for one in mine) == did
            assert mine[0]["last_at"] - mine[0]["first_at"] == timedelta(hours=1)
            assert data_of(app.store, "bo@example.org")["engagement"] == []
            desk = Console(web)
            for page in ("digests/1/results", "subscribers/1"):
                shown = desk.get(f"/console/{page}").text
                assert (shown.count(">opened<"), shown.count(">clicked<"), ", 2 times" in shown) == (1, 1, True), page
            assert ">opened<" not in desk.get("/console/subscribers/2").text
            for path in ("/brief", web.path_of(app.links.preferences(1, room.clock()))):
                page = html.unescape(ask.get(path).text)
                assert "record when you open our mails and follow links in them, and forget it after 90 days" in page
                assert "not by whom" not in page
                for tag, word in (("de", "Wir halten fest"), ("sq", "Regjistrojmë kur"), ("sr-Latn", "Beležimo kada")):
                    assert word in ask.get(path, headers={"Accept-Language": tag}).text
            assert ask.get(its, headers=PERSON).status_code == 302
            erase_address(app.store, app.traces, "ana@example.org", now=room.clock())
            assert ask.get(way, headers=PERSON).status_code == 302
            asyncio.run(_stopped(app))
        assert acts(app) == {(2, True)}
        room.clock.now += KEPT_BY_READER - timedelta(seconds=1)
        app.jobs.tidy(room.clock())
        assert acts(app) == {(2, True)}
        room.clock.now += timedelta(seconds=2)
        app.jobs.tidy(room.clock())
        assert acts(app) == set()
        with_names_before = open_app(settings_for(tmp_path, **given), room.clock)
        with serving(with_names_before) as web:
            assert web.client.get(its, headers=PERSON).status_code == 302
            assert "not by whom" in web.client.get("/brief").text
        asyncio.run(_stopped(with_names_before))
        assert acts(with_names_before) == set()
        with_names_before.close()


def acts(app: App) -> set[tuple[int, bool]]:
    """Who did something with the first digest: whether they followed a link."""
    with app.store.read() as connection:
        found = engaged.of_readers(connection, 1, range(9))
    return {(reader, one.clicked) for reader, kept in found.items() for one in kept}


@pytest.mark.parametrize("engagement", ["off", "clicks"])
def test_switched_off_mails_are_as_they_always_were(tmp_path: Path, relay: Relay, engagement: str) -> None:
    with newsroom(tmp_path, smtp={"url": relay.url}, engagement=engagement) as room:
        [letter] = mailed(room, relay, "ana@example.org")
        assert ("/go/" in letter) is (engagement == "clicks")
        assert (TARGET.replace("&", "&amp;") in letter) is (engagement == "off")
