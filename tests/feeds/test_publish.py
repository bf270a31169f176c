"""Publishing into a real folder from a real database."""

from __future__ import annotations

import fcntl
import gzip
import json
import os
import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import brotli
import feedparser
import pytest
from lxml import etree

from syndicate.errors import SyndicateError
from syndicate.feeds import sheets
from syndicate.feeds.files import alone, write_if_changed
from syndicate.feeds.publish import publish
from syndicate.model import ArticleState, Digest, DigestState, Parts
from syndicate.store import Connection, articles, digests
from tests.feeds.newsroom import NOON, Newsroom, make_settings

FORMATS = ["rss.xml", "atom.xml", "feed.json"]
FRONT = ["index.html", "feeds.opml", "feed.css"]
TOMBSTONE = "{http://purl.org/atompub/tombstones/1.0}deleted-entry"


@pytest.fixture
def newsroom(tmp_path: Path) -> Iterator[Newsroom]:
    opened = Newsroom.open(tmp_path)
    yield opened
    opened.store.close()


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Newsroom]:
    """A newsroom whose feeds hold two articles."""
    opened = Newsroom.open(tmp_path, feeds={"entries": 2})
    yield opened
    opened.store.close()


def of(*folders: str) -> set[str]:
    return {f"{folder}/{file}" for folder in folders for file in FORMATS}


def written(newsroom: Newsroom) -> set[str]:
    return set(newsroom.publish().names)


def files(newsroom: Newsroom) -> list[Path]:
    return sorted(path for path in newsroom.settings.feeds.directory.rglob("*") if path.is_file())


def read(newsroom: Newsroom, file: str) -> bytes:
    return (newsroom.settings.feeds.directory / file).read_bytes()


def titles(newsroom: Newsroom, file: str) -> list[str]:
    parsed = feedparser.parse(read(newsroom, file))
    assert not parsed.bozo
    return [one.title[-1] for one in parsed.entries]


def stones(newsroom: Newsroom, file: str) -> list[str]:
    return [one.get("ref") for one in etree.fromstring(read(newsroom, file)).iter(TOMBSTONE)]


def links(newsroom: Newsroom, file: str) -> dict[str, str]:
    """Relation → address, without the site's."""
    parsed = feedparser.parse(read(newsroom, file))
    return {one.rel: one.href.removeprefix("https://news.lakeside.example/feeds/") for one in parsed.feed.links}


def sent(newsroom: Newsroom, number: int, article_ids: list[int], cadence: str = "daily") -> None:
    """Keeps a digest that went out."""
    due_at = NOON + timedelta(days=number)
    digest = Digest(
        id=number,
        newsletter="daily",
        cadence=cadence,
        slot=f"{due_at:%Y-%m-%dT%H:%MZ}",
        due_at=due_at,
        state=DigestState.SENT,
        subject=f"The Daily Brief, number {number}",
        upto=number,
        composed_at=due_at,
    )
    with newsroom.store.write() as connection:
        digests.add(connection, digest)
        digests.add_variant(connection, number, article_ids, Parts("s", "<p>h</p>", "t", "n"))


def test_each_newsletter_gets_what_is_for_it(newsroom: Newsroom) -> None:
    newsroom.add(1, tags=("harbour", "Ships & Boats"))
    newsroom.add(2, source="wire", tags=("harbour",))
    newsroom.add(3)
    newsroom.add(4, state=ArticleState.HELD)
    newsroom.add(5, source="no-longer-configured")
    tags = ["tags/harbour", "tags/ships-boats"]
    folders = [f"{slug}/{tag}" for slug in ("all", "daily", "harbour") for tag in tags]
    assert written(newsroom) == of("all", "daily", "harbour", *folders) | set(FRONT)
    for file in ("rss.xml", "atom.xml"):
        assert titles(newsroom, f"all/{file}") == ["3", "2", "1"]
        assert titles(newsroom, f"daily/{file}") == ["3", "2", "1"]
        assert titles(newsroom, f"harbour/{file}") == ["1"]
        assert titles(newsroom, f"daily/tags/harbour/{file}") == ["2", "1"]
    tagged = json.loads(read(newsroom, "daily/tags/ships-boats/feed.json"))
    assert (tagged["title"], len(tagged["items"])) == ("The Daily Brief: Ships & Boats", 1)
    assert b'href="../../../feed.css"' in read(newsroom, "daily/tags/harbour/rss.xml")


