"""Published feeds against what defines their formats: RFC 4287, JSON Feed 1.1, and the RSS Advisory Board's profile."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from lxml import etree

from syndicate.model import Enclosure
from tests.feeds.newsroom import NOON, Newsroom
from tests.feeds.test_publish import sent

HERE = Path(__file__).parent
ATOM = "{http://www.w3.org/2005/Atom}"
CORE = {
    *("title", "link", "description", "language", "copyright", "managingEditor", "webMaster", "pubDate"),
    *("lastBuildDate", "category", "generator", "docs", "cloud", "ttl", "image", "rating", "textInput"),
    *("skipHours", "skipDays", "item", "author", "comments", "enclosure", "guid", "source"),
}
ONE_IN_A_CHANNEL = ["title", "link", "description", "language", "lastBuildDate", "generator", "docs"]
ONE_IN_AN_ITEM = ["title", "link", "description", "guid", "pubDate"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Feeds with everything in them: archived pages, tombstones, hubs, sound, pictures, odd titles and no titles."""
    newsroom = Newsroom.open(tmp_path_factory.mktemp("newsroom"), feeds={"entries": 2})
    ids = [
        newsroom.add(1, tags=("harbour", "Fährleute & mehr")),
        newsroom.add(2, title="", summary="", authors=("Ana Marić", "Bo"), language="sr-Latn"),
        newsroom.add(3, url="https://lakeside.example/3", guid="https://lakeside.example/3", html="", text=""),
        newsroom.add(
            4,
            title="<b>Bold</b> & ]]>",
            image="https://lakeside.example/4.jpg",
            tags=("harbour",),
            enclosures=(Enclosure("https://lakeside.example/4.mp3", "audio/mpeg", 4), Enclosure("https://l.example/b")),
        ),
        newsroom.add(5, tags=("gone",)),
        newsroom.add(6),
    ]
    newsroom.publish()
    sent(newsroom, 9, ids[:4])
    newsroom.withdraw(ids[4], NOON + timedelta(days=7))
    newsroom.publish(NOON + timedelta(days=7), hubs=("https://hub.example/",))
    newsroom.store.close()
    return newsroom.settings.feeds.directory


@pytest.fixture(scope="module")
def schema() -> etree.RelaxNG:
    return etree.RelaxNG(etree.parse(HERE / "atom.rng"))


def found(folder: Path, name: str) -> list[Path]:
    files = sorted(folder.rglob(name))
    assert len(files) > 5
    return files


def test_atom_is_valid(folder: Path, schema: etree.RelaxNG) -> None:
    for path in found(folder, "atom.xml"):
        document = etree.parse(path)
        assert schema.validate(document), f"{path}: {schema.error_log}"
        root = document.getroot()
        assert root.find(f"{ATOM}author") is not None, "else each entry needs one (RFC 4287 §4.1.1)"
        for place in (root, *root.iter(f"{ATOM}entry")):
            alternates = [
                (link.get("type"), link.get("hreflang"))
                for link in place.findall(f"{ATOM}link")
                if link.get("rel", "alternate") == "alternate"
            ]
            assert len(set(alternates)) == len(alternates), "one of each kind (RFC 4287 §4.1.1, §4.1.2)"
        ids = [one.text for one in root.iterfind(f"{ATOM}entry/{ATOM}id")]
        assert len(set(ids)) == len(ids)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"<id>tag:", b"<id> "),
        (b"<updated>2", b"<updated>x"),
        (b"<title>", b"<title type='nonsense'>"),
        (b'<link href="', b'<link nothref="'),
        (b"<name>Lakeside Courier</name>", b""),
        (b"<published>", b"<published>1"),
        (b"<subtitle>", b"<sub>1</sub><subtitle>"),
    ],
)
def test_the_schema_sees_what_is_wrong(folder: Path, schema: etree.RelaxNG, before: bytes, after: bytes) -> None:
    content = (folder / "daily/atom.xml").read_bytes()
    broken = content.replace(before, after, 1)
    assert broken != content
    assert not schema.validate(etree.fromstring(broken))


def test_json_is_valid(folder: Path) -> None:
    rules = json.loads((HERE / "jsonfeed.schema.json").read_text("utf-8"))
    validator = jsonschema.Draft202012Validator(rules)
    for path in found(folder, "feed.json"):
        assert [f"{path}: {error.message}" for error in validator.iter_errors(json.loads(path.read_bytes()))] == []


def test_rss_keeps_the_profile(folder: Path) -> None:
    for path in found(folder, "rss.xml"):
        root = etree.parse(path).getroot()
        assert (root.tag, root.get("version")) == ("rss", "2.0")
        (channel,) = root
        items = channel.findall("item")
        assert {one.tag for one in root.iter() if "{" not in str(one.tag)} <= CORE | {"rss", "channel"}
        for name in ONE_IN_A_CHANNEL:
            assert len(channel.findall(name)) == 1, name
        assert channel.find("ttl") is None
        assert channel.findall("item") == [one for one in channel if one.tag == "item"][: len(items)]
        assert [one.tag for one in channel][-len(items) or len(channel) :] == ["item"] * len(items), "items stand last"
        selfs = [one for one in channel.findall(f"{ATOM}link") if one.get("rel") == "self"]
        assert [one.get("type") for one in selfs] == ["application/rss+xml"]
        assert channel.findtext("docs") == "http://www.rssboard.org/rss-specification"
        for item in items:
            check_item(item)
        addresses = [one.text for one in root.iter("link")] + [one.get("href") for one in root.iter(f"{ATOM}link")]
        assert all(re.match(r"https?://\S+$", one or "") for one in addresses)
        for date in [*root.iter("pubDate"), *root.iter("lastBuildDate")]:
            assert re.fullmatch(r"[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} \+0000", date.text)
            assert parsedate_to_datetime(date.text).tzinfo


def check_item(item: Any) -> None:
    """What the profile asks of an item."""
    for name in ONE_IN_AN_ITEM:
        assert len(item.findall(name)) == 1, name
    assert item.find("author") is None, "that would be a mail address; dc:creator is for names"
    assert (item.findtext("title") or "").strip()
    guid = item.find("guid")
    assert guid.get("isPermaLink") in ("true", "false")
    if guid.get("isPermaLink") == "true":
        assert re.match(r"https?://", guid.text)
    enclosures = item.findall("enclosure")
    assert len(enclosures) <= 1
    for one in enclosures:
        assert set(one.attrib) == {"url", "length", "type"}
        assert one.get("length").isdecimal()
    assert all((one.text or "").strip() for one in item.findall("category"))


def test_opml_is_one_that_readers_import(folder: Path) -> None:
    root = etree.parse(folder / "feeds.opml").getroot()
    assert (root.tag, root.get("version"), [one.tag for one in root]) == ("opml", "2.0", ["head", "body"])
    for outline in root.iter("outline"):
        assert outline.get("text")
        if outline.get("type") == "rss":
            assert outline.get("xmlUrl").startswith("https://")
            assert outline.get("htmlUrl").startswith("https://")
        else:
            assert len(outline)
