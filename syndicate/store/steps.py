"""One commit of the ledger: what became of some deliveries, and which others are begun. Called by ``ledger``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from syndicate.store import attempts, journal, leases, suppressions
from syndicate.store.attempts import Attempt, Begin
from syndicate.store.engine.held import Held
from syndicate.store.journal import Page

Tell = Callable[[set[int] | None, Exception | None], None]


class Step(NamedTuple):
    """What one commit makes durable. ``gone`` are addresses without a mailbox.

    Deliveries in ``undone`` were begun, and are known not to have been handed over.
    """

    ended: Sequence[Attempt]
    begin: Sequence[Begin]
    gone: Sequence[str]
    undone: Sequence[Begin]


def note(held: Held, page: Page, number: int, steps: Sequence[Step], tell: Tell) -> bool:
    """The same as ``take`` as an entry in the journal that no thread waits for.

    ``tell`` hears which are begun, None when ``take`` must see to it on a new page, or a StoreError, after which
    ``take`` may too. False when an entry can't say all that.
    """
    begin = [one for step in steps for one in step.begin]
    if any(step.gone or step.undone for step in steps) or not page.takes(begin):
        return False
    begun = {one.delivery_id for one in begin}
    ended = [one for step in steps for one in step.ended]
    journal.note(held, page, number, ended, begin, lambda is_noted, error: tell(begun if is_noted else None, error))
    return True


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
