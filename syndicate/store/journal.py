"""What senders note where a round trip is dear: one small row a commit, which is posted to the deliveries in bulk.

A row for each change of each delivery costs PostgreSQL three times as much. Until an entry is posted, the deliveries
in it stand as they stood before, leased to its sender; so whoever takes over from a sender, or decides about what one
holds, posts first (``post``, ``close``). On SQLite nothing is noted: there the deliveries themselves are as quick.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from sqlalchemy import (
    BigInteger,
    Connection,
    Insert,
    Text,
    and_,
    bindparam,
    case,
    column,
    delete,
    insert,
    null,
    select,
    true,
    update,
)

from syndicate.model import DeliveryState, DigestState
from syndicate.store.attempts import HELD, OPEN, Attempt, Begin
from syndicate.store.engine import news
from syndicate.store.engine.arrays import instant, instants, numbers, rows_of, words
from syndicate.store.engine.columns import among
from syndicate.store.engine.held import Held
from syndicate.store.engine.prepared import Prepared
from syndicate.store.schema import attempts, deliveries, digests, journal, senders


class Page(NamedTuple):
    """What a sender may note: that it begins what it has leased of these digests, as long as its epoch is the same."""

    sender_id: int
    epoch: int
    digests: frozenset[int]

    def takes(self, wanted: Iterable[Begin]) -> bool:
        """Whether all of these may begin."""
        return all(one.sender_id == self.sender_id and one.digest_id in self.digests for one in wanted)


def turn(connection: Connection, sender_id: int) -> Page | None:
    """A new page for a sender, with all that it had noted posted; None when it is not known."""
    epoch = connection.execute(select(senders.c.epoch).where(senders.c.id == sender_id)).scalar()
    if epoch is None:
        return None
    post(connection, [sender_id])
    sending = select(digests.c.id).where(digests.c.state == DigestState.SENDING)
    return Page(sender_id, epoch, frozenset(connection.execute(sending).scalars()))


def note(
    held: Held,
    page: Page,
    number: int,
    tries: Sequence[Attempt],
    wanted: Sequence[Begin],
    tell: Callable[[bool, Exception | None], None],
) -> None:
    """Writes one entry: what became of some deliveries, and that others are begun; ``page.takes`` those.

    No two entries of a sender have the same number. ``tell`` hears whether it was noted: not when the sender must
    ``turn`` first, as it is not known any more or somebody decided about what it holds. With a StoreError, which says
    that the database can't be used, it may have been.
    """
    mine = [one for one in tries if one.sender_id == page.sender_id]
    begun = [one.delivery_id for one in wanted if one.sender_id == page.sender_id]
    values = number, *(write(mine) for write in _WRITTEN.values()), numbers(begun), page.sender_id, page.epoch
    held.ask(_NOTE, values, lambda found, error: tell(bool(found), error))


def post(connection: Connection, sender_ids: Sequence[int] | None = None) -> None:
    """Writes what these senders noted, or all of them, to the deliveries that they still hold; forgets the entries."""
    mine = among(journal.c.sender_id, sender_ids) if sender_ids is not None else true()
    if noting := connection.execute(select(journal.c.sender_id).where(mine).distinct()).scalars().all():
        _POST.carry(connection, [(one,) for one in noting])
        news.tell(connection)


def close(connection: Connection, sender_id: int | None = None) -> None:
    """Has a sender, or all of them, note nothing more before it has looked; posts what was noted until now.

    To be called in the transaction after which something else is true of what it holds. Until that ends it waits.
    """
    mine = senders.c.id == sender_id if sender_id is not None else true()
    connection.execute(update(senders).where(mine).values(epoch=senders.c.epoch + 1))
    post(connection, None if sender_id is None else [sender_id])


_WRITTEN: Final[Mapping[str, Callable[[Sequence[Attempt]], str]]] = {
    "deliveries": lambda tries: numbers([one.delivery_id for one in tries]),
    "numbers": lambda tries: numbers([one.number for one in tries]),
    "began": lambda tries: instants([one.began_at for one in tries]),
    "ended": lambda tries: instants([one.ended_at for one in tries]),
    "outcomes": lambda tries: words([one.state.value for one in tries]),
    "nexts": lambda tries: instants([one.next_at for one in tries]),
    "codes": lambda tries: numbers([one.code for one in tries]),
    "relays": lambda tries: words([one.relay for one in tries]),
    "replies": lambda tries: words([one.reply for one in tries]),
}
_KINDS = dict.fromkeys(("outcomes", "relays", "replies"), Text())
_NAMES = ("number", *_WRITTEN, "begun")

_NOTE = Prepared(
    insert(journal)
    .from_select(
        ["sender_id", *_NAMES],
        select(senders.c.id, *(bindparam(name, type_=journal.c[name].type) for name in _NAMES))
        .where(senders.c.id == bindparam("sender"), senders.c.epoch == bindparam("epoch"))
        .with_for_update(read=True),
    )
    .returning(journal.c.number),
    *_NAMES,
    "sender",
    "epoch",
)

_d = deliveries.c


def _posted() -> Insert:
    """One statement. A delivery is in no more than one attempt here, for nobody leases it again before it is posted."""
    mine = journal.c.sender_id == bindparam("sender")
    taken = delete(journal).where(mine).returning(*(journal.c[name] for name in (*_WRITTEN, "begun"))).cte("taken")
    tried = select(rows_of(taken, *(column(name, _KINDS.get(name, BigInteger())) for name in _WRITTEN))).cte("tried")
    wanted = select(rows_of(taken, column("begun", BigInteger()))).cte("wanted")
    outcome = tried.c.outcomes
    recorded = (
        update(deliveries)
        .where(_d.id == tried.c.deliveries, _d.sender_id == bindparam("sender"), HELD)
        .values(
            state=outcome,
            attempts=tried.c.numbers,
            next_at=instant(tried.c.nexts),
            finished_at=case((and_(*(outcome != one for one in OPEN)), instant(tried.c.ended))),
            reply=case((outcome == DeliveryState.ACCEPTED, ""), else_=tried.c.replies),
            sender_id=null(),
        )
        .returning(_d.id)
        .cte("recorded")
    )
    begun = (
        update(deliveries)
        .where(_d.id == wanted.c.begun, _d.sender_id == bindparam("sender"), _d.state == "queued")
        .where(wanted.c.begun.not_in(select(tried.c.deliveries)))
        .values(state="begun")
        .returning(_d.id)
        .cte("under_way")
    )
    lines = select(
        tried.c.deliveries,
        tried.c.numbers,
        instant(tried.c.began),
        instant(tried.c.ended),
        outcome,
        tried.c.codes,
        tried.c.relays,
        tried.c.replies,
    ).join(recorded, recorded.c.id == tried.c.deliveries)
    names = ["delivery_id", "number", "began_at", "ended_at", "outcome", "code", "relay", "reply"]
    return insert(attempts).from_select(names, lines).add_cte(begun)


_POST = Prepared(_posted(), "sender")
