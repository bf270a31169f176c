"""Articles as they were before cleaning, on both databases."""

from __future__ import annotations

from dataclasses import replace

from syndicate.model import LONGEST_ORIGINAL, Content, Original
from syndicate.store import Store, articles, originals
from tests.newsroom import MONDAY


def test_an_original_is_kept_until_another_comes(store: Store) -> None:
    first = Original.of("<p onclick=x>It sails — ✓</p>", "html")
    content = Content(guid="a", title="A", html="", text="", slug="a", original=first)
    with store.write() as connection:
        number = articles.add(connection, "s", content, now=MONDAY)
        assert originals.of(connection, number) == first
        assert articles.by_ids(connection, [number])[0].original is None
        long = Original.of("x" * (LONGEST_ORIGINAL + 1), "markdown")
        assert (len(long.text), long.is_whole) == (LONGEST_ORIGINAL, False)
        articles.change(connection, number, replace(content, original=long), now=MONDAY, prints=())
        assert originals.of(connection, number) == long
        articles.change(connection, number, replace(content, original=None), now=MONDAY, prints=())
        assert originals.of(connection, number) is None


def test_an_original_does_not_make_another_article() -> None:
    content = Content(guid="a", title="A", html="", text="")
    assert content == replace(content, original=Original.of("x", "text"))
    assert content.content_hash == replace(content, original=Original.of("x", "text")).content_hash
