"""Feeds are read back with feedparser and with lxml."""

from __future__ import annotations

import html
import locale
from calendar import timegm
from datetime import timedelta
from pathlib import Path
from typing import Any

import feedparser
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from lxml import etree

from syndicate.feeds.build import FeedContext, build_atom, build_rss, guid_of
from syndicate.model import Article, Enclosure
from syndicate.render.links import Links, Signer
from tests.feeds.newsroom import NOON, SECRET, make_article, make_settings

SETTINGS = make_settings(Path("/nowhere"))
BUILDERS = {"rss": build_rss, "atom": build_atom}
ATOM = "{http://www.w3.org/2005/Atom}"
TEXT = st.text(st.characters(exclude_categories=()), max_size=60)
both = pytest.mark.parametrize("kind", ["rss", "atom"])


def context(*articles: Article) -> FeedContext:
    links = Links(SETTINGS.site.url, Signer(SECRET))
    return FeedContext(site=SETTINGS.site, newsletter=SETTINGS.newsletters[0], articles=articles, links=links)


def read(kind: str, *articles: Article) -> Any:
    parsed = feedparser.parse(BUILDERS[kind](context(*articles)), sanitize_html=False, resolve_relative_uris=False)
    assert not parsed.bozo
    return parsed


@both
def test_says_what_the_feed_is(kind: str) -> None:
    feed = read(kind, make_article()).feed
    assert feed.title == "The Daily Brief"
    assert feed.subtitle == "What happened by the lake, every morning."
    assert feed.language == "en"
    assert feed.link == "https://news.lakeside.example/"
    (self_link,) = [link for link in feed.links if link.rel == "self"]
    assert self_link.href == f"https://news.lakeside.example/feeds/daily/{kind}.xml"
    assert self_link.type == f"application/{kind}+xml"
    assert feed.generator == "syndicate"


@both
def test_carries_a_whole_article(kind: str) -> None:
    article = make_article(
        url="https://lakeside.example/ferry",
        html="<h2>Why</h2><p>A &amp; B, <code>]]&gt;</code> ]]> end</p>",
        summary="Ferries & <fees>",
        authors=("Ana Marić", "Bo"),
        tags=("harbour", "money & fees"),
        enclosures=(
            Enclosure("https://lakeside.example/a.mp3", "audio/mpeg", 1234),
            Enclosure("https://lakeside.example/b.mp3", "audio/mpeg"),
        ),
    )
    (one,) = read(kind, article).entries
    assert one.title == article.title
    assert one.id == one.link == "https://lakeside.example/ferry"
    assert one.content[0].value == article.html
    assert html.unescape(one.summary) == "Ferries & <fees>"
    assert [author.name for author in one.authors if author] == ["Ana Marić", "Bo"]
    assert [tag.term for tag in one.tags] == ["harbour", "money & fees"]
    assert one.published_parsed[:6] == (2026, 3, 3, 12, 0, 0)
    assert one.enclosures[0].href == "https://lakeside.example/a.mp3"
    assert one.enclosures[0].length == "1234"
    assert len(one.enclosures) == (2 if kind == "atom" else 1)


def test_rss_names_every_author() -> None:
    root = etree.fromstring(build_rss(context(make_article(authors=("Ana Marić", "Bo")))))
    assert [one.text for one in root.iter("{http://purl.org/dc/elements/1.1/}creator")] == ["Ana Marić", "Bo"]
    assert root.find(".//author") is None


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


@both
def test_the_same_articles_give_the_same_bytes(kind: str) -> None:
    build = BUILDERS[kind]
    assert build(context(make_article(), make_article(2))) == build(context(make_article(), make_article(2)))


@both
def test_a_feed_without_articles_is_a_feed(kind: str) -> None:
    assert read(kind).entries == []


def test_guid_is_the_permalink_or_a_tag_that_no_edit_moves() -> None:
    own = make_article(url="https://lakeside.example/ferry")
    assert guid_of(own, SETTINGS.site) == "https://lakeside.example/ferry"
    here = make_article(7, guid="2026/Ferry & co.md")
    edited = make_article(8, guid=here.guid, title="Other", html="<p>other</p>", changed_at=NOON)
    assert guid_of(here, SETTINGS.site) == guid_of(edited, SETTINGS.site)
    assert guid_of(here, SETTINGS.site) == "tag:news.lakeside.example,2026:newsroom/2026/Ferry%20%26%20co.md"
    flags = [
        etree.fromstring(build_rss(context(article))).find(".//guid").get("isPermaLink") for article in (own, here)
    ]
    assert flags == ["true", "false"]


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


def test_leaves_the_locale_alone() -> None:
    before = locale.setlocale(locale.LC_ALL)
    build_rss(context(make_article()))
    assert locale.setlocale(locale.LC_ALL) == before


@given(title=TEXT, body=TEXT, summary=TEXT, name=TEXT, tag=TEXT, guid=TEXT, kind=st.sampled_from(["rss", "atom"]))
@hypothesis_settings(max_examples=150, deadline=None)
def test_any_text_is_well_formed_and_comes_back(
    title: str, body: str, summary: str, name: str, tag: str, guid: str, kind: str
) -> None:
    article = make_article(
        title=f"T {title}", html=body, summary=summary, authors=(f"A {name}",), tags=(f"G {tag}",), guid=guid
    )
    root = etree.fromstring(BUILDERS[kind](context(article)))
    parts = root.find(".//item") if kind == "rss" else root.find(f"{ATOM}entry")
    shown = "".join(c for c in title if _in_xml(c))
    assert parts.find("title" if kind == "rss" else f"{ATOM}title").text == " ".join(f"T {shown}".split())
    texts = [one.text for one in parts.iter() if one.text]
    kept = "".join(c for c in body if _in_xml(c))
    assert not kept or any(text == kept for text in texts)


def _in_xml(c: str) -> bool:
    return c in "\t\n\r" or " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c > "\uffff"
