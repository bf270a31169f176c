"""Lists of digests, asked over HTTP."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from syndicate.model import ArticleState, Digest, DigestState, Parts
from syndicate.store import articles, digests
from syndicate.web import listing
from tests.feeds.newsroom import NOON, SENDER
from tests.web.pressroom import Pressroom, serve


def send(
    room: Pressroom, due_at: datetime, *article_ids: int, state: DigestState = DigestState.SENT, slug: str = "daily"
) -> int:
    """A digest that was due then."""
    with room.app.store.write() as connection:
        number = digests.take_id(connection)
        made = Digest(
            id=number,
            newsletter=slug,
            cadence="daily",
            slot=str(number),
            due_at=due_at,
            state=state,
            subject=f"Digest & {number}",
            upto=1,
            composed_at=due_at,
        )
        digests.add(connection, made)
        html = "<html><head></head><body>x</body></html>"
        digests.add_variant(connection, number, article_ids, Parts("s", html, "t", "h0123456789abcdef0123"))
        digests.add_variant(connection, number, [], Parts("s", html, "t", "h0123456789abcdef0123"))
        return number


def subjects(page: str) -> list[int]:
    """The numbers of the digests on a page, as they stand there."""
    return [int(one) for one in re.findall(r"Digest &amp; (\d+)</a></h2>", page)]


def test_the_archive_has_every_newsletter_that_sent_something(pressroom: Pressroom) -> None:
    assert "Nothing was sent yet." in pressroom.client.get("/archive/").text
    for day in range(3):
        send(pressroom, NOON + timedelta(days=day))
    send(pressroom, NOON, slug="harbour", state=DigestState.REVIEW)
    page = pressroom.client.get("/archive/").text
    assert '<a href="/archive/daily/">The Daily Brief</a>' in page
    assert '<a href="/archive/daily/3">Digest &amp; 3</a>' in page
    assert "3 digests" in page
    assert "Harbour Notes" not in page.partition("<main")[2].partition("</main")[0]
    assert "Nothing was sent yet." in pressroom.client.get("/archive/harbour/").text


def test_a_newsletter_has_its_digests_newest_first_with_what_is_in_them(pressroom: Pressroom) -> None:
    first, second, gone = (pressroom.newsroom.add(n, title=f"Ferry <{n}>") for n in (1, 2, 3))
    with pressroom.app.store.write() as connection:
        articles.set_state(connection, [gone], ArticleState.WITHDRAWN, now=NOON)
    send(pressroom, NOON, second, gone, first)
    send(pressroom, NOON + timedelta(days=1), state=DigestState.SENDING)
    send(pressroom, NOON + timedelta(days=2), state=DigestState.HELD)
    page = pressroom.client.get("/archive/daily/").text
    assert subjects(page) == [2, 1]
    assert re.findall(r"<li>(Ferry .*?)</li>", page) == ["Ferry &lt;2&gt;", "Ferry &lt;1&gt;"]
    assert '<link rel="canonical" href="https://news.lakeside.example/archive/daily/">' in page
    assert '<time datetime="2026-03-02T12:00:00+00:00">Monday, 2 March 2026</time>' in page
    assert 'href="/archive/daily/2026-03"' in page


def test_months_are_those_of_the_newsletters_time_zone(tmp_path: Path) -> None:
    newsletter = {"slug": "daily", "title": "D", "sender": SENDER, "cadences": {"daily": "0 7 * * *"}}
    with serve(tmp_path, newsletters=[newsletter | {"timezone": "Pacific/Auckland"}]) as room:
        send(room, datetime(2025, 12, 31, 10, 59, tzinfo=UTC))
        send(room, datetime(2025, 12, 31, 11, tzinfo=UTC))
        assert subjects(room.client.get("/archive/daily/2025-12").text) == [1]
        page = room.client.get("/archive/daily/2026-01").text
        assert subjects(page) == [2]
        assert "January 2026" in page
        assert "Thursday, 1 January 2026" in page


def test_pages_lead_from_one_to_the_next(pressroom: Pressroom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "ON_A_PAGE", 2)
    for month, count in ((1, 1), (3, 5), (4, 1)):
        for day in range(1, count + 1):
            send(pressroom, datetime(2026, month, day, tzinfo=UTC))
    path, page, seen, urls = "/archive/daily/", "", [], []
    while path:
        page = pressroom.client.get(path).text
        seen.append(subjects(page))
        urls.append(path)
        assert f'<link rel="canonical" href="https://news.lakeside.example{path}">' in page
        found = re.search('<link rel="next" href="([^"]+)">', page)
        path = found[1] if found else ""
    march = "/archive/daily/2026-03"
    assert urls == ["/archive/daily/", march, f"{march}?page=2", f"{march}?page=3", "/archive/daily/2026-01"]
    assert seen == [[7, 6], [6, 5], [4, 3], [2], [1]]
    assert f'<link rel="prev" href="{march}">' in page
    assert '<link rel="prev" href="/archive/daily/2026-04">' in pressroom.client.get(march).text


def test_there_is_no_other_page(pressroom: Pressroom) -> None:
    send(pressroom, NOON)
    months = [f"daily/{one}" for one in ("2026-02", "2026-3", "2026-13", "x", "%00", "2026-03?page=2", "9999-12")]
    for path in (*months, "none/", "none", "none/2026-03"):
        assert pressroom.client.get(f"/archive/{path}").status_code == 404, path


def test_each_page_has_one_address(pressroom: Pressroom) -> None:
    for path in ("/archive", "/archive/daily"):
        response = pressroom.client.get(path)
        assert (response.status_code, response.headers["location"]) == (308, f"{path}/")
    send(pressroom, NOON)
    assert subjects(pressroom.client.get("/archive/daily/2026-03?page=nonsense").text) == [1]


def test_a_digest_leads_to_those_before_and_after(pressroom: Pressroom) -> None:
    before, here, after = (send(pressroom, NOON + timedelta(days=day)) for day in (0, 1, 2))
    send(pressroom, NOON + timedelta(days=1), slug="harbour")
    page = pressroom.client.get(f"/archive/daily/{here}").text
    for rel, number in (("prev", before), ("next", after)):
        assert f'<link rel="{rel}" href="/archive/daily/{number}">' in page
        assert f'<a href="/archive/daily/{number}" rel="{rel}"' in page
    assert 'href="/archive/daily/"' in page
    assert 'rel="next"' not in pressroom.client.get(f"/archive/daily/{after}").text


def test_the_archive_is_linked_from_where_people_look(pressroom: Pressroom) -> None:
    send(pressroom, NOON)
    assert pressroom.client.get("/").text.count('href="/archive/"') == 2
    assert 'href="/archive/daily/"' in pressroom.client.get("/daily").text
