"""Articles by their words, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syndicate.model import ArticleState, Content
from syndicate.store import Store, articles
from syndicate.store.engine import fulltext
from syndicate.store.words import parse
from tests.newsroom import MONDAY


class Shelf:
    """A database with articles to be found."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def put(self, title: str, text: str = "", **values: object) -> int:
        state = values.pop("state", ArticleState.CURRENT)
        source = str(values.pop("source", "s"))
        content = Content(guid=title, title=title, html="", text=text, slug="a", **values)  # type: ignore[arg-type]
        with self.store.write() as connection:
            return articles.add(connection, source, content, now=MONDAY, state=state)  # type: ignore[arg-type]

    def find(self, query: str, *, sources: tuple[str, ...] = ("s",), limit: int = 10) -> list[int]:
        with self.store.read() as connection:
            return [hit.id for hit in fulltext.find(connection, parse(query), sources, limit)]


@pytest.fixture
def shelf(store_url: str) -> Iterator[Shelf]:
    store = Store(store_url)
    store.check()
    yield Shelf(store)
    store.close()


def test_articles_are_found_by_their_words(shelf: Shelf) -> None:
    fair = shelf.put("Сајам књига у Чачку", "Отворен је у среду.", tags=("Култура",), authors=("Ana Hoxha",))
    ferry = shelf.put("The ferry sails again", "Not to Čačak <https://x.example/hidden> but to the winter harbour.")
    hall = shelf.put("東京の市場", "The harbour in winter: 42,000 people.")
    assert shelf.find("sajam") == shelf.find("САЈАМ") == shelf.find("saj") == [fair]
    assert shelf.find("kultura hoxha") == [fair]
    assert shelf.find("cacak") == [ferry]
    assert set(shelf.find("winter harb")) == {ferry, hall}
    assert shelf.find('"winter harbour"') == [ferry]
    assert shelf.find('"winter harb"') == []
    assert shelf.find("京の") == [hall]
    assert shelf.find("42,000") == [hall]
    assert shelf.find("hidden") == shelf.find("harb winter") == shelf.find("") == []
    assert shelf.find("ferry", sources=("other",)) == []


def test_a_title_counts_for_more_and_then_what_is_newer(shelf: Shelf) -> None:
    body = shelf.put("Bread", "One ferry among many other words in a text that goes on for a while.")
    title = shelf.put("Ferry", "Something else.")
    old, new = shelf.put("Boats one", "x"), shelf.put("Boats two", "x")
    assert shelf.find("ferry") == [title, body]
    assert shelf.find("boats", limit=1) == [new]
    assert shelf.find("boats") == [new, old]


def test_what_is_not_published_is_not_found(shelf: Shelf) -> None:
    shelf.put("Ferry held", state=ArticleState.HELD)
    shelf.put("Ferry again", state=ArticleState.DUPLICATE)
    gone = shelf.put("Ferry gone")
    assert shelf.find("ferry") == [gone]
    for state, found in ((ArticleState.WITHDRAWN, []), (ArticleState.CURRENT, [gone])):
        with shelf.store.write() as connection:
            articles.set_state(connection, [gone], state, now=MONDAY)
        assert shelf.find("ferry") == found
    with shelf.store.write() as connection:
        articles.release(connection, "s", now=MONDAY, numbered=False)
    assert len(shelf.find("ferry")) == 2


def test_an_edit_is_found_and_what_it_took_out_is_not(shelf: Shelf) -> None:
    ferry = shelf.put("Ferry", "seven")
    with shelf.store.write() as connection:
        (before,) = articles.by_ids(connection, [ferry])
        articles.change(connection, ferry, replace(before, title="Boat"), now=MONDAY, prints=())
    assert (shelf.find("ferry"), shelf.find("boat seven")) == ([], [ferry])


def test_no_article_is_too_much(shelf: Shelf) -> None:
    numbers = " ".join(map(str, range(150_000)))
    letters = " ".join(chr(one) for one in range(0x3400, 0x9FFF))
    found = [shelf.put("Numbers", numbers), shelf.put("Signs", letters * 6), shelf.put("Long", "x" * 1_000_000)]
    assert [shelf.find(one)[0] for one in ("numbers 77", "signs 㐀", "long xxx")] == found


HOSTILE = (
    *('"', "'", "a OR", "NEAR(a b)", "title:ferry", "fer*", "a & b | !c:*", "<->", "\0ferry\0", "-", "^a", "\\", "("),
    *("':*", "ferry' & 'x", "x" * 10_000, '"' * 10_000, "a " * 5_000, "%_", "\ud800", "{title about}: x", "+ferry"),
)


def test_no_query_is_an_error(shelf: Shelf) -> None:
    shelf.put("ferry")
    for query in HOSTILE:
        assert len(shelf.find(query)) <= 1


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=40), st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0"), max_size=80))
def test_whatever_is_typed_and_whatever_is_written(shelf: Shelf, query: str, title: str) -> None:
    with shelf.store.write() as connection:
        content = Content(guid="g", title=title, html="", text=title)
        known = articles.known(connection, "s")
        if known:
            articles.change(connection, known[0].id, content, now=MONDAY, prints=())
        else:
            articles.add(connection, "s", content, now=MONDAY)
    assert len(shelf.find(query)) <= 1
    with shelf.store.read() as connection:
        wanted = parse(f'"{title}"') if '"' not in title else parse("")
        found = fulltext.find(connection, wanted, ("s",), 10)
    assert bool(found) == bool(wanted)
