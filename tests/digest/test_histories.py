"""Whatever readers choose, and whenever: they miss nothing, and get nothing twice. Random histories on real SQLite."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from syndicate.audience import channel, remove
from syndicate.audience.preferences import choose, describe, pause, resume
from syndicate.audience.requests import confirm, move, token_of
from syndicate.model import DigestState, SubscriptionState
from syndicate.store import Connection, digests, leases, private, requests, subscribers
from syndicate.store.schema import pieces, variants
from tests.newsroom import Newsroom, newsroom

READERS = ("all", "sport", "both")
TOPICS = ("sport", "culture")
ZONES = ("", "Asia/Tokyo", "America/New_York", "Europe/Belgrade")
WHO = st.integers(1, len(READERS))
CHOSEN = st.sets(st.sampled_from(TOPICS)).map(sorted)
MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("article"), CHOSEN),
        st.tuples(st.just("hours"), st.integers(1, 40)),
        st.tuples(st.just("deliver")),
        st.tuples(st.just("cadence"), WHO, st.sampled_from(["daily", "weekly", "instant"])),
        st.tuples(st.just("topics"), st.sampled_from([2, 3]), CHOSEN.filter(bool)),
        st.tuples(st.just("pause"), WHO, st.integers(1, 3)),
        st.tuples(st.just("resume"), WHO),
        st.tuples(st.just("zone"), WHO, st.sampled_from(ZONES)),
        st.tuples(st.just("feed"), WHO),
        st.tuples(st.just("mail"), WHO),
        st.tuples(st.just("halt")),
        st.tuples(st.just("go on")),
        st.tuples(st.sampled_from(["approve", "cancel"])),
    ),
    max_size=25,
)
WAITING = (DigestState.HELD, DigestState.REVIEW)


class History:
    """Three readers: one wants everything, the others have topics that they change."""

    def __init__(self, room: Newsroom) -> None:
        self.room, self.now = room, room.clock
        self.store, self.newsletters = room.app.store, room.app.settings.newsletters
        self.tags: dict[int, frozenset[str]] = {}
        self.chosen: dict[int, list[frozenset[str]]] = {}
        self.since: dict[int, dict[int, int]] = defaultdict(dict)
        self.got: dict[int, Counter[int]] = defaultdict(Counter)
        self.looked_at: set[tuple[int, int]] = set()
        self.mails = 0
        for number, topics in enumerate(((), ("sport",), TOPICS), 1):
            room.reader(f"r{number}@example.org", "daily", *topics)
            self.chosen[number] = [frozenset(topics)]
        with self.store.write() as connection:
            self.sender = leases.enter(connection, "test", lease_until=room.clock() + timedelta(days=9999))

    def do(self, move: tuple[Any, ...]) -> None:
        now = self.now()
        match move:
            case ("article", tags):
                self.publish(*tags)
            case ("hours", hours):
                self.now.pass_by(hours=hours)
                self.room.app.jobs.compose_due(self.now())
                self.look()
            case ("deliver",):
                self.deliver()
            case ("cadence", who, cadence):
                choose(self.store, self.newsletters, who, cadence=cadence, now=now)
            case ("topics", who, topics):
                choose(self.store, self.newsletters, who, topics=topics, now=now)
                self.chosen[who].append(frozenset(topics))
            case ("pause", who, weeks):
                pause(self.store, who, now + timedelta(weeks=weeks), now=now)
            case ("resume", who):
                resume(self.store, who, now=now)
            case ("zone", who, zone):
                describe(self.store, who, timezone=zone, now=now)
            case _:
                self.do_more(move)

    def do_more(self, move: tuple[Any, ...]) -> None:
        match move:
            case ("feed", who):
                channel.to_feed(self.store, who)
            case ("mail", who):
                channel.to_mail(self.store, who, now=self.now())
            case (what,):
                self.operate(what)

    def operate(self, what: str) -> None:
        """What an operator does to every digest that it can be done to."""
        does, now = self.room.app.digests, self.now()
        choices: dict[str, tuple[Callable[[int], object], tuple[DigestState, ...]]] = {
            "halt": (lambda digest: does.pause(digest, now), (DigestState.SENDING,)),
            "go on": (lambda digest: does.resume(digest, now), (DigestState.PAUSED,)),
            "approve": (lambda digest: does.approve(digest, now), WAITING),
            "cancel": (lambda digest: does.cancel(digest, now), WAITING),
        }
        act, states = choices[what]
        for digest in self.digests_in(*states):
            act(digest)

    def digests_in(self, *states: DigestState) -> list[int]:
        with self.store.read() as connection:
            return [one.id for one in reversed(digests.latest(connection, states=states))]

    def publish(self, *tags: str) -> None:
        article = self.room.article(f"Article {len(self.tags)}", *tags)
        self.tags[article] = frozenset(tags)
        for who, chosen in self.chosen.items():
            self.since[who][article] = len(chosen) - 1

    def deliver(self) -> None:
        """Hands over what is due, as a sender would get it."""
        with self.store.write() as connection:
            for digest_id in leases.sending(connection):
                now = self.now()
                for one in leases.claim(connection, self.sender, digest_id, due=now, limit=1000, now=now):
                    articles = connection.execute(
                        select(variants.c.articles).where(variants.c.id == one.variant_id)
                    ).scalar_one()
                    self.got[one.subscription_id].update(articles)
                    self.mails += 1
        self.look()

    def look(self) -> None:
        """What a reader's program does, once or twice a day: each piece of an open feed is shown once."""
        with self.store.read() as connection:
            for who in self.chosen:
                held = subscribers.subscription(connection, who)
                if held and channel.open_feed(connection, held, now=self.now()):
                    for digest_id in [one.digest_id for one in private.given(connection, who, limit=1000)]:
                        if (who, digest_id) not in self.looked_at:
                            self.looked_at.add((who, digest_id))
                            self.got[who].update(self.articles_of(connection, who, digest_id))

    def articles_of(self, connection: Connection, who: int, digest_id: int) -> list[int]:
        mine = (pieces.c.subscription_id == who, pieces.c.digest_id == digest_id)
        query = select(variants.c.articles).join(pieces, pieces.c.variant_id == variants.c.id).where(*mine)
        found: list[int] = connection.execute(query).scalar_one()
        return found

    def end(self) -> None:
        """Everyone is back, and something for everyone appears: what is owed comes now."""
        for who in self.chosen:
            resume(self.store, who, now=self.now())
        self.publish(*TOPICS)
        self.do(("go on",))
        for _ in range(18):
            self.do(("hours", 12))
            self.do(("approve",))
            self.deliver()

    def check(self) -> None:
        for who, chosen in self.chosen.items():
            assert all(count == 1 for count in self.got[who].values()), (who, self.got[who])
            for article, tags in self.tags.items():
                wanted = [not topics or bool(topics & tags) for topics in chosen[self.since[who][article] :]]
                if all(wanted):
                    assert self.got[who][article] == 1, (who, article)
                elif not any(wanted):
                    assert self.got[who][article] == 0, (who, article)
        assert self.room.equation().outstanding == self.room.equation().planned == self.mails


