"""Publishing into a real folder from a real database."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import feedparser
import pytest

from syndicate.errors import SyndicateError
from syndicate.feeds.publish import publish, write_if_changed
from syndicate.model import ArticleState
from syndicate.store import articles
from tests.feeds.newsroom import NOON, Newsroom, make_settings

ALL = ["daily/rss.xml", "daily/atom.xml", "harbour/rss.xml", "harbour/atom.xml", "index.html"]


@pytest.fixture
def newsroom(tmp_path: Path) -> Iterator[Newsroom]:
    opened = Newsroom.open(tmp_path)
    yield opened
    opened.store.close()


def written(newsroom: Newsroom) -> list[str]:
    return [path.relative_to(newsroom.settings.feeds.directory).as_posix() for path in newsroom.publish().written]


def titles(newsroom: Newsroom, file: str) -> list[str]:
    parsed = feedparser.parse((newsroom.settings.feeds.directory / file).read_bytes())
    assert not parsed.bozo
    return [one.title[-1] for one in parsed.entries]


def test_each_newsletter_gets_what_is_for_it(newsroom: Newsroom) -> None:
    newsroom.add(1, tags=("harbour",))
    newsroom.add(2, source="wire", tags=("harbour",))
    newsroom.add(3)
    newsroom.add(4, state=ArticleState.HELD)
    newsroom.add(5, source="no-longer-configured")
    assert written(newsroom) == ALL
    for file in ("rss.xml", "atom.xml"):
        assert titles(newsroom, f"daily/{file}") == ["3", "2", "1"]
        assert titles(newsroom, f"harbour/{file}") == ["1"]


def test_publishing_again_touches_nothing(newsroom: Newsroom) -> None:
    newsroom.add(1, tags=("harbour",))
    newsroom.publish()
    files = sorted(path for path in newsroom.settings.feeds.directory.rglob("*") if path.is_file())
    assert len(files) == len(ALL)
    before = [(path.stat().st_mtime_ns, path.stat().st_ino, path.read_bytes()) for path in files]
    again = newsroom.publish()
    assert (again.written, again.unchanged) == ((), len(ALL))
    assert [(path.stat().st_mtime_ns, path.stat().st_ino, path.read_bytes()) for path in files] == before


def test_a_new_article_changes_its_own_newsletters_only(newsroom: Newsroom) -> None:
    newsroom.add(1, tags=("harbour",))
    newsroom.publish()
    newsroom.add(2)
    assert written(newsroom) == ["daily/rss.xml", "daily/atom.xml"]


def test_a_changed_article_keeps_its_guid(newsroom: Newsroom) -> None:
    one = newsroom.add(1)
    newsroom.publish()
    feed = newsroom.settings.feeds.directory / "daily/rss.xml"
    (before,) = feedparser.parse(feed.read_bytes()).entries
    newsroom.change(one, NOON + timedelta(days=9), title="The ferry does not sail", html="<p>No.</p>")
    assert written(newsroom) == ["daily/rss.xml", "daily/atom.xml"]
    (after,) = feedparser.parse(feed.read_bytes()).entries
    assert (after.id, after.title) == (before.id, "The ferry does not sail")


def test_a_withdrawn_article_leaves_the_feeds(newsroom: Newsroom) -> None:
    one = newsroom.add(1)
    newsroom.publish()
    with newsroom.store.write() as connection:
        articles.set_state(connection, [one], ArticleState.WITHDRAWN, now=NOON)
    newsroom.publish()
    assert titles(newsroom, "daily/rss.xml") == []


def test_holds_no_more_than_is_set(tmp_path: Path) -> None:
    newsroom = Newsroom.open(tmp_path, feeds={"entries": 2})
    for number in (1, 2, 3):
        newsroom.add(number)
    newsroom.publish()
    assert titles(newsroom, "daily/rss.xml") == ["3", "2"]
    newsroom.store.close()


def test_the_index_lists_what_is_configured(newsroom: Newsroom, tmp_path: Path) -> None:
    newsroom.publish()
    directory = newsroom.settings.feeds.directory
    page = (directory / "index.html").read_text()
    assert all(f'href="{file}"' in page for file in ALL[:-1])
    fewer = make_settings(tmp_path, newsletters=[newsroom.settings.newsletters[0].model_dump()])
    publish(fewer, newsroom.store, newsroom.templates, newsroom.links)
    page = (directory / "index.html").read_text()
    assert "daily/rss.xml" in page
    assert "harbour" not in page
    assert (directory / "harbour/rss.xml").is_file()


def test_anyone_may_read_the_files_and_nothing_is_left_behind(newsroom: Newsroom) -> None:
    newsroom.publish()
    files = [path for path in newsroom.settings.feeds.directory.rglob("*") if path.is_file()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o644}
    assert len(files) == len(ALL)


def test_whoever_is_reading_keeps_the_old_file_whole(tmp_path: Path) -> None:
    path = tmp_path / "rss.xml"
    write_if_changed(path, b"old")
    with path.open("rb") as reading:
        assert write_if_changed(path, b"new and longer")
        assert reading.read() == b"old"
    assert path.read_bytes() == b"new and longer"


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "feeds").write_text("a file where the folder should be")
    newsroom = Newsroom.open(tmp_path)
    with pytest.raises(SyndicateError, match=r"feeds/daily/rss\.xml: can't be written: .*feeds\.directory"):
        newsroom.publish()
    newsroom.store.close()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere: run the tests as another user")
def test_a_folder_that_may_not_be_written_is_named(newsroom: Newsroom) -> None:
    newsroom.settings.feeds.directory.mkdir(mode=0o555)
    with pytest.raises(SyndicateError, match="permission denied"):
        newsroom.publish()
