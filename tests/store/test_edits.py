"""Editors' own words stay, whatever the source says later, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from syndicate.model import Article, Content
from syndicate.store import Store, articles, browse, edits
from syndicate.store.browse import Wanted
from syndicate.store.edits import Words
from syndicate.store.engine import fulltext
from syndicate.store.words import parse
from tests.newsroom import MONDAY

LATER = MONDAY + timedelta(hours=1)
SHOWN = Content(guid="a", title="Ferry", html="<p>x</p>", text="x", summary="It sails.", slug="ferry", tags=("lake",))


def now_of(store: Store, number: int) -> Article:
    with store.read() as connection:
        [found] = articles.by_ids(connection, [number])
    return found


def test_words_of_an_editor_outlive_those_of_the_source(store: Store) -> None:
    with store.write() as connection:
        number = articles.add(connection, "s", SHOWN, now=MONDAY, numbered=True)
        before = articles.for_feeds(connection, ["s"])
        [found] = articles.by_ids(connection, [number])
        articles.reword(connection, found, Words("Boat", "It sails.", ("lake", "boats")), by="eva", now=LATER)
        assert articles.for_feeds(connection, ["s"])[0].version != before[0].version
        assert articles.known(connection, "s")[0].content_hash == SHOWN.content_hash
    found = now_of(store, number)
    assert (found.title, found.summary, found.tags, found.changed_at) == ("Boat", "It sails.", ("lake", "boats"), LATER)

    newer = replace(SHOWN, title="Ferry!", summary="It sails now.", tags=("sea",), html="<p>y</p>", text="y")
    with store.write() as connection:
        articles.change(connection, number, newer, now=LATER, prints=())
        edit = edits.of(connection, number)
        assert edit is not None
        assert (edit.title, edit.summary, edit.tags, edit.edited_by) == ("Boat", None, ("lake", "boats"), "eva")
        assert edit.source == Words("Ferry!", "It sails now.", ("sea",))
        assert [hit.id for hit in fulltext.find(connection, parse("boat"), ("s",), 9)] == [number]
        assert not fulltext.find(connection, parse("ferry"), ("s",), 9)
        assert browse.page(connection, Wanted(tag="boats"), limit=9)
        assert not browse.page(connection, Wanted(tag="sea"), limit=9)
        assert articles.known(connection, "s")[0].content_hash == newer.content_hash
    found = now_of(store, number)
    assert (found.title, found.summary, found.html) == ("Boat", "It sails now.", "<p>y</p>")

    with store.write() as connection:
        articles.reword(connection, found, edit.source, by="eva", now=LATER)
        assert edits.of(connection, number) is None
    assert now_of(store, number).title == "Ferry!"
