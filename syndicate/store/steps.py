"""One commit of the ledger: what became of some deliveries, and which others are begun. Called by ``ledger``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from syndicate.store import at_once, attempts, leases, suppressions
from syndicate.store.attempts import Attempt, Begin
from syndicate.store.held import Held


class Step(NamedTuple):
    """What one commit makes durable. ``gone`` are addresses without a mailbox.

    Deliveries in ``undone`` were begun, and are known not to have been handed over.
    """

    ended: Sequence[Attempt]
    begin: Sequence[Begin]
    gone: Sequence[str]
    undone: Sequence[Begin]


async def ask(held: Held, steps: Sequence[Step]) -> set[int] | None:
    """The same as ``take`` as one statement that no thread waits for, on PostgreSQL; returns which are begun.

    None when ``take`` must see to it, which then does what is not done yet. :raises StoreError: as ``take`` does.
    """
    if any(step.gone or step.undone for step in steps):
        return None
    begin = [one for step in steps for one in step.begin]
    begun = await at_once.write(held, [one for step in steps for one in step.ended], begin)
    return begun if len(begun) == len(begin) else None


def take(held: Held, sender_id: int, steps: Sequence[Step]) -> set[int] | None:
    """Writes all of them in one transaction; returns which are begun, None when the sender was taken for dead.

    What others have then is theirs. Done twice it does the same as once, for when the database goes away nobody knows
    whether it had committed.
    :raises StoreError: when it can't be used.
    """
    begin = [one for step in steps for one in step.begin]
    with held.batch() as batch:
        if not leases.is_alive(batch, sender_id):
            return None
        attempts.record(batch, [one for step in steps for one in step.ended])
        attempts.undo(batch, [one for step in steps for one in step.undone])
        for email in (one for step in steps for one in step.gone):
            suppressions.ban(batch, email, "no such mailbox", now=datetime.now(UTC))
        return attempts.begin(batch, begin)
