"""A restored copy sends nothing until somebody says that it is the live one, and then exactly what they say."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from syndicate.digest.digests import Resolution
from syndicate.errors import ConflictError, HeldError
from syndicate.jobs.golive import Revived, go_live
from syndicate.model import Digest, DigestState
from syndicate.store import audit, copies, digests, leases, notices
from syndicate.store.audit import By
from syndicate.store.copies import Standing
from syndicate.store.notices import LINK, Notice
from tests.newsroom import MONDAY, Newsroom, newsroom
from tests.relay import Relay


@dataclass(frozen=True, slots=True)
class Copied:
    """A copy that was made while digest ``sending`` was half-way: one accepted, one begun, two queued."""

    room: Newsroom
    relay: Relay
    sending: Digest

    def revive(self, choice: Resolution) -> Revived:
        return go_live(self.room.app.digests, choice, self.room.clock(), By("ana"))

    def states(self) -> list[str]:
        with self.room.app.store.read() as connection:
            found = connection.exec_driver_sql("SELECT state FROM deliveries WHERE digest_id = 1 ORDER BY id")
            return list(found.scalars())

    def pass_by(self) -> list[str]:
        """Everything that sends by itself does; to whom."""
        before = len(self.relay.messages)
        self.room.app.digests.compose_due(self.room.clock())
        asyncio.run(self.room.app.jobs.send_notices(stop=asyncio.Event()))
        self.room.send()
        return sorted(message.recipients[0] for message in self.relay.messages[before:])


READERS = ["ana@lake.example", "ben@lake.example", "cem@lake.example", "dea@lake.example"]


@contextmanager
def copied(directory: Path, relay: Relay, **given: object) -> Iterator[Copied]:
    """It is held; since then an article came, and the next slot fell due."""
    with newsroom(directory, smtp={"url": relay.url}, **given) as room:
        for email in READERS:
            room.reader(email)
        room.article("Ferry")
        (digest,) = room.compose()
        with room.app.store.write() as connection:
            sender = leases.enter(connection, "elsewhere:1:1", lease_until=MONDAY)
            ids = [one.id for one in leases.claim(connection, sender, digest.id, due=MONDAY, limit=2, now=MONDAY)]
            for one, state in zip(ids, ("accepted", "begun"), strict=True):
                statement = f"UPDATE deliveries SET state = '{state}' WHERE id = {one}"
                connection.exec_driver_sql(statement)
            told = Notice(kind=LINK, email=READERS[0], newsletter="brief", facts={}, planned_at=MONDAY)
            notices.queue(connection, told)
            copies.mark(connection, Standing.HELD, "it was restored", now=MONDAY)
        room.clock.pass_by(hours=23, minutes=59)
        room.article("Eels")
        room.clock.pass_by(minutes=2)
        yield Copied(room, relay, digest)


@pytest.fixture
def copy(tmp_path: Path, store_url: str, relay: Relay) -> Iterator[Copied]:
    """The same, on each database."""
    with copied(tmp_path, relay, store_url=store_url) as made:
        yield made


def test_nothing_leaves_a_copy_that_is_held(copy: Copied) -> None:
    jobs, now = copy.room.app.jobs, copy.room.clock()
    assert not jobs.copy().may_send
    for act in (
        lambda: jobs.compose_due(now),
        lambda: copy.room.app.digests.compose_now("brief", now),
        lambda: asyncio.run(jobs.send_due(stop=asyncio.Event())),
        lambda: asyncio.run(jobs.send_notices(stop=asyncio.Event())),
        lambda: asyncio.run(jobs.announce(stop=asyncio.Event())),
        lambda: asyncio.run(jobs.follow(now)),
        lambda: asyncio.run(jobs.tell_programs(stop=asyncio.Event())),
        lambda: copy.room.app.digests.approve(copy.sending.id, now),
        lambda: asyncio.run(jobs.run(stop=asyncio.Event(), progress=lambda _: None)),
    ):
        with pytest.raises(HeldError, match="syndicate live"):
            act()
    assert (copy.relay.messages, copy.states()) == ([], ["accepted", "begun", "queued", "queued"])


def test_hold_leaves_both_to_a_person_until_that_is_decided(copy: Copied) -> None:
    done = copy.revive(Resolution.HOLD)
    assert done == Revived(Standing.UNDECIDED, (copy.sending.id,), 2, 1, ())
    assert copy.states() == ["accepted", "uncertain", "queued", "queued"]
    assert copy.pass_by() == []
    (held,) = latest(copy, DigestState.HELD)
    assert "may have been sent" in held.note
    with pytest.raises(ConflictError, match="resend"):
        copy.revive(Resolution.HOLD)
    decided = copy.revive(Resolution.RESEND)
    assert decided == Revived(Standing.LIVE, (copy.sending.id,), 2, 0, (held.id,))
    assert copy.pass_by() == READERS[2:]
    copy.room.app.digests.approve(held.id, copy.room.clock())
    assert copy.pass_by() == READERS
    with pytest.raises(ConflictError, match="already"):
        copy.revive(Resolution.RESEND)


def test_resend_sends_what_the_backup_owed_and_what_fell_due(copy: Copied) -> None:
    done = copy.revive(Resolution.RESEND)
    assert (done.standing, done.mails, done.notices) == (Standing.LIVE, 3, 0)
    assert copy.pass_by() == sorted(READERS * 2)
    assert copy.states() == ["accepted"] * 4
    assert latest(copy, DigestState.HELD) == []


def test_mark_sent_sends_neither_and_goes_on_with_what_is_new(copy: Copied) -> None:
    done = copy.revive(Resolution.MARK_SENT)
    assert (done.standing, done.mails, done.notices) == (Standing.LIVE, 2, 1)
    assert copy.pass_by() == []
    assert copy.states() == ["accepted", "accepted", "cancelled", "cancelled"]
    copy.room.equation()
    copy.room.article("Mill")
    copy.room.clock.pass_by(days=1)
    assert copy.pass_by() == READERS
    with copy.room.app.store.read() as connection:
        acts = [(one.who, one.act, one.detail) for one in audit.newest(connection, limit=5)]
    assert ("ana", "made live", "mark-sent") in acts


def test_what_was_held_first_can_be_counted_as_sent_later(copy: Copied) -> None:
    copy.revive(Resolution.HOLD)
    copy.pass_by()
    assert copy.revive(Resolution.MARK_SENT).digests == (copy.sending.id,)
    assert copy.pass_by() == []
    assert {one.id for one in latest(copy, DigestState.SENT)} == {copy.sending.id}
    assert len(latest(copy, DigestState.CANCELLED)) == 1


def latest(copy: Copied, *states: DigestState) -> list[Digest]:
    with copy.room.app.store.read() as connection:
        return digests.latest(connection, states=states)
