"""Feeds are read back with feedparser, with lxml and as JSON."""

from __future__ import annotations

import html
import json
import locale
from calendar import timegm
from dataclasses import replace
from datetime import timedelta
from typing import Any

import feedparser
import pytest
from lxml import etree

from syndicate.feeds.build import build_atom, build_rss
from syndicate.feeds.context import FeedContext, Gone, Piece
from syndicate.feeds.jsonfeed import build_json
from syndicate.feeds.pieces import piece_of
from syndicate.model import Article, Enclosure
from syndicate.render.links import Links, Signer
from tests.feeds.newsroom import NOON, SECRET, make_article

BUILDERS = {"rss": build_rss, "atom": build_atom}
ATOM = "{http://www.w3.org/2005/Atom}"
FOLDER = "https://news.lakeside.example/feeds/daily/"
both = pytest.mark.parametrize("kind", ["rss", "atom"])


def piece(number: int = 1, **values: Any) -> Piece:
    article = make_article(number, **values)
    return piece_of(article, Links("https://news.lakeside.example", Signer(SECRET)), f"tag:lakeside,2026:{number}")


def context(*articles: Article | Piece, **values: Any) -> FeedContext:
    links = Links("https://news.lakeside.example", Signer(SECRET))
    given: dict[str, Any] = {
        "id": "tag:news.lakeside.example,2026:feeds/daily",
        "title": "The Daily Brief",
        "description": "What happened by the lake, every morning.",
        "language": "en",
        "author": "Lakeside Courier",
        "address": FOLDER,
        "home_url": "https://news.lakeside.example/daily",
        "stylesheet": "../feed.css",
        "pieces": tuple(
            one if isinstance(one, Piece) else piece_of(one, links, f"tag:lakeside,2026:{one.id}") for one in articles
        ),
    }
    return FeedContext(**(given | values))


def parse(document: bytes) -> Any:
    parsed = feedparser.parse(document, sanitize_html=False, resolve_relative_uris=False)
    assert not parsed.bozo
    return parsed


def read(kind: str, *articles: Article | Piece, **values: Any) -> Any:
    return parse(BUILDERS[kind](context(*articles, **values)))


def links(document: bytes, relation: str) -> list[tuple[str, str | None]]:
    """Where the feed's links of that kind lead, and of which media type that is."""
    root = etree.fromstring(document)
    feed = root.find("channel") if root.tag == "rss" else root
    return [(one.get("href"), one.get("type")) for one in feed.findall(f"{ATOM}link") if one.get("rel") == relation]


@both
def test_says_what_the_feed_is(kind: str) -> None:
    feed = read(kind, make_article()).feed
    assert feed.title == "The Daily Brief"
    assert feed.subtitle == "What happened by the lake, every morning."
    assert feed.language == "en"
    assert feed.link == "https://news.lakeside.example/daily"
    document = BUILDERS[kind](context())
    assert links(document, "self") == [(f"{FOLDER}{kind}.xml", f"application/{kind}+xml")]
    assert document.startswith(b"<?xml version='1.0' encoding='UTF-8'?>\n<?xml-stylesheet type=\"text/css\" href")
    assert feed.generator == "syndicate"


@both
def test_leads_to_the_other_formats_and_to_hubs(kind: str) -> None:
    document = BUILDERS[kind](context(hubs=("https://hub.example/", "https://other.example/")))
    other = "atom" if kind == "rss" else "rss"
    machines = [link for link in links(document, "alternate") if link[1] != "text/html"]
    expected = [(f"{FOLDER}{other}.xml", f"application/{other}+xml"), (f"{FOLDER}feed.json", "application/feed+json")]
    assert machines == expected
    assert links(document, "hub") == [("https://hub.example/", None), ("https://other.example/", None)]


@both
def test_an_archived_page_says_so_and_leads_on(kind: str) -> None:
    around = {
        "current": FOLDER,
        "prev-archive": f"{FOLDER}archive/1/",
        "next-archive": f"{FOLDER}archive/3/",
    }
    document = BUILDERS[kind](context(address=f"{FOLDER}archive/2/", around=around))
    for relation, folder in around.items():
        assert links(document, relation) == [(f"{folder}{kind}.xml", f"application/{kind}+xml")]
    assert b"<fh:archive/>" in document
    assert b"feed.json" not in document
    assert b"<fh:archive/>" not in BUILDERS[kind](context(around={"prev-archive": f"{FOLDER}archive/1/"}))


