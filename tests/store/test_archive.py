"""What everyone may see of the past, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest

from syndicate.model import ArticleState, Content, Digest, DigestState, Parts
from syndicate.store import Store, archive, articles, digests, sitemap
from tests.newsroom import MONDAY

PARTS = Parts("S", "", "", "h1")


def keep(store: Store, day: int, *article_ids: int, state: DigestState = DigestState.SENT) -> Digest:
    """A digest that was due on that day."""
    due_at = MONDAY + timedelta(days=day)
    with store.write() as connection:
        digest = Digest(
            id=digests.take_id(connection),
            newsletter="brief",
            cadence="daily",
            slot=f"{day} {state}",
            due_at=due_at,
            state=state,
            subject="S",
            upto=1,
            composed_at=due_at,
        )
        digests.add(connection, digest)
        digests.add_variant(connection, digest.id, article_ids, PARTS)
        digests.add_variant(connection, digest.id, [1], PARTS)
    return digest


def add(store: Store, guid: str, day: int = 0, url: str | None = None) -> int:
    """An article of that day."""
    now = MONDAY + timedelta(days=day)
    with store.write() as connection:
        content = Content(guid=guid, title=guid, html="", text="", slug=guid, url=url, published_at=now)
        return articles.add(connection, "s", content, now=now)


def test_the_digests_that_went_out_and_what_is_in_them(store: Store) -> None:
    ids = [add(store, guid) for guid in "abc"]
    with store.write() as connection:
        articles.set_state(connection, ids[2:], ArticleState.WITHDRAWN, now=MONDAY)
    first, twin = keep(store, 1, ids[1], ids[2], ids[0], ids[1]), keep(store, 1, state=DigestState.PAUSED)
    last, _ = keep(store, 40, ids[0]), keep(store, 2, ids[0], state=DigestState.HELD)
    with store.read() as connection:
        assert archive.volumes(connection) == {"brief": (3, last.due_at)}
        assert archive.sent(connection, "brief", limit=9) == [last, twin, first]
        assert archive.sent(connection, "brief", since=first.due_at, before=last.due_at, offset=1, limit=9) == [first]
        assert archive.last_before(connection, "brief") == last.due_at
        assert archive.last_before(connection, "brief", last.due_at) == first.due_at
        assert archive.last_before(connection, "brief", first.due_at) is None
        assert archive.neighbours(connection, twin) == (first, last)
        assert archive.neighbours(connection, first) == (None, twin)
        assert archive.titles(connection, [first.id, twin.id]) == {first.id: ["b", "a"], twin.id: []}
        among = archive.digests_with(connection, ids, ["brief"], most=1)
        assert among == {ids[0]: [last], ids[1]: [first], ids[2]: [first]}
        assert archive.digests_with(connection, ids[:1], ["other"], most=1) == {ids[0]: []}
        assert sitemap.digest_parts(connection, ["brief"]) == [last.due_at]
        assert [page.id for page in sitemap.digest_pages(connection, ["brief"], 0)] == [first.id, twin.id, last.id]


def test_articles_with_a_page_of_their_own_are_in_parts_by_date(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sitemap, "PART", 2)
    for guid, day in (("c", 3), ("a", 1), ("b", 2)):
        add(store, guid, day)
    add(store, "elsewhere", 1, "https://x.example/")
    with store.read() as connection:
        parts = sitemap.article_parts(connection)
        assert parts == [MONDAY + timedelta(days=2), MONDAY + timedelta(days=3)]
        pages = [[page.slug for page in sitemap.article_pages(connection, part)] for part in range(3)]
        assert pages == [["a", "b"], ["c"], []]
        b = articles.by_slug(connection, "b")
        assert b is not None
        assert [one and one.slug for one in articles.neighbours(connection, b)] == ["a", "c"]
