"""What a run holds: none of it may stay leased to nobody, whatever became of the run."""

from __future__ import annotations

import asyncio
from pathlib import Path

from sqlalchemy import select

from syndicate.delivery.due import DueQueue
from syndicate.delivery.ledger import Ledger
from syndicate.delivery.outcome import Reply
from syndicate.delivery.outgoing import Noted, Outgoing
from syndicate.delivery.recovery import recover
from syndicate.delivery.tickets import Whole
from syndicate.delivery.traffic import Traffic
from syndicate.store import leases
from syndicate.store.attempts import Begin
from syndicate.store.schema import deliveries, senders
from tests.newsroom import MONDAY, Newsroom, newsroom


def outgoing(room: Newsroom, ledger: Ledger) -> Outgoing:
    app = room.app
    traffic = Traffic(app.settings.pace, room.clock, [])
    label = app.settings.smtp.label
    queue = DueQueue(app.settings, app.links, ledger, traffic, clock=room.clock, share=lambda _: label, source=Whole())
    return Outgoing(queue, ledger, traffic, app.jobs.signer, clock=room.clock, on_outcome=lambda _: None)


def test_what_was_lost_and_leased_again_is_given_back_at_the_end(tmp_path: Path) -> None:
    """Answers to what others took over meanwhile may come after this run has leased the same once more."""

    async def run() -> None:
        async with Ledger(room.app.store) as ledger:
            out, label, noted = outgoing(room, ledger), room.app.settings.smtp.label, Noted()
            assert await out.queue.fill(label) == 1
            due = out.queue.take(label)
            assert due
            assert await ledger.step([], [Begin(due.delivery.id, due.digest.id, due.delivery.sender_id)]) == {
                due.delivery.id
            }
            ledger.held.clear()
            with room.app.store.write() as connection:
                connection.execute(senders.update().values(lease_until=MONDAY))
            assert recover(room.app.settings, room.app.store, now=room.clock()) == 1
            assert await out.queue.fill(label) == 1
            with room.app.store.read() as connection:
                assert [one.id for one in leases.all_senders(connection)] == [ledger.sender_id]
            out.note(noted, due, label, Reply("content", 450, "later"), room.clock())
            await out.commit(noted, label)
            await out.close()

    with newsroom(tmp_path) as room:
        room.reader("ana@example.org")
        room.article("Eels are back")
        room.compose()
        asyncio.run(run())
        with room.app.store.read() as connection:
            assert {row.sender_id for row in connection.execute(select(deliveries))} == {None}
