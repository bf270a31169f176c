"""Drafts on a real database: what editors want of a digest is in it, once, and nothing of it is lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from syndicate.audience.subscribe import subscribe
from syndicate.digest import drafting
from syndicate.digest.press import Press
from syndicate.digest.proofs import Proofs
from syndicate.errors import ConflictError, NotFoundError, TemplateError
from syndicate.model import Choice, Chosen, DigestState, Draft
from syndicate.render.environment import open_templates
from syndicate.render.wording import say
from syndicate.settings import Newsletter
from syndicate.store import digests, drafts
from syndicate.store.audit import By
from tests.newsroom import MONDAY, Newsroom, newsroom


@pytest.fixture
def room(tmp_path: Path, store_url: str) -> Iterator[Newsroom]:
    with newsroom(tmp_path, store_url=store_url) as opened:
        yield opened


def brief(room: Newsroom) -> Newsletter:
    return room.app.digests.newsletter("brief")


def act(room: Newsroom, what: str, article: int, cadence: str = "daily") -> Draft:
    with room.app.store.write() as connection:
        draft: Draft = getattr(drafting, what)(connection, brief(room), cadence, article, by="ana", now=room.clock())
    return draft


def upcoming(room: Newsroom, cadence: str = "daily") -> Draft:
    with room.app.store.read() as connection:
        return drafting.upcoming(connection, brief(room), cadence, room.clock())


def write(room: Newsroom, draft: Draft) -> Draft:
    with room.app.store.write() as connection:
        return drafts.keep(connection, draft, by="ana", now=room.clock())


def compose(room: Newsroom, cadence: str = "daily") -> tuple[int, list[tuple[int, ...]]]:
    [digest] = [one for one in room.compose() if one.cadence == cadence]
    return digest.id, room.texts(digest.id)


def test_a_draft_is_in_the_next_digest_and_in_no_other(room: Newsroom) -> None:
    room.reader("first@example.org", "daily")
    old, odd = room.article("Old", "sport"), room.article("Odd")
    room.compose()
    with pytest.raises(NotFoundError):
        upcoming(room, "hourly")
    one, two, three, out = (room.article(name) for name in ("One", "Two", "Three", "Out"))
    room.reader("s@example.org", "daily", "sport")
    act(room, "pin", one)
    act(room, "pin", two)
    act(room, "add", old)
    act(room, "add", odd)
    assert upcoming(room).of(Choice.ADDED) == {old, odd}
    act(room, "undo", odd)
    act(room, "leave_out", out)
    words = replace(
        upcoming(room),
        subject="{{ subscriber.name }}: {{ newsletter.title }}, {{ articles[0].title | upper }}",
        preheader="Look < here",
        intro='Dear **{{ subscriber.name }}**, <script>x</script><a href="https://a.example">{{ "<b>" }}</a>',
    )
    write(room, words)
    room.clock.pass_by(days=1)
    digest_id, sets = compose(room)
    assert {frozenset(one) for one in sets} == {frozenset({two, one, three, old}), frozenset({old})}
    assert (two, one, three, old) in sets
    with room.app.store.read() as connection:
        digest = digests.get(connection, digest_id)
        looks = {one.articles: one.parts for one in digests.variants_of(connection, digest_id)}
        kept = drafts.of_digest(connection, digest_id)
    assert digest.subject == ": The Brief, TWO"
    assert kept is not None
    assert (kept.edited_by, kept.intro) == ("ana", words.intro)
    parts = looks[(two, one, three, old)]
    assert f"<strong>{parts.nonce}_name_</strong>" in parts.html
    assert "&lt;b&gt;</a>" in parts.html
    assert "<script" not in parts.html
    assert "Look &lt; here" in parts.html
    assert f"Dear {parts.nonce}_name_," in parts.text
    assert upcoming(room).version == 0
    room.article("Later")
    room.clock.pass_by(days=1)
    digest_id, _ = compose(room)
    with room.app.store.read() as connection:
        assert digests.get(connection, digest_id).subject == "Later"


def test_what_is_put_off_comes_next_and_an_empty_slot_leaves_the_draft(room: Newsroom) -> None:
    room.reader("a@example.org", "daily")
    write(room, replace(upcoming(room), intro="Good morning."))
    assert room.compose() == []
    one, two, never = room.article("One"), room.article("Two"), room.article("Never")
    act(room, "put_off", one)
    act(room, "leave_out", never)
    room.clock.pass_by(days=1)
    assert compose(room)[1] == [(two,)]
    assert upcoming(room).chosen == (Chosen(one, Choice.ADDED),)
    act(room, "pin", one)
    room.clock.pass_by(days=1)
    assert compose(room)[1] == [(one,)]
    last = room.article("Last")
    act(room, "leave_out", last)
    room.clock.pass_by(days=1)
    assert room.compose() == []
    assert upcoming(room).version == 0
    room.clock.pass_by(days=1)
    assert room.compose() == []


def test_words_that_can_not_be_rendered_hold_the_digest(tmp_path: Path) -> None:
    with newsroom(tmp_path) as room:
        room.reader("a@example.org", "daily")
        one = room.article("One")
        write(room, replace(upcoming(room), subject="Fine", intro="{{ articles[0].image | clip(9) }}"))
        digest_id, sets = compose(room)
        with room.app.store.read() as connection:
            digest, kept = digests.get(connection, digest_id), drafts.of_digest(connection, digest_id)
        assert (sets, digest.state, digest.subject) == ([(one,)], DigestState.HELD, "One")
        assert digest.note.startswith("composed without the intro, line 1: ")
        assert kept is not None
        assert kept.subject == "Fine"


def test_the_quicker_of_two_editors_wins(room: Newsroom) -> None:
    first, second = (replace(upcoming(room), intro=words) for words in ("Mine.", "Yours."))
    kept = write(room, first)
    with pytest.raises(ConflictError, match="next daily digest of brief was changed"):
        write(room, second)
    again = write(room, replace(kept, intro="Mine again."))
    with pytest.raises(ConflictError):
        write(room, replace(kept, intro="Too old."))
    assert upcoming(room) == again


def test_an_edit_while_templates_run_is_not_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with newsroom(tmp_path) as room:
        room.reader("a@example.org", "daily")
        one, two, three = (room.article(name) for name in ("One", "Two", "Three"))
        printed, edits = Press.printed, [two, three]

        def editing(*given: Any) -> Any:
            if edits:
                act(room, "leave_out", edits.pop())
            return printed(*given)

        monkeypatch.setattr(Press, "printed", editing)
        assert compose(room)[1] == [(one,)]


def test_a_waiting_digest_takes_what_was_said_along(tmp_path: Path) -> None:
    with newsroom(tmp_path, review=True) as room:
        room.reader("a@example.org", "daily")
        one, out, later = room.article("One"), room.article("Out"), room.article("Later")
        act(room, "leave_out", out)
        act(room, "put_off", later)
        write(room, replace(upcoming(room), intro="Of that day."))
        assert compose(room)[1] == [(one,)]
        assert upcoming(room).version == 0
        room.clock.pass_by(days=1)
        after, sets = compose(room)
        assert sets == [(one,)]
        with room.app.store.read() as connection:
            kept = drafts.of_digest(connection, after)
        assert kept is not None
        assert (kept.intro, set(kept.of(Choice.LEFT_OUT))) == ("", {out})
        room.app.digests.cancel(after, room.clock())
        assert upcoming(room).of(Choice.LEFT_OUT, Choice.POSTPONED) == {out, later}
        room.clock.pass_by(days=1)
        last, sets = compose(room)
        with pytest.raises(ConflictError, match="was edited meanwhile"):
            room.app.digests.approve(last, room.clock(), version=99)
        with room.app.store.read() as connection:
            assert digests.get(connection, last).state is DigestState.REVIEW
        assert room.app.digests.approve(last, room.clock())[1] == 1
        assert upcoming(room).chosen == (Chosen(later, Choice.ADDED),)


def test_a_waiting_digest_is_composed_anew_until_it_is_approved(tmp_path: Path, store_url: str) -> None:
    with newsroom(tmp_path, store_url=store_url, review=True) as room:
        proofs = Proofs(room.app.digests)
        room.reader("a@example.org", "daily")
        room.reader("late@example.org", "daily", "chess")
        one, two = room.article("One"), room.article("Two", "sport")
        digest_id, _ = compose(room)
        newer = room.article("Newer")
        place = proofs.waiting(digest_id)
        wanted = place.draft.with_choice(Chosen(newer, Choice.ADDED)).with_choice(Chosen(one, place=1))
        room.reader("late@example.org", "daily", "sport")
        by = By("ana")
        kept = proofs.keep(place, replace(wanted, subject="Mine"), by=by, now=room.clock())
        assert sorted(room.texts(digest_id)) == [(one, two), (two,)]
        with pytest.raises(ConflictError, match="was changed by somebody else"):
            proofs.keep(place, wanted, by=by, now=room.clock())
        both = kept.with_choice(Chosen(one, Choice.LEFT_OUT)).with_choice(Chosen(two, Choice.LEFT_OUT))
        with pytest.raises(ConflictError, match="nothing would be left"):
            proofs.keep(place, both, by=by, now=room.clock())
        with room.app.store.read() as connection:
            digest = digests.get(connection, digest_id)
            assert (digest.subject, digests.owed(connection, digest)) == ("Mine", 2)
        assert room.app.digests.approve(digest_id, room.clock(), version=kept.version)[1] == 2
        with pytest.raises(ConflictError, match="only one that waits"):
            proofs.keep(place, kept, by=by, now=room.clock())
        room.clock.pass_by(days=1)
        room.reader("late@example.org", "weekly")
        assert compose(room)[1] == [(newer,)]


def test_every_zone_gets_the_draft_of_its_morning(tmp_path: Path) -> None:
    given = {"send_in": "subscriber", "timezone": "Europe/Belgrade", "cadences": {"daily": "0 7 * * *"}}
    with newsroom(tmp_path, **given) as room:
        room.clock.now = MONDAY - timedelta(hours=18)
        room.compose()
        for zone in ("Asia/Tokyo", "Europe/Belgrade", "America/New_York"):
            subscribe(
                room.app.store, room.app.settings.newsletters, email=f"{zone}@example.org", timezone=zone, consent="",
                now=room.clock(),
            )  # fmt: skip
        one, two = room.article("One"), room.article("Two")
        write(room, replace(upcoming(room), occasion="2026-02-28T07:00", intro="For Saturday, missed."))
        act(room, "put_off", two)
        assert upcoming(room).occasion == "2026-02-28T07:00"
        told = []
        for hours in (9, 8, 6, 10, 8, 6):
            room.clock.pass_by(hours=hours)
            for digest in room.compose():
                with room.app.store.read() as connection:
                    kept = drafts.of_digest(connection, digest.id)
                told.append((f"{room.clock():%d %H}", kept.intro if kept else "", *room.texts(digest.id)))
            if len(told) == 1:
                write(room, replace(upcoming(room), intro="For all but Tokyo."))
        assert told == [
            ("01 22", "For Saturday, missed.", (one,)),
            ("02 06", "For all but Tokyo.", (one,)),
            ("02 12", "For all but Tokyo.", (one,)),
            ("02 22", "", (two,)),
            ("03 06", "", (two,)),
            ("03 12", "", (two,)),
        ]


@pytest.mark.parametrize(
    "text",
    [
        "{% for a in articles %}x{% endfor %}",
        "{{ range(9) }}",
        "{{ articles[1].title }}",
        "{{ more[0].title }}",
        "{% if False %}{{ nobody }}{% endif %}",
        "{{ articles | map('upper') }}",
        "{{ 'x' * 9 }}",
        "{{ subscriber.email | upper }}",
        "{{ nobody }}",
        "{{ site.__class__ }}",
        "{{",
    ],
)
def test_words_of_editors_are_no_templates(text: str) -> None:
    env = open_templates()
    with pytest.raises(TemplateError, match="the subject"):
        say(env, text, "subject", {"articles": [{}], "more": [{}], "site": object(), "subscriber": None})
    assert say(env, "{% if x %}{{ x | clip(3) }}{% endif %}", "subject", {"x": "abcd"}) == "ab…"
