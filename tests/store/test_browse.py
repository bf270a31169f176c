"""Articles as the console lists them, on both databases."""

from __future__ import annotations

from datetime import timedelta

from syndicate.model import ArticleState, Content
from syndicate.store import Store, articles, browse
from syndicate.store.browse import Place, Wanted
from syndicate.store.engine import fulltext
from syndicate.store.words import parse
from tests.newsroom import MONDAY


def keep(store: Store, guid: str, *tags: str, source: str = "a", days: int = 0, held: bool = False) -> int:
    content = Content(
        guid=guid, title=f"Title {guid}", html="", text=f"Words of {guid}", slug=guid, tags=tags, published_at=MONDAY
    )
    state = ArticleState.HELD if held else ArticleState.CURRENT
    with store.write() as connection:
        at = MONDAY + timedelta(days=days)
        number = articles.add(connection, source, content, now=at, state=state)
        articles.change(connection, number, content_at(content, at), now=at, prints=())
        return number


def content_at(content: Content, at: object) -> Content:
    return Content(**{**{name: getattr(content, name) for name in Content.__dataclass_fields__}, "published_at": at})


def test_articles_are_found_by_state_source_tag_and_words(store: Store) -> None:
    old = keep(store, "old", "Hafen", "News", days=-3)
    new = keep(store, "new", "hafen", days=2)
    other = keep(store, "other", source="b")
    held = keep(store, "held", "Hafen", held=True)

    def found(**wanted: object) -> list[int]:
        with store.read() as connection:
            return [one.id for one in browse.page(connection, Wanted(**wanted), limit=9)]  # type: ignore[arg-type]

    assert found() == [new, other, old]
    assert found(state=ArticleState.HELD) == [held]
    assert found(source="b") == [other]
    assert found(tag="HAFEN") == [new, old]
    assert found(tag="hafen", source="b") == []
    assert found(query=parse("words ol")) == [old]
    assert found(query=parse("words"), tag="hafen") == [new, old]
    assert found(query=parse("words"), tag="hafen", state=ArticleState.HELD) == [held]
    with store.read() as connection:
        assert browse.states(connection) == {ArticleState.CURRENT: 3, ArticleState.HELD: 1}
        assert browse.states(connection, "b") == {ArticleState.CURRENT: 1}
        assert browse.tags(connection, most=1) == ["hafen"]
        assert browse.tags(connection, most=9) == ["hafen", "news"]
        [first] = browse.page(connection, Wanted(), limit=1)
        rest = browse.page(connection, Wanted(), after=Place(first.dated_at, first.id), limit=9)
        assert [one.id for one in rest] == [other, old]
        assert fulltext.CANDIDATES >= 1000


def test_articles_of_one_instant_have_an_order(store: Store) -> None:
    numbers = [keep(store, f"n{at}") for at in range(5)]
    seen: list[int] = []
    after = None
    with store.read() as connection:
        while found := browse.page(connection, Wanted(), after=after, limit=2):
            seen += [one.id for one in found]
            after = Place(found[-1].dated_at, found[-1].id)
    assert seen == numbers[::-1]
