"""Digests on a real database: who gets what, once, whatever happens in between."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from datetime import timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from syndicate.app import open_app
from syndicate.errors import ConflictError, TemplateError
from syndicate.model import ArticleState, DigestState
from syndicate.store import articles, digests, suppressions
from tests.newsroom import MONDAY, Clock, Newsroom, newsroom, settings_for


@pytest.fixture
def room(tmp_path: Path, store_url: str) -> Iterator[Newsroom]:
    with newsroom(tmp_path, store_url=store_url) as opened:
        yield opened


def test_readers_who_are_owed_the_same_share_a_variant(room: Newsroom) -> None:
    sport, culture, both = (
        room.article("Goal", "Sport"),
        room.article("Opera", "culture"),
        room.article("Ball", "sport", "culture"),
    )
    for number in range(3):
        room.reader(f"all{number}@example.org")
    room.reader("s@example.org", "daily", "sport")
    room.reader("c@example.org", "daily", "Culture")
    room.reader("both@example.org", "daily", "sport", "culture")
    room.reader("none@example.org", "daily", "chess")
    [digest] = room.compose()
    assert {frozenset(one) for one in room.texts(digest.id)} == {
        frozenset({sport, culture, both}),
        frozenset({sport, both}),
        frozenset({culture, both}),
    }
    assert room.equation(digest.id).planned == 6
    assert room.compose() == []


def test_only_the_newsletters_sources_and_tags(tmp_path: Path) -> None:
    with newsroom(tmp_path, sources=["newsroom"], tags=["Sport"]) as room:
        wanted = room.article("Goal", "sport")
        room.article("Opera", "culture")
        room.article("Elsewhere", "sport", source="other")
        room.reader("a@example.org")
        [digest] = room.compose()
        assert room.texts(digest.id) == [(wanted,)]


def test_what_is_frozen_stays_as_it_was(room: Newsroom) -> None:
    article = room.article("First title")
    room.reader("a@example.org")
    [digest] = room.compose()
    with room.app.store.write() as connection:
        [stored] = articles.by_ids(connection, [article])
        articles.set_state(connection, [article], ArticleState.WITHDRAWN, now=room.clock())
    assert stored.title == "First title"
    with room.app.store.read() as connection:
        [variant] = digests.variants_of(connection, digest.id)
    assert "First title" in variant.parts.html
    assert "First title" in variant.parts.text
    assert variant.parts.subject == "First title"


def test_an_empty_slot_is_taken_once(room: Newsroom) -> None:
    room.reader("a@example.org")
    composed = room.app.digests.compose_due(room.clock())
    assert {one.state for one in composed} == {DigestState.EMPTY}
    assert room.app.digests.compose_due(room.clock()) == []
    room.article("Too late for this slot")
    assert [one.cadence for one in room.app.digests.compose_due(room.clock())] == ["instant"]
    room.clock.pass_by(days=1)
    assert [one.subject for one in room.compose()] == ["Too late for this slot"]


def test_instant_comes_with_articles_and_never_without(room: Newsroom) -> None:
    room.reader("a@example.org", "instant")
    assert room.compose() == []
    first, second = room.article("One"), room.article("Two")
    [digest] = room.compose()
    assert set(room.texts(digest.id)[0]) == {first, second}
    assert room.compose() == []
    third = room.article("Three")
    [digest] = room.compose()
    assert room.texts(digest.id) == [(third,)]


def test_a_late_slot_is_held_and_the_next_one_carries_it(room: Newsroom) -> None:
    article = room.article("Kept")
    room.reader("a@example.org")
    room.clock.pass_by(hours=6, minutes=1)
    [held] = room.compose()
    assert (held.state, room.equation(held.id).planned) == (DigestState.HELD, 0)
    room.clock.pass_by(hours=18)
    [following] = room.compose()
    assert following.state is DigestState.SENDING
    assert room.texts(following.id) == [(article,)]
    with room.app.store.read() as connection:
        assert digests.get(connection, held.id).state is DigestState.CANCELLED
    with pytest.raises(ConflictError, match="is cancelled"):
        room.app.digests.approve(held.id, room.clock())


def test_six_hours_late_is_not_too_late(room: Newsroom) -> None:
    room.article("Just in time")
    room.reader("a@example.org")
    room.clock.pass_by(hours=6)
    [digest] = room.compose()
    assert digest.state is DigestState.SENDING


def test_review_waits_for_approval_and_cancelling_loses_nothing(tmp_path: Path, store_url: str) -> None:
    with newsroom(tmp_path, store_url=store_url, review=True) as room:
        first = room.article("First")
        room.reader("a@example.org")
        [digest] = room.compose()
        assert digest.state is DigestState.REVIEW
        room.app.digests.cancel(digest.id, room.clock())
        room.clock.pass_by(days=1)
        [digest] = room.compose()
        assert room.texts(digest.id) == [(first,)]
        assert room.app.digests.approve(digest.id, room.clock())[1] == 1
        assert room.equation(digest.id).outstanding == 1
        dropped = room.app.digests.cancel(digest.id, room.clock())[1]
        assert (dropped, room.equation(digest.id).cancelled) == (1, 1)


def test_suppressed_readers_are_planned_and_not_sent(room: Newsroom) -> None:
    room.article("One")
    room.reader("a@example.org")
    with room.app.store.write() as connection:
        suppressions.add(connection, "a@example.org", "complaint", now=room.clock())
    [digest] = room.compose()
    counts = room.equation(digest.id)
    assert (counts.planned, counts.suppressed, counts.outstanding) == (1, 1, 0)


def test_a_new_reader_begins_in_step(room: Newsroom) -> None:
    room.article("Old news")
    room.reader("first@example.org")
    room.compose()
    room.reader("second@example.org")
    room.clock.pass_by(days=1)
    news = room.article("News")
    [digest] = room.compose()
    assert room.texts(digest.id) == [(news,)]
    assert room.equation(digest.id).planned == 2


def test_a_broken_template_leaves_the_slot_open(tmp_path: Path) -> None:
    broken = tmp_path / "templates/email/digest/body.html"
    broken.parent.mkdir(parents=True)
    broken.write_text("{{ nonsense }}")
    with newsroom(tmp_path) as room:
        room.article("One")
        room.reader("a@example.org")
        with pytest.raises(TemplateError, match=r"email/digest/body\.html, line 1"):
            room.compose()
        broken.unlink()
        room.app.templates.cache.clear()  # type: ignore[union-attr]
        assert len(room.compose()) == 1


def compose_together(directory: str, store_url: str, barrier: Barrier, queue: multiprocessing.Queue[int]) -> None:
    app = open_app(settings_for(Path(directory), store_url=store_url), Clock())
    barrier.wait(30)
    queue.put(len([one for one in app.digests.compose_due(MONDAY) if one.subject]))
    app.close()


def test_several_processes_compose_a_slot_once(tmp_path: Path, store_url: str) -> None:
    with newsroom(tmp_path, store_url=store_url) as room:
        room.article("One")
        for number in range(20):
            room.reader(f"r{number}@example.org")
        forking = multiprocessing.get_context("forkserver")
        forking.set_forkserver_preload(["syndicate.app"])
        barrier, queue = forking.Barrier(4), forking.Queue()
        processes = [
            forking.Process(target=compose_together, args=(str(tmp_path), store_url, barrier, queue)) for _ in range(4)
        ]
        for process in processes:
            process.start()
        composed = [queue.get(timeout=60) for _ in processes]
        for process in processes:
            process.join(30)
        assert sorted(composed) == [0, 0, 0, 1]
        assert room.equation().planned == 20


def test_lateness_is_told_in_the_note(room: Newsroom) -> None:
    room.article("One")
    room.reader("a@example.org")
    room.clock.now += timedelta(hours=7, minutes=5)
    [held] = room.compose()
    assert held.note == "its slot is 7 h 05 min late"