@both
def test_carries_a_whole_article(kind: str) -> None:
    article = make_article(
        url="https://lakeside.example/ferry",
        html="<h2>Why</h2><p>A &amp; B, <code>]]&gt;</code> ]]> end</p>",
        summary="Ferries & <fees>",
        authors=("Ana Marić", "Bo"),
        tags=("harbour", "money & fees"),
        language="sq",
        image="https://lakeside.example/a.jpg",
        enclosures=(
            Enclosure("https://lakeside.example/a.mp3", "audio/mpeg", 1234),
            Enclosure("https://lakeside.example/b.mp3", "audio/mpeg"),
        ),
    )
    (one,) = read(kind, article).entries
    assert one.title == article.title
    assert one.link == "https://lakeside.example/ferry"
    assert one.id == "tag:lakeside,2026:1"
    assert one.content[0].value == f'<p><img src="https://lakeside.example/a.jpg" alt=""></p>\n{article.html}'
    assert html.unescape(one.summary) == "Ferries & <fees>"
    assert [author.name for author in one.authors if author] == ["Ana Marić", "Bo"]
    assert [tag.term for tag in one.tags] == ["harbour", "money & fees"]
    assert one.published_parsed[:6] == (2026, 3, 3, 12, 0, 0)
    assert one.enclosures[0].href == "https://lakeside.example/a.mp3"
    assert one.enclosures[0].length == "1234"
    assert len(one.enclosures) == (2 if kind == "atom" else 1)
    assert [(media["url"], media["medium"]) for media in one.media_content] == [
        ("https://lakeside.example/a.mp3", "audio"),
        ("https://lakeside.example/b.mp3", "audio"),
    ]
    assert one.media_thumbnail[0]["url"] == "https://lakeside.example/a.jpg"
    assert 'lang="sq"' in BUILDERS["atom"](context(article)).decode()
    assert "<dc:language>sq</dc:language>" in BUILDERS["rss"](context(article)).decode()


def test_json_carries_the_same() -> None:
    article = make_article(
        url="https://lakeside.example/ferry",
        summary="Ferries & <fees>",
        authors=("Ana Marić",),
        tags=("harbour",),
        image="https://lakeside.example/a.jpg",
        enclosures=(Enclosure("https://lakeside.example/a.mp3", "audio/mpeg", 1234), Enclosure("https://l.example/b")),
        changed_at=NOON + timedelta(days=9),
    )
    feed = json.loads(build_json(context(article, hubs=("https://hub.example/",))))
    (item,) = feed.pop("items")
    assert feed == {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "The Daily Brief",
        "home_page_url": "https://news.lakeside.example/daily",
        "feed_url": f"{FOLDER}feed.json",
        "description": "What happened by the lake, every morning.",
        "language": "en",
        "authors": [{"name": "Lakeside Courier"}],
        "hubs": [{"type": "WebSub", "url": "https://hub.example/"}],
    }
    assert item == {
        "id": "tag:lakeside,2026:1",
        "url": "https://lakeside.example/ferry",
        "title": article.title,
        "content_html": article.html,
        "summary": "Ferries & <fees>",
        "image": "https://lakeside.example/a.jpg",
        "date_published": "2026-03-03T12:00:00+00:00",
        "date_modified": "2026-03-11T12:00:00+00:00",
        "authors": [{"name": "Ana Marić"}],
        "tags": ["harbour"],
        "attachments": [
            {"url": "https://lakeside.example/a.mp3", "mime_type": "audio/mpeg", "size_in_bytes": 1234},
            {"url": "https://l.example/b", "mime_type": "application/octet-stream"},
        ],
    }


def test_a_feed_with_sound_in_it_is_a_podcast() -> None:
    spoken = make_article(enclosures=(Enclosure("https://lakeside.example/a.mp3", "audio/mpeg", 9),))
    document = build_rss(context(spoken, make_article(2)))
    assert b"<itunes:author>Lakeside Courier</itunes:author>" in document
    assert b"itunes" not in build_rss(context(make_article()))


