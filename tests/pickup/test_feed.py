"""Feeds: golden pairs of every format, and what is refused."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.errors import ParseError
from syndicate.pickup.feed import parse_feed
from tests.pickup.golden import DATA, as_json, expected

SHAPES = sorted(path for path in (DATA / "feeds").iterdir() if not path.name.endswith(".golden.json"))
"""What formats of all ages, programs that publish, and odd encodings look like; written from their documentation."""
FEEDS = [DATA / name for name in ("rss20.xml", "atom.xml", "rdf.xml", "feed.json")]
URL = "https://wire.example/feeds/all"


@pytest.mark.parametrize("source", [*FEEDS, *SHAPES], ids=lambda path: path.name)
def test_feed_becomes_its_golden_articles(source: Path) -> None:
    assert as_json(parse_feed(source.read_bytes(), URL, None).contents) == expected(source)


def rss(item: str) -> bytes:
    return f'<rss version="2.0"><channel><title>T</title>{item}</channel></rss>'.encode()


def test_identity_is_guid_then_link_then_hash() -> None:
    feed = rss(
        "<item><title>a</title><guid isPermaLink='false'>g</guid><link>https://x.example/a</link></item>"
        "<item><title>b</title><link>https://x.example/b</link></item>"
        "<item><title>c</title></item>"
        "<item><title>d</title></item>"
    )
    first, second, third, fourth = parse_feed(feed, URL, None).contents
    assert (first.guid, second.guid) == ("g", "https://x.example/b")
    assert third.guid.startswith("sha256:")
    assert third.guid != fourth.guid
    assert parse_feed(feed, URL, None).contents[2].guid == third.guid


def test_guid_that_stands_twice_counts_once() -> None:
    feed = rss("<item><guid>g</guid><title>a</title></item><item><guid>g</guid><title>b</title></item>")
    assert [content.title for content in parse_feed(feed, URL, None).contents] == ["a"]


def test_an_entry_that_only_leads_somewhere_is_named_by_that() -> None:
    feed = rss(
        "<item><link>https://x.example/2026/ferry-is_back.html</link></item><item><link>https://y.example/</link></item>"
        "<item><enclosure url='https://z.example/The%20bell.mp3' type='audio/mpeg'/></item>"
        "<item><guid isPermaLink='false'>g</guid></item>"
    )
    titles = [content.title for content in parse_feed(feed, URL, None).contents]
    assert titles == ["ferry is back", "y.example", "The bell.mp3"]


def test_feed_without_entries_is_a_feed() -> None:
    assert parse_feed(rss(""), URL, "application/rss+xml").contents == ()


def test_encoding_of_the_http_header_is_used() -> None:
    feed = rss("<item><title>Мост</title></item>").decode().encode("cp1251")
    (content,) = parse_feed(feed, URL, "application/xml; charset=windows-1251").contents
    assert content.title == "Мост"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "is empty"),
        (b"hello", "is not a feed"),
        (b"\x00\x01\x02", "is not a feed"),
        (b"<rss><channel><item><title>&#x110000;</title></rss>", "is broken beyond reading"),
        (b"{", "not readable JSON"),
        (b"[" * 100_000, "not readable JSON"),
        (b"{}", "not a JSON Feed"),
        (b"<html><head></head><body>Hi</body></html>", "is a web page, not a feed, and names none"),
        (
            (
                b'<html><link rel=alternate type=application/rss+xml href="javascript:x"><link rel=alternate href=/rss '
                b'type=text/html><link rel=stylesheet type="application/rss+xml" href=/x><body>Hi</body></html>'
            ),
            "is a web page, not a feed, and names none",
        ),
    ],
)
def test_what_is_not_a_feed_is_named(body: bytes, reason: str) -> None:
    with pytest.raises(ParseError) as raised:
        parse_feed(body, URL, None)
    assert reason in str(raised.value)
    assert str(raised.value).startswith(URL)


def test_a_web_page_tells_where_its_feed_is() -> None:
    link = "<link href='all.xml' type='Application/RSS+XML; charset=utf-8' rel='ALTERNATE home'>"
    assert parse_feed(f"<html><head>{link}</head><body>Hi</body></html>".encode(), URL, "text/html").elsewhere == (
        "https://wire.example/feeds/all.xml"
    )
    based = f"<html><head><base href='/b/'>{link}</head><body>Hi</body></html>"
    assert parse_feed(based.encode(), URL, "text/html").elsewhere == "https://wire.example/b/all.xml"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_entities_that_grow_are_refused(encoding: str) -> None:
    declaration = f'<?xml version="1.0" encoding="{encoding.removesuffix("-sig")}"?>\n<!-- x -->'
    text = "<rss version='2.0'><channel><title>T</title><item><title>A{}</title></item></channel></rss>"

    def read(entities: str, uses: str) -> str:
        document = f"{declaration}<!DOCTYPE rss [{entities}]>{text.format(uses)}"
        return parse_feed(document.encode(encoding), URL, None).contents[0].title

    assert read('<!ENTITY name "ferry">', " &name;") == "A ferry"
    with pytest.raises(ParseError, match="far larger than it is"):
        read(f'<!ENTITY a "{"ha" * 5000}">', "&a;" * 200)
    with pytest.raises(ParseError, match="far larger than it is"):
        read("".join(f'<!ENTITY e{n} "x">' for n in range(201)), "")
    nested = "".join(f'<!ENTITY b{n + 1} "&b{n};&b{n};&b{n};&b{n};">' for n in range(40))
    assert len(read(f'<!ENTITY b0 "ha">{nested}', "&b40;")) < 100
    assert "root:" not in read('<!ENTITY x SYSTEM "file:///etc/passwd">', "&x;")


@pytest.mark.parametrize("begin", [b" " * 5000, b"<!-- x -->" * 5000, b"<?x" * 5000])
def test_long_beginnings_take_no_time(begin: bytes) -> None:
    with suppress(ParseError):
        parse_feed(b"<?xml version='1.0'?>" + begin + b"<rss", URL, None)


def test_article_about_entities_is_read() -> None:
    feed = rss("<item><title>XXE</title><description>&lt;!DOCTYPE a [ &lt;!ENTITY b 'c'> ]></description></item>")
    assert parse_feed(feed, URL, None).contents[0].title == "XXE"


@pytest.mark.parametrize(
    ("says", "every"),
    [
        ("<ttl>90</ttl>", timedelta(minutes=90)),
        ("<ttl>soon</ttl>", None),
        ("<ttl>99999999999999999999</ttl>", None),
        ("<sy:updatePeriod> daily </sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>", timedelta(hours=6)),
        ("<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>", timedelta(hours=1)),
        ("", None),
    ],
)
def test_how_often_a_feed_asks_to_be_looked_at(says: str, every: timedelta | None) -> None:
    feed = rss(says).replace(b"<rss", b'<rss xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"')
    assert parse_feed(feed, URL, None).asks_every == every


def test_of_an_archive_only_the_newest_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("syndicate.pickup.build.MOST", 2)
    dates = ("01 Mar 2026", "03 Mar 2026", "02 Mar 2026")
    feed = rss("".join(f"<item><title>{day}</title><pubDate>{day} 10:00 GMT</pubDate></item>" for day in dates))
    read = parse_feed(feed, URL, None)
    assert ([content.title for content in read.contents], read.left_out) == (["03 Mar 2026", "02 Mar 2026"], 1)
    undated = parse_feed(rss("".join(f"<item><title>{n}</title></item>" for n in range(3))), URL, None)
    assert [content.title for content in undated.contents] == ["0", "1"]


BROKEN = st.sampled_from(
    [
        *(b"<item>", b"</item>", b"<![CDATA[", b"<!", b"<?", b"&#0;", b"&no;", b"\0", b"\xff", b"<enclosure/>"),
        *(
            b"<link>http://[</link>",
            b"<pubDate>99 Foo 99999</pubDate>",
            b"<image/>",
            b"xml:base='http://['",
            b"<author/>",
        ),
    ]
)


@settings(deadline=None, max_examples=80)
@given(
    source=st.sampled_from([path.read_bytes() for path in FEEDS]),
    cuts=st.lists(st.tuples(st.integers(0, 2500), st.integers(0, 30), BROKEN | st.binary(max_size=4)), max_size=5),
)
def test_broken_feed_is_read_or_a_parse_error(source: bytes, cuts: list[tuple[int, int, bytes]]) -> None:
    for start, length, instead in cuts:
        source = source[:start] + instead + source[start + length :]
    with suppress(ParseError):
        contents = parse_feed(source, URL, None).contents
        assert all(content.title and content.guid for content in contents)


@settings(deadline=None, max_examples=40)
@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda text: rss(f"<item><title>{text}</title></item>")))
def test_any_bytes_are_a_feed_or_a_parse_error(body: bytes) -> None:
    try:
        contents = parse_feed(body, URL, None).contents
    except ParseError:
        return
    assert all(content.title for content in contents)
