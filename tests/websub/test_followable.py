"""Addresses of feeds that can be followed, and their files."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.websub.followable import Followable

BASE = "https://news.example/feeds/"
KINDS = {"rss.xml": "application/rss+xml", "atom.xml": "application/atom+xml"}


@pytest.fixture(scope="module")
def feeds(tmp_path_factory: pytest.TempPathFactory) -> Followable:
    directory = tmp_path_factory.mktemp("feeds")
    for name in (
        *("index.html", "rss.xml", "daily/rss.xml", "daily/rss.xml.gz", "daily/atom.xml", "daily/tags/ferry/rss.xml"),
        *("daily/tags/archive/rss.xml", "daily/tags/ž-1/rss.xml", "daily/archive/1/rss.xml", "private/abc/rss.xml"),
        "daily/.hidden/rss.xml",
    ):
        file = directory / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x")
    (directory.parent / "rss.xml").write_text("outside")
    return Followable(BASE, directory, KINDS)


def test_all_that_can_be_followed(feeds: Followable) -> None:
    found = dict(feeds.all())
    assert list(found) == [
        f"{BASE}daily/atom.xml",
        f"{BASE}daily/rss.xml",
        f"{BASE}daily/tags/%C5%BE-1/rss.xml",
        f"{BASE}daily/tags/archive/rss.xml",
        f"{BASE}daily/tags/ferry/rss.xml",
    ]
    for address in found:
        file = feeds.file(address)
        assert file
        assert file.is_file()


@pytest.mark.parametrize(
    "path",
    [
        *("", "index.html", "rss.xml", "daily", "daily/", "daily/rss.xml.gz", "daily/rss.xml?x", "daily/rss.xml#x"),
        *("daily/archive/1/rss.xml", "private/abc/rss.xml", "nowhere/rss.xml", "../rss.xml", "%2E%2E/rss.xml"),
        *("daily/../daily/rss.xml", "daily//rss.xml", "/daily/rss.xml", "d%61ily/rss.xml", "daily%2Frss.xml"),
        *("daily/.hidden/rss.xml", "daily/tags/ž-1/rss.xml", "daily/tags/%c5%be-1/rss.xml", "daily/rss.xml%00"),
    ],
)
def test_what_is_no_feed(feeds: Followable, path: str) -> None:
    assert feeds.file(BASE + path) is None


@given(st.text(alphabet="daily/rs.xm%2EFe\0\n", max_size=30) | st.text(max_size=30))
@settings(max_examples=60)
def test_no_address_leads_out_of_the_folder(feeds: Followable, path: str) -> None:
    file = feeds.file(BASE + path)
    assert file is None or BASE + path in dict(feeds.all())


def test_what_was_written_anew_looks_different(tmp_path: Path) -> None:
    feeds = Followable(BASE, tmp_path, KINDS)
    file = tmp_path / "daily/rss.xml"
    file.parent.mkdir()
    file.write_text("a")
    before = dict(feeds.all())
    assert dict(feeds.all()) == before
    file.write_text("bb")
    assert dict(feeds.all()) != before
    assert dict(Followable(BASE, tmp_path / "none", KINDS).all()) == {}