def test_publishing_again_touches_nothing_and_builds_nothing(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    newsroom.add(1, tags=("harbour",))
    first = newsroom.publish()
    before = [(path.stat().st_mtime_ns, path.stat().st_ino, path.read_bytes()) for path in files(newsroom)]
    monkeypatch.setattr(sheets.Sheet, "build", None)
    again = newsroom.publish()
    assert (again.names, again.unchanged) == ((), len(first.names))
    assert [(path.stat().st_mtime_ns, path.stat().st_ino, path.read_bytes()) for path in files(newsroom)] == before


def test_another_database_that_says_the_same_writes_the_same(newsroom: Newsroom) -> None:
    newsroom.add(1, tags=("harbour",))
    newsroom.publish()
    with newsroom.store.write() as connection:
        connection.exec_driver_sql("DELETE FROM published")
    assert newsroom.publish().names == ()


def test_a_new_article_changes_its_own_feeds_only(newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    newsroom.add(1, tags=("harbour",))
    newsroom.publish()
    built: list[str] = []
    build = sheets.Sheet.build

    def noted(sheet: sheets.Sheet, connection: Connection) -> Iterator[tuple[str, bytes]]:
        built.append(sheet.folder)
        return build(sheet, connection)

    monkeypatch.setattr(sheets.Sheet, "build", noted)
    newsroom.add(2, tags=("ferry",))
    assert written(newsroom) == of("all", "daily", "all/tags/ferry", "daily/tags/ferry") | {"index.html", "feeds.opml"}
    assert sorted(built) == ["all", "all/tags/ferry", "daily", "daily/tags/ferry"]


def test_a_changed_article_keeps_its_id(newsroom: Newsroom) -> None:
    one = newsroom.add(1)
    newsroom.publish()
    (before,) = feedparser.parse(read(newsroom, "daily/rss.xml")).entries
    newsroom.change(one, NOON + timedelta(days=9), title="The ferry does not sail", html="<p>No.</p>")
    assert written(newsroom) == of("all", "daily")
    (after,) = feedparser.parse(read(newsroom, "daily/rss.xml")).entries
    assert (after.id, after.title) == (before.id, "The ferry does not sail")


def test_a_file_that_moved_is_the_same_article(newsroom: Newsroom) -> None:
    one = newsroom.add(1)
    newsroom.publish()
    newsroom.change(one, NOON + timedelta(days=9), guid="elsewhere/ferry.md")
    assert newsroom.publish().names == ()


def test_ids_stay_when_the_site_moves_to_another_domain(newsroom: Newsroom, tmp_path: Path) -> None:
    def ids(file: str) -> tuple[str, list[tuple[str, str]]]:
        parsed = feedparser.parse(read(newsroom, file))
        return parsed.feed.get("id", ""), [(one.id, one.updated if "updated" in one else "") for one in parsed.entries]

    newsroom.add(1)
    newsroom.add(2, url="https://lakeside.example/two", guid="https://lakeside.example/?p=2")
    newsroom.publish()
    before = [ids(f"daily/{file}") for file in ("rss.xml", "atom.xml")]
    moved = make_settings(tmp_path, "https://letters.lakeside.example")
    publish(moved, newsroom.store, newsroom.templates, type(newsroom.links)(moved.site.url, None), now=NOON)  # type: ignore[arg-type]
    assert b"https://letters.lakeside.example/articles/ferry-1" in read(newsroom, "daily/atom.xml")
    assert [ids(f"daily/{file}") for file in ("rss.xml", "atom.xml")] == before
    feed, ((second, _), (first, _)) = before[1]
    assert feed == "tag:news.lakeside.example,2026:feeds/daily"
    assert first == "tag:news.lakeside.example,2026:articles/ferry-1"
    assert second == "https://lakeside.example/?p=2"


def test_nobody_can_replace_an_article_of_another_source(newsroom: Newsroom) -> None:
    newsroom.add(1, guid="https://lakeside.example/?p=1")
    newsroom.add(2, source="wire", guid="https://lakeside.example/?p=1", slug="not-the-ferry")
    newsroom.publish()
    found = [one.id for one in feedparser.parse(read(newsroom, "daily/rss.xml")).entries]
    assert found == ["tag:news.lakeside.example,2026:articles/not-the-ferry", "https://lakeside.example/?p=1"]


def test_a_withdrawn_article_leaves_with_a_tombstone_for_a_month(newsroom: Newsroom) -> None:
    one = newsroom.add(1, tags=("harbour",))
    newsroom.add(2)
    newsroom.publish()
    newsroom.withdraw(one, NOON + timedelta(days=5))
    newsroom.publish(NOON + timedelta(days=5))
    for folder in ("all", "daily", "harbour", "daily/tags/harbour"):
        assert "1" not in titles(newsroom, f"{folder}/rss.xml")
        assert stones(newsroom, f"{folder}/atom.xml") == ["tag:news.lakeside.example,2026:articles/ferry-1"]
    later = newsroom.publish(NOON + timedelta(days=36))
    assert stones(newsroom, "daily/atom.xml") == []
    assert "daily/rss.xml" not in later.names
    assert titles(newsroom, "daily/rss.xml") == ["2"]


def test_an_article_that_comes_back_is_newer_than_its_tombstone(newsroom: Newsroom) -> None:
    one = newsroom.add(1)
    newsroom.publish()
    newsroom.withdraw(one, NOON + timedelta(days=5))
    newsroom.publish(NOON + timedelta(days=5))
    with newsroom.store.write() as connection:
        articles.readmit(connection, [one], now=NOON + timedelta(days=6))
    newsroom.publish(NOON + timedelta(days=6))
    (entry,) = feedparser.parse(read(newsroom, "daily/atom.xml")).entries
    assert stones(newsroom, "daily/atom.xml") == []
    assert entry.updated == "2026-03-08T12:00:00+00:00"


def test_a_tag_that_nobody_uses_any_more_keeps_an_empty_feed(newsroom: Newsroom) -> None:
    one = newsroom.add(1, tags=("Harbor",))
    newsroom.publish()
    newsroom.change(one, NOON, tags=("harbour",))
    assert of("daily/tags/harbor", "daily/tags/harbour") <= written(newsroom)
    assert titles(newsroom, "daily/tags/harbor/rss.xml") == []
    assert b"tags/harbor/" not in read(newsroom, "feeds.opml")


def test_older_articles_are_on_archived_pages(small: Newsroom) -> None:
    ids = [small.add(number) for number in range(1, 6)]
    assert {"daily/archive/1/rss.xml", "daily/archive/1/atom.xml"} <= written(small)
    for file in ("rss.xml", "atom.xml"):
        assert titles(small, f"daily/{file}") == ["5", "4"]
        assert titles(small, f"daily/archive/2/{file}") == ["4", "3"]
        assert titles(small, f"daily/archive/1/{file}") == ["2", "1"]
        assert not (small.settings.feeds.directory / f"daily/archive/3/{file}").exists()
        assert links(small, f"daily/{file}")["prev-archive"] == f"daily/archive/2/{file}"
        assert links(small, f"daily/archive/2/{file}")["prev-archive"] == f"daily/archive/1/{file}"
        assert links(small, f"daily/archive/1/{file}")["next-archive"] == f"daily/archive/2/{file}"
        assert links(small, f"daily/archive/1/{file}")["current"] == f"daily/{file}"
    small.add(6)
    assert {name for name in small.publish().names if "archive" in name} == set()
    small.withdraw(ids[0])
    assert {name for name in small.publish().names if "archive" in name} == {
        f"{slug}/archive/1/{file}" for slug in ("all", "daily") for file in ("rss.xml", "atom.xml")
    }
    assert titles(small, "daily/archive/1/rss.xml") == ["2"]
    assert stones(small, "daily/archive/1/atom.xml") == stones(small, "daily/atom.xml") != []


def test_no_article_is_in_neither_the_feed_nor_its_archive(small: Newsroom) -> None:
    for number in (5, 6, 7, 1, 8, 2, 3, 9, 4):
        small.add(number)
        small.publish()
        shown = set(titles(small, "daily/rss.xml"))
        for page in (small.settings.feeds.directory / "daily/archive").glob("*/rss.xml"):
            shown |= set(titles(small, str(page)))
        with small.store.read() as connection:
            assert len(shown) == len(articles.latest(connection, ["newsroom"], (), 99))


def test_each_sent_digest_is_in_a_feed(newsroom: Newsroom) -> None:
    first, second = newsroom.add(1, summary="Sails & masts."), newsroom.add(2, image="https://lakeside.example/2.jpg")
    newsroom.publish()
    sent(newsroom, 4, [second, first])
    sent(newsroom, 5, [second])
    sent(newsroom, 6, [second, first], cadence="instant")
    assert written(newsroom) == of("daily/digests") | {"index.html", "feeds.opml"}
    parsed = feedparser.parse(read(newsroom, "daily/digests/atom.xml"))
    assert parsed.feed.title == "The Daily Brief: digests"
    assert [one.title for one in parsed.entries] == ["The Daily Brief, number 5", "The Daily Brief, number 4"]
    assert parsed.entries[1].link == "https://news.lakeside.example/archive/daily/4"
    assert parsed.entries[1].id == "tag:news.lakeside.example,2026:digests/daily/daily/2026-03-06T12%3A00Z"
    body = parsed.entries[1].content[0].value
    assert '<a href="https://news.lakeside.example/articles/ferry-1">The ferry sails again, part 1</a>' in body
    assert "Sails &amp; masts." in body
    assert 'src="https://lakeside.example/2.jpg"' in body
    newsroom.withdraw(first, NOON + timedelta(days=9))
    assert of("daily/digests") <= written(newsroom)
    parsed = feedparser.parse(read(newsroom, "daily/digests/atom.xml"))
    assert "part 1" not in parsed.entries[1].content[0].value
    assert parsed.entries[1].updated == "2026-03-11T12:00:00+00:00"


def test_digests_that_differ_in_their_time_zone_alone_are_one(newsroom: Newsroom) -> None:
    one = newsroom.add(1)
    with newsroom.store.write() as connection:
        for number, hour in enumerate((7, 8, 9), 1):
            due_at = NOON.replace(hour=hour)
            digests.add(
                connection,
                Digest(
                    id=number,
                    newsletter="daily",
                    cadence="daily",
                    slot=f"{due_at:%H}",
                    due_at=due_at,
                    state=DigestState.SENT,
                    subject="The same",
                    upto=1,
                    composed_at=due_at,
                ),
            )
            digests.add_variant(connection, number, [one], Parts("s", "h", "t", "n"))
    newsroom.publish()
    (entry,) = feedparser.parse(read(newsroom, "daily/digests/atom.xml")).entries
    assert entry.id.endswith("digests/daily/daily/07")


@pytest.mark.parametrize("harm", ["unlink", "edit", "unlink .gz", "edit .br"])
def test_a_file_that_was_lost_or_edited_is_restored(newsroom: Newsroom, harm: str) -> None:
    newsroom.add(1)
    newsroom.publish()
    verb, _, suffix = harm.partition(" ")
    path = newsroom.settings.feeds.directory / f"daily/rss.xml{suffix}"
    before = path.read_bytes()
    if verb == "unlink":
        path.unlink()
    else:
        path.write_bytes(b"else")
    assert newsroom.publish().names == (() if suffix else ("daily/rss.xml",))
    assert path.read_bytes() == before


def test_every_file_has_its_compressed_forms(newsroom: Newsroom) -> None:
    newsroom.add(1)
    newsroom.publish()
    plain = [path for path in files(newsroom) if path.suffix not in (".gz", ".br")]
    assert len(files(newsroom)) == 3 * len(plain)
    for path in plain:
        content = path.read_bytes()
        assert gzip.decompress(path.with_name(path.name + ".gz").read_bytes()) == content
        assert brotli.decompress(path.with_name(path.name + ".br").read_bytes()) == content
        assert len({path.with_name(path.name + suffix).stat().st_mtime_ns for suffix in ("", ".gz", ".br")}) == 1


def test_hubs_are_named_in_every_format(newsroom: Newsroom) -> None:
    newsroom.publish()
    assert of("daily") <= set(newsroom.publish(hubs=("https://hub.example/",)).names)
    assert all(b"https://hub.example/" in read(newsroom, f"daily/{file}") for file in FORMATS)


def test_the_outline_has_each_feed_once(newsroom: Newsroom) -> None:
    one = newsroom.add(1, tags=("harbour",))
    sent(newsroom, 4, [one])
    newsroom.publish()
    found = etree.fromstring(read(newsroom, "feeds.opml")).xpath("//outline/@xmlUrl")
    directory = newsroom.settings.feeds.directory
    names = [url.removeprefix("https://news.lakeside.example/feeds/") for url in found]
    assert sorted(names) == sorted(path.relative_to(directory).as_posix() for path in directory.rglob("atom.xml"))


def test_the_index_lists_what_is_configured(newsroom: Newsroom, tmp_path: Path) -> None:
    newsroom.add(1, tags=("harbour",))
    newsroom.publish()
    directory = newsroom.settings.feeds.directory
    page = (directory / "index.html").read_text()
    assert all(f'href="{slug}/{file}"' in page for slug in ("all", "daily", "harbour") for file in FORMATS)
    assert 'href="daily/tags/harbour/rss.xml"' in page
    fewer = make_settings(tmp_path, newsletters=[newsroom.settings.newsletters[0].model_dump()])
    publish(fewer, newsroom.store, newsroom.templates, newsroom.links, now=NOON)
    page = (directory / "index.html").read_text()
    assert "daily/rss.xml" in page
    assert 'href="harbour/rss.xml"' not in page
    assert (directory / "harbour/rss.xml").is_file()


def test_anyone_may_read_the_files_and_nothing_is_left_behind(newsroom: Newsroom) -> None:
    first = newsroom.publish()
    assert {stat.S_IMODE(path.stat().st_mode) for path in files(newsroom)} == {0o644}
    assert len(files(newsroom)) == 3 * len(first.names)


def test_whoever_is_reading_keeps_the_old_file_whole(tmp_path: Path) -> None:
    path = tmp_path / "rss.xml"
    write_if_changed(path, b"old")
    with path.open("rb") as reading:
        assert write_if_changed(path, b"new and longer")
        assert reading.read() == b"old"
    assert path.read_bytes() == b"new and longer"


def test_two_processes_take_turns(tmp_path: Path) -> None:
    other = os.open(tmp_path, os.O_RDONLY)
    with alone(tmp_path), pytest.raises(BlockingIOError):
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(other)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "feeds").write_text("a file where the folder should be")
    newsroom = Newsroom.open(tmp_path)
    with pytest.raises(SyndicateError, match=r"feeds: can't be written: .*feeds\.directory"):
        newsroom.publish()
    newsroom.store.close()


def test_a_file_that_cannot_be_written_is_named(newsroom: Newsroom) -> None:
    (newsroom.settings.feeds.directory / "daily/rss.xml").mkdir(parents=True)
    with pytest.raises(SyndicateError, match=r"feeds/daily/rss\.xml: can't be written: .*feeds\.directory"):
        newsroom.publish()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere: run the tests as another user")
def test_a_folder_that_may_not_be_written_is_named(newsroom: Newsroom) -> None:
    newsroom.settings.feeds.directory.mkdir(mode=0o555)
    with pytest.raises(SyndicateError, match="permission denied"):
        newsroom.publish()
