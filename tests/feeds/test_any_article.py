"""Whatever article goes in, each format is well-formed, and reading it back gives the same."""

from __future__ import annotations

import html
import json
import re
from calendar import timegm
from datetime import UTC, datetime
from typing import Any

import feedparser
import pytest
from hypothesis import assume, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from lxml import etree

from syndicate.feeds.formats import FORMATS
from syndicate.model import Enclosure
from tests.feeds.test_build import ATOM, context, piece

RSS_BODY = "{http://purl.org/rss/1.0/modules/content/}encoded"
ODD = [
    "]]>",
    "<![CDATA[",
    "\x00",
    "\x0b",
    "\r\n",
    "\ufffe",
    "\ud800",
    "&amp;",
    "&#0;",
    "<b>",
    "<!--",
    "\u202e",
    "🜍",
    "é",
]
TEXT = st.lists(st.one_of(st.text(st.characters(exclude_categories=()), max_size=20), st.sampled_from(ODD)), max_size=6)
WORDS = TEXT.map("".join)
INSTANTS = st.datetimes(datetime(1980, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
PATHS = st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=1, max_size=20)
BUILDERS = {one.file: one.build for one in FORMATS}


def same(left: str, right: str) -> bool:
    """Whether two texts are the same but for white space, and for what a reader takes for HTML where RSS says neither.

    That is markup: feedparser drops the spaces that a tag's own lines have, and decodes what looks like an entity.
    """

    def read(text: str) -> str:
        for _ in range(3):
            text = html.unescape(text)
        return re.sub(r"[\s\xa0\x1c-\x1f]+", "", text)

    return read(left) == read(right)


def kept(text: str) -> str:
    """What XML 1.0 lets through, but for controls, with its line ends (§2.2, §2.11)."""
    shown = (
        c
        for c in text
        if c in "\t\n\r" or " " <= c <= "~" or ("\xa0" <= c <= "\ufffd" and not _is_half(c)) or c > "\uffff"
    )
    return "".join(shown).replace("\r\n", "\n").replace("\r", "\n")


def _is_half(c: str) -> bool:
    return "\ud800" <= c <= "\udfff"


def is_repaired(text: str) -> bool:
    """Whether feedparser would take it for UTF-8 that somebody read as Latin-1, and turn it back."""
    try:
        return not text.isascii() and bool(text.encode("latin-1").decode("utf-8"))
    except UnicodeError:
        return False


@given(
    title=WORDS,
    body=WORDS,
    summary=WORDS,
    name=WORDS,
    tag=WORDS,
    path=PATHS,
    published_at=INSTANTS,
    changed_at=INSTANTS,
)
@hypothesis_settings(max_examples=60, deadline=None)
def test_it_comes_back(
    title: str,
    body: str,
    summary: str,
    name: str,
    tag: str,
    path: str,
    published_at: datetime,
    changed_at: datetime,
) -> None:
    url = f"https://lakeside.example/{path}?a=1&b=2"
    shown_title, shown_body = " ".join(kept(f"T {title}").split()), kept(f"<p>{body}</p>")
    one = piece(
        url=url,
        title=f"T {title}",
        html=f"<p>{body}</p>",
        summary=f"S {summary}",
        authors=(f"A {name}",),
        tags=(f"G {tag}",),
        published_at=published_at,
        picked_up_at=published_at,
        changed_at=changed_at,
        enclosures=(Enclosure(url, "audio/mpeg", 7),),
    )
    assume(not any(map(is_repaired, (shown_title, shown_body, url))))
    feed = context(one)
    for file in ("rss.xml", "atom.xml"):
        document = BUILDERS[file](feed)
        root = etree.fromstring(document)
        element = root.find(".//item") if file == "rss.xml" else root.find(f"{ATOM}entry")
        assert element.findtext("title" if file == "rss.xml" else f"{ATOM}title") == shown_title
        assert element.findtext(RSS_BODY if file == "rss.xml" else f"{ATOM}content") == shown_body
        (read,) = feedparser.parse(document, sanitize_html=False, resolve_relative_uris=False).entries
        assert (read.id, read.link) == (one.id, url)
        assert same(read.title, shown_title)
        assert timegm(read.published_parsed) == int(published_at.timestamp())
        assert same(read.content[0].value, shown_body)
        if file == "atom.xml":
            assert timegm(read.updated_parsed) == int(one.updated_at.timestamp())
    (item,) = json.loads(BUILDERS["feed.json"](feed))["items"]
    assert (item["id"], item["url"], item["title"]) == (one.id, url, shown_title)
    assert item["content_html"] == shown_body
    assert datetime.fromisoformat(item["date_published"]) == published_at.replace(microsecond=0)
    assert datetime.fromisoformat(item["date_modified"]) == one.updated_at.replace(microsecond=0)


@pytest.mark.parametrize("file", BUILDERS)
def test_a_body_of_a_million_octets_comes_back(file: str) -> None:
    body = "<p>The ferry – ]]> &amp; left.</p>\n" * 30_000
    document = BUILDERS[file](context(piece(html=body)))
    assert len(document) > 1_000_000
    if file == "feed.json":
        found: Any = json.loads(document)["items"][0]["content_html"]
    else:
        (read,) = feedparser.parse(document, sanitize_html=False, resolve_relative_uris=False).entries
        found = read.content[0].value
    assert found.strip() == body.strip()
