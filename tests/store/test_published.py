"""What publishing asks the database, and what it remembers there."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

from syndicate.model import ArticleState, Content, Digest, DigestState, Parts
from syndicate.store import Store, articles, digests, published
from syndicate.store.published import Folder
from tests.newsroom import MONDAY

LATER = MONDAY + timedelta(days=1)


def content(number: int, *tags: str) -> Content:
    return Content(
        guid=f"{number}.md", title=f"T{number}", html="<p>x</p>", text="x", slug=f"t{number}", tags=tags,
        published_at=MONDAY - timedelta(days=number),
    )  # fmt: skip


def test_articles_are_known_without_what_they_say(store: Store) -> None:
    with store.write() as connection:
        ids = [articles.add(connection, "a", content(number, "Ünder", "b"), now=MONDAY) for number in (2, 1)]
        articles.add(connection, "b", content(3), now=MONDAY)
        articles.add(connection, "a", content(4), now=MONDAY, state=ArticleState.HELD)
    with store.read() as connection:
        rows = articles.for_feeds(connection, ["a"])
    assert [(row.id, row.guid, row.slug, json.loads(row.tags)) for row in rows] == [
        (ids[1], "1.md", "t1", ["Ünder", "b"]),
        (ids[0], "2.md", "t2", ["Ünder", "b"]),
    ]
    assert rows[0].version != rows[1].version


def test_a_version_moves_with_the_article_and_its_date_with_what_it_says(store: Store) -> None:
    with store.write() as connection:
        one = articles.add(connection, "a", content(1), now=MONDAY)

    def version() -> str:
        with store.read() as connection:
            return articles.for_feeds(connection, ["a"])[0].version

    first = version()
    with store.write() as connection:
        articles.change(connection, one, replace(content(1), guid="moved.md"), now=LATER, prints=())
        assert articles.by_ids(connection, [one])[0].changed_at == MONDAY
    assert version() == first
    with store.write() as connection:
        articles.change(connection, one, replace(content(1), title="Other"), now=LATER, prints=())
        assert articles.by_ids(connection, [one])[0].changed_at == LATER
    assert version() != first


def test_what_was_withdrawn_is_known_with_its_time(store: Store) -> None:
    with store.write() as connection:
        one = articles.add(connection, "a", content(1), now=MONDAY)
        twice = articles.add(connection, "a", content(2), now=MONDAY, state=ArticleState.DUPLICATE, duplicate_of=one)
        articles.set_state(connection, [one, twice], ArticleState.WITHDRAWN, now=LATER)
        assert [(row.id, row.changed_at) for row in articles.withdrawn(connection, ["a"])] == [(one, LATER)]
        assert articles.withdrawn(connection, ["b"]) == []


def test_digests_are_known_with_their_articles(store: Store) -> None:
    def add(number: int, newsletter: str, cadence: str, state: DigestState = DigestState.SENT) -> None:
        due_at = MONDAY + timedelta(hours=number)
        digest = Digest(
            id=number, newsletter=newsletter, cadence=cadence, slot=str(number), due_at=due_at, state=state,
            subject=f"S{number % 10}", upto=number, composed_at=due_at,
        )  # fmt: skip
        digests.add(connection, digest)
        digests.add_variant(connection, number, [number % 10, 7], Parts("s", "h", "t", "n"))
        digests.add_variant(connection, number, [9], Parts("s", "h", "t", "n"))

    with store.write() as connection:
        add(1, "daily", "weekly")
        add(2, "daily", "daily")
        add(12, "daily", "daily")
        add(3, "daily", "instant")
        add(4, "daily", "daily", DigestState.REVIEW)
        add(5, "other", "daily")
        wanted = {"daily": ["daily", "weekly"], "other": ["weekly"]}
        found = digests.for_feeds(connection, wanted, [DigestState.SENT], 5)
        assert {slug: [(one.id, ids) for one, ids in pairs] for slug, pairs in found.items()} == {
            "daily": [(2, (2, 7)), (1, (1, 7))]
        }
        assert digests.for_feeds(connection, {}, [DigestState.SENT], 5) == {}
        (only,) = digests.for_feeds(connection, wanted, [DigestState.SENT], 1)["daily"]
        assert only[0].id == 2


def test_folders_pages_and_facts_are_remembered(store: Store) -> None:
    with store.write() as connection:
        published.save_folders(connection, {"a": Folder("1", {"x": (1, 2**60)}), "b": Folder("2", {})})
        published.save_folders(connection, {"b": Folder("3", {})})
        published.save_folders(connection, {})
        published.add_page_ends(connection, "all", 0, [50, 100])
        published.add_page_ends(connection, "all", 2, [150])
        published.add_page_ends(connection, "all", 2, [155])
        published.add_page_ends(connection, "daily", 0, [])
        assert published.fact(connection, "authority") is None
        assert published.remember(connection, "authority", "first.example") == "first.example"
        assert published.remember(connection, "authority", "second.example") == "first.example"
    with store.read() as connection:
        assert published.folders(connection) == {"a": Folder("1", {"x": (1, 2**60)}), "b": Folder("3", {})}
        assert published.page_ends(connection) == {"all": [50, 100, 150]}
        assert published.fact(connection, "authority") == "first.example"