def test_rss_names_every_author() -> None:
    root = etree.fromstring(build_rss(context(make_article(authors=("Ana Marić", "Bo")))))
    assert [one.text for one in root.iter("{http://purl.org/dc/elements/1.1/}creator")] == ["Ana Marić", "Bo"]
    assert root.find(".//author") is None


@pytest.mark.parametrize(
    ("minutes", "said"), [(5, ("hourly", "12")), (60, ("hourly", "1")), (360, ("daily", "4")), (4000, ("daily", "1"))]
)
def test_rss_says_how_often_it_is_worth_looking(minutes: int, said: tuple[str, str]) -> None:
    root = etree.fromstring(build_rss(context(every=timedelta(minutes=minutes))))
    sy = "{http://purl.org/rss/1.0/modules/syndication/}"
    assert (root.findtext(f".//{sy}updatePeriod"), root.findtext(f".//{sy}updateFrequency")) == said


def test_an_article_without_an_author_is_the_sites() -> None:
    root = etree.fromstring(build_atom(context(make_article())))
    assert root.findtext(f"{ATOM}author/{ATOM}name") == "Lakeside Courier"


@both
def test_keeps_the_order_and_the_newest_date(kind: str) -> None:
    edited_at = NOON + timedelta(days=30)
    old_but_edited = make_article(1, changed_at=edited_at)
    parsed = read(kind, make_article(3), make_article(2), old_but_edited)
    assert [one.title[-1] for one in parsed.entries] == ["3", "2", "1"]
    assert timegm(parsed.feed.updated_parsed) == edited_at.timestamp()


def test_what_is_gone_has_a_tombstone_in_atom_only() -> None:
    gone = Gone("tag:lakeside,2026:9?a&b", NOON + timedelta(days=2))
    feed = context(make_article(), gone=(gone,), withdrawn_at=gone.at)
    (stone,) = etree.fromstring(build_atom(feed)).iter("{http://purl.org/atompub/tombstones/1.0}deleted-entry")
    assert dict(stone.attrib) == {"ref": gone.id, "when": "2026-03-04T12:00:00+00:00"}
    assert timegm(parse(build_atom(feed)).feed.updated_parsed) == gone.at.timestamp()
    assert gone.id not in html.unescape(build_rss(feed).decode() + build_json(feed).decode())


@pytest.mark.parametrize("build", [build_rss, build_atom, build_json])
def test_the_same_articles_give_the_same_bytes(build: Any) -> None:
    assert build(context(make_article(), make_article(2))) == build(context(make_article(), make_article(2)))


@both
def test_a_feed_without_articles_is_a_feed(kind: str) -> None:
    assert read(kind).entries == []
    assert json.loads(build_json(context()))["items"] == []


def test_a_permalink_is_said_to_be_one() -> None:
    url = "https://lakeside.example/ferry"
    own, other = piece(url=url), replace(piece(), id=url, url=url)
    flags = [etree.fromstring(build_rss(context(one))).find(".//guid").get("isPermaLink") for one in (own, other)]
    assert flags == ["false", "true"]


def test_a_picture_that_the_body_lacks_comes_first() -> None:
    picture = "https://lakeside.example/a.jpg?w=1&h=2"
    (one,) = read("atom", make_article(image=picture)).entries
    assert one.content[0].value.startswith('<p><img src="https://lakeside.example/a.jpg?w=1&amp;h=2" alt=""></p>')
    within = make_article(image=picture, html=f'<p><img src="{html.escape(picture)}"></p>')
    (one,) = read("atom", within).entries
    assert one.content[0].value == within.html


@pytest.mark.parametrize("title", ["", " \n", "\x00"])
def test_an_article_without_a_title_is_called_by_its_text(title: str) -> None:
    (one,) = read("atom", make_article(title=title)).entries
    assert one.title == "The ferry left at seven."


@both
def test_an_article_without_anything_is_still_one(kind: str) -> None:
    (one,) = read(kind, make_article(title="", html="", text="", summary="")).entries
    assert (one.title, one.link) == ("Untitled", "https://news.lakeside.example/articles/ferry-1")


def test_leaves_the_locale_alone() -> None:
    before = locale.setlocale(locale.LC_ALL)
    build_rss(context(make_article()))
    assert locale.setlocale(locale.LC_ALL) == before