@pytest.mark.parametrize(
    "given_to",
    [{"send_in": "newsletter"}, {"send_in": "subscriber"}, {"review": True}, {"max_lateness": "3h"}],
    ids=["newsletter", "subscriber", "review", "late"],
)
@given(moves=MOVES)
@settings(deadline=None, max_examples=9)
def test_whatever_readers_do_they_miss_nothing_and_get_nothing_twice(
    given_to: dict[str, Any], moves: list[tuple[Any, ...]]
) -> None:
    with TemporaryDirectory() as directory, newsroom(Path(directory), **{"max_lateness": "52w"} | given_to) as room:
        history = History(room)
        for move in moves:
            history.do(move)
        history.end()
        history.check()


def test_three_weeks_of_pause(tmp_path: Path) -> None:
    with newsroom(tmp_path) as room:
        history = History(room)
        history.publish("sport")
        history.do(("hours", 24))
        history.deliver()
        history.do(("pause", 1, 3))
        for _ in range(20):
            history.publish("sport")
            history.do(("hours", 24))
            history.deliver()
        assert sum(history.got[1].values()) == 1
        history.do(("hours", 48))
        history.deliver()
        assert sum(history.got[1].values()) == 21
        with room.app.store.read() as connection:
            found = subscribers.subscription(connection, 1)
        assert found
        assert (found.state, found.resume_at) == (SubscriptionState.ACTIVE, None)


def test_a_pause_after_planning_loses_nothing(tmp_path: Path) -> None:
    with newsroom(tmp_path) as room:
        history = History(room)
        history.publish("sport")
        history.do(("hours", 24))
        history.do(("pause", 1, 1))
        history.deliver()
        assert sum(history.got[1].values()) == 1


def test_mail_that_waits_moves_along(tmp_path: Path) -> None:
    with newsroom(tmp_path) as room:
        history = History(room)
        room.reader("bo@example.org", "weekly")
        remove(history.store, "bo@example.org", now=room.clock())
        history.publish("sport")
        history.do(("hours", 24))
        move(history.store, room.app.settings, 1, "bo@example.org", now=room.clock())
        with history.store.read() as connection:
            [request] = requests.of_person(connection, "bo@example.org", 0)
        confirm(history.store, room.app.settings, token_of(room.app.settings, request), now=room.clock())
        history.deliver()
        assert (history.got[1], sum(history.got[4].values())) == (Counter(), 1)
        assert room.equation().cancelled == 0
